"""`rsvlm segment` and `ground` write what the ending says: for the map, as a mask, or to learn from."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import pytest
import rasterio

from rsvlm.cli import phrases
from rsvlm.cli.answering import answered
from rsvlm.cli.exporting import ENDINGS, OTHERS
from rsvlm.geo.run_lengths import decode
from rsvlm.geo.vector_files import ENDINGS as VECTORS
from rsvlm.models.families.geopix.words import SEGS
from rsvlm.protocol import Answer, Record

BOX = "{<25><50><75><100>}"  # of the place of 200 x 200 m: from 50 to 150 m, and from 100 to 200 m down


def test_every_ending_is_offered():
    assert set(ENDINGS) == {*VECTORS, *OTHERS}


def test_outlines_are_written_in_every_form(rsvlm: Any, add_family: Callable[..., Any], place: Path, tmp_path: Path):
    add_family("geopix", ["it", "is", *SEGS])
    outs = {ending: tmp_path / f"out{ending}" for ending in ENDINGS}
    for out in outs.values():
        done = rsvlm("segment", place, "pond", "--model", "geopix", "--smallest", 0, "-o", out)
        assert done.code == 0, done.err
    found = geopandas.read_file(outs[".gpkg"])
    count, area = len(found), found.area.sum()
    assert count > 0 and found.crs.to_epsg() == 32632 and set(found.phrase) == {"pond"}
    assert set(found.model) == {"geopix"} and found.created.str.len().min() > 10 and set(found.source) == {str(place)}
    for ending in (".shp", ".geojson", ".fgb"):
        again = geopandas.read_file(outs[ending]).to_crs(32632)
        assert len(again) == count and again.area.sum() == pytest.approx(area, rel=1e-6)
    assert len(list(csv.DictReader(outs[".csv"].open(encoding="utf-8")))) == count
    with rasterio.open(outs[".tif"]) as mask:
        assert mask.tags(1) == {"CLASS_1": "pond"} and mask.shape == (200, 200)
        assert mask.read(1).sum() == pytest.approx(area, rel=0.1)
    coco = json.loads(outs[".json"].read_text("utf-8"))
    assert len(coco["annotations"]) == count and sum(note["area"] for note in coco["annotations"]) == pytest.approx(
        area, rel=0.1
    )
    records = [Record.from_json(json.loads(line)) for line in outs[".jsonl"].read_text("utf-8").splitlines()]
    inside = sum(decode(region["rle"]).sum() for record in records for region in record.regions)
    assert records[0].task == "segment" and inside == pytest.approx(area, rel=0.1)


@pytest.mark.parametrize(("name", "options"), [("out.csv", ()), ("out.gpkg", ("--overwrite",))])
def test_what_comes_to_the_file_s_place_meanwhile_is_kept_and_so_is_the_result(
    rsvlm: Any, add_family: Callable[..., Any], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    name: str, options: tuple[str, ...],
):  # fmt: skip
    add_family("geopix", ["it", "is", *SEGS])
    out = tmp_path / name
    theirs = [out, tmp_path / f"{name}-wal"] if options else [out]  # a GeoPackage that another program has open

    def meanwhile(*words: Any) -> Answer:
        for file in theirs:
            file.write_bytes(b"theirs")
        return answered(*words)

    monkeypatch.setattr(phrases, "answered", meanwhile)
    done = rsvlm("segment", place, "pond", "--model", "geopix", "-o", out, *options)
    assert done.code == 0 and f"The result is written to {out.stem}-2{out.suffix}." in done.err
    assert all(file.read_bytes() == b"theirs" for file in theirs)
    assert (tmp_path / f"{out.stem}-2{out.suffix}").stat().st_size > 50


def test_boxes_go_to_coco_and_another_crs(rsvlm: Any, add_family: Callable[..., Any], place: Path, tmp_path: Path):
    add_family("geopix", ["at", BOX])
    out = tmp_path / "boxes.json"
    assert rsvlm("ground", place, "pond", "--model", "geopix", "-o", out).code == 0
    (note,) = json.loads(out.read_text("utf-8"))["annotations"]
    assert note["bbox"] == pytest.approx([50, 100, 100, 100], abs=1e-6)
    done = rsvlm("ground", place, "pond", "--model", "geopix", "--to-crs", "EPSG:3857", "-o", tmp_path / "b.gpkg")
    assert done.code == 0 and geopandas.read_file(tmp_path / "b.gpkg").crs.to_epsg() == 3857
    done = rsvlm("ground", place, "pond", "--model", "geopix", "--to-crs", "EPSG:3857", "-o", tmp_path / "b.geojson")
    assert done.code == 2 and "WGS84 always" in done.err and not (tmp_path / "b.geojson").exists()


def test_probabilities_are_written_and_another_cut_is_taken_from_them(
    rsvlm: Any, add_family: Callable[..., Any], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    add_family("geopix", ["it", "is", *SEGS])
    out = tmp_path / "sure.tif"
    words = ("segment", place, "pond", "--model", "geopix", "--probabilities", out)
    first = rsvlm(*words)
    assert first.code == 0, first.err
    with rasterio.open(out) as source:
        assert source.descriptions == ("pond",) and source.scales == (0.004,) and source.nodata == 255
    refused = rsvlm(*words)
    assert refused.code == 2 and "is there already" in refused.err
    again = rsvlm(*words, "--overwrite", "--likely", 1, "--json")
    answer = json.loads(again.out)
    assert again.code == 0 and answer["usage"]["completion_tokens"] == 0 and answer["provenance"]["cut"]["likely"] == 1


@pytest.mark.parametrize("name", ["place.tif", "plain.tif", "both.tif"])
def test_what_the_result_is_made_from_is_never_replaced(rsvlm: Any, place: Path, tmp_path: Path, name: str):
    raster = place.rename(tmp_path / "place.tif")
    before = raster.read_bytes()
    more = ("--probabilities", tmp_path / "both.tif") if name == "both.tif" else ()
    done = rsvlm("segment", raster, "pond", "-o", tmp_path / name, *more, "--overwrite")
    if name == "plain.tif":
        assert done.code == 0 and (tmp_path / name).stat().st_size > 100, done.err
    else:
        said = "Mask and probabilities cannot be one file" if more else "place.tif is what the result is made from"
        assert done.code == 2 and said in done.err and done.out == ""
    assert raster.read_bytes() == before


@pytest.mark.parametrize("words", [("--likely", 0), ("--smallest", -1), ("--to-crs", "EPSG:99999999", "-o", "x.gpkg")])
def test_what_cannot_be_is_refused_in_one_line(rsvlm: Any, place: Path, words: tuple[Any, ...]):
    done = rsvlm("segment", place, "pond", *words)
    assert done.code == 2 and len(done.err.splitlines()) == 1 and done.out == ""

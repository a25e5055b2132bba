"""`rsvlm classify` and `localize`: words, JSON, a vector file or a heat map; files are never lost."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import numpy as np
import rasterio


def test_classes_are_told_likeliest_first(rsvlm, place: Path, tmp_path: Path):
    told = json.loads(rsvlm("classify", place, "--labels", "pond, airport,desert", "--json").out)
    first, second, third = told["structured"]["classes"]
    assert {item["label"] for item in (first, second, third)} == {"pond", "airport", "desert"}
    assert first["probability"] > second["probability"] > third["probability"]
    done = rsvlm("classify", place, "--labels", "pond, airport,desert", "--top", "2", "-o", tmp_path / "out.gpkg")
    assert done.code == 0 and done.out.startswith(f"{first['label']}: "), done.err
    assert f"; {second['label']}: " in done.out and third["label"] not in done.out
    found = geopandas.read_file(tmp_path / "out.gpkg")
    assert list(found.label) == [first["label"]] and list(found.kind) == ["tile"] and found.crs.to_epsg() == 32632
    assert found.score[0] == round(first["probability"], 3) and found.area_m2[0] > 3.9e4


def test_heat_is_written_as_a_raster_on_the_map(rsvlm, place: Path, tmp_path: Path):
    out = tmp_path / "heat.tif"
    done = rsvlm("localize", place, "a pond", "-o", out)
    assert done.code == 0 and done.out.startswith("a pond: ") and "stand" in done.out, done.err
    with rasterio.open(out) as source:
        assert source.crs.to_epsg() == 32632 and source.bounds == (500000, 5499800, 500200, 5500000)
        values = source.read(1)
    assert values.max() == 1.0 and not np.isnan(values).any() and not list(tmp_path.glob(".rsvlm-*"))
    assert rsvlm("localize", place, "a pond", "-o", tmp_path / "places.geojson").code == 0
    assert set(geopandas.read_file(tmp_path / "places.geojson").label) == {"a pond"}


def test_what_cannot_be_is_refused_in_a_line(rsvlm, place: Path, tmp_path: Path):
    (tmp_path / "heat.tif").write_text("mine")
    for words, told in (
        (("localize", place, "a pond", "-o", tmp_path / "heat.tif"), "--overwrite"),
        (("localize", place, "a pond", "-o", tmp_path / "no" / "heat.tif"), "no folder"),
        (("localize", place, "a pond", "-o", tmp_path / "heat.png"), "heat.png"),
        (("localize", place, " "), "no phrase"),
        (("classify", place, "--labels", "pond"), "Name at least two"),
        (("classify", place), "--labels"),
    ):
        done = rsvlm(*words)
        assert (done.code, done.out) == (2, "") and len(done.err.splitlines()) == 1 and told in done.err, done.err
    own = rsvlm("localize", place, "a pond", "-o", place, "--overwrite")
    assert own.code == 2 and f"{place.name} is what the result is made from" in own.err
    assert (tmp_path / "heat.tif").read_text() == "mine"
    assert rsvlm("localize", place, "a pond", "-o", tmp_path / "heat.tif", "--overwrite").code == 0

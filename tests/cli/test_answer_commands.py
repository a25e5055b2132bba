"""`rsvlm ask`, `segment`, `ground` and `change`: words, one JSON document or a vector file; files are never lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from shapely.geometry import box, shape

from rsvlm.models.families.geopix.words import SEGS
from rsvlm.protocol import Answer

BOX = "{<25><50><75><100>}"  # of the place of 200 x 200 m: from 50 to 150 m, and from 100 to 200 m down
ON_THE_MAP = box(500050, 5499800, 500150, 5499900)


def refused(done: Any, *words: str) -> None:
    assert (done.code, done.out) == (2, ""), (done.code, done.out, done.err)
    assert len(done.err.splitlines()) == 1 and all(word in done.err for word in words), done.err


def test_question_is_answered_in_words(rsvlm, add_family: Callable[..., Any], place: Path):
    add_family("geopix", ["two", "houses"])
    done = rsvlm("ask", place, "How many houses?", "--model", "geopix")
    assert (done.code, done.out) == (0, "Two houses.\n")
    assert all(line.startswith("Note: ") for line in done.err.splitlines())


def test_json_is_one_document(rsvlm, add_family: Callable[..., Any], place: Path):
    add_family("geopix", ["it", "is", *SEGS])
    done = rsvlm("segment", place, "a pond", "a lake", "--model", "geopix", "--json")
    assert done.code == 0 and done.out.count("\n") == 1 and done.err == ""
    answer = Answer.from_json(json.loads(done.out))
    assert {item.label for item in answer.evidence} == {"a pond", "a lake"}
    assert all(shape(item.geometry).is_valid for item in answer.evidence)


@pytest.mark.parametrize("name", ["out.gpkg", "out.shp", "out.geojson"])
def test_boxes_are_written_as_a_vector_file(
    rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path, name: str
):
    add_family("geopix", ["at", BOX])
    done = rsvlm("ground", place, "pond", "--model", "geopix", "-o", tmp_path / name)
    assert (done.code, done.out) == (0, "pond: 1 found.\n"), done.err
    found = geopandas.read_file(tmp_path / name, engine="pyogrio")
    assert (
        list(found.label) == ["pond"]
        and list(found.kind) == ["box"]
        and found.area_m2[0] == pytest.approx(1e4, rel=2e-3)
    )
    degrees = name.endswith("geojson")
    assert found.crs.to_epsg() == (4326 if degrees else 32632)
    assert found.to_crs(32632).geometry[0].symmetric_difference(ON_THE_MAP).area < 0.1
    if degrees:
        content = json.loads((tmp_path / name).read_text("utf-8"))
        assert content["rsvlm"]["model"] == "geopix" and shape(content["features"][0]["geometry"]).exterior.is_ccw
    assert not list(tmp_path.glob(".rsvlm-*"))


def test_nothing_found_is_an_empty_layer(rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path):
    add_family("geopix", ["nothing"])
    for name in ("out.gpkg", "out.geojson"):
        done = rsvlm("segment", place, "pond", "--model", "geopix", "-o", tmp_path / name)
        assert (done.code, done.out) == (0, "pond: none found.\n"), done.err
        assert len(geopandas.read_file(tmp_path / name)) == 0


@pytest.mark.parametrize(("name", "there"), [("out.gpkg", "out.gpkg"), ("out.shp", "out.dbf")])
def test_file_that_is_there_is_kept_unless_told_otherwise(
    rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path, name: str, there: str
):
    add_family("geopix", ["at", BOX])
    (tmp_path / there).write_text("mine")
    refused(rsvlm("ground", place, "pond", "--model", "geopix", "-o", tmp_path / name), there, "--overwrite")
    assert (tmp_path / there).read_text() == "mine"
    done = rsvlm("ground", place, "pond", "--model", "geopix", "-o", tmp_path / name, "--overwrite")
    assert done.code == 0 and len(geopandas.read_file(tmp_path / name)) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"crs": "EPSG:4326", "transform": from_origin(179.999, 10, 1e-5, 1e-5)},
        {"crs": "EPSG:4326", "transform": from_origin(-180.001, 10, 1e-5, 1e-5)},
        {"crs": "EPSG:32660", "transform": from_origin(828828, 1107100, 1, 1)},
    ],
)
def test_box_over_the_antimeridian_has_a_part_on_each_side(
    rsvlm, add_family: Callable[..., Any], write: Callable[..., Path], place: Path, tmp_path: Path, options: dict
):
    add_family("geopix", ["at", BOX])
    with rasterio.open(place) as source:
        over = write(source.read(), "over.tif", **options)
    assert rsvlm("ground", over, "pond", "--model", "geopix", "-o", tmp_path / "out.geojson").code == 0
    found = shape(json.loads((tmp_path / "out.geojson").read_text("utf-8"))["features"][0]["geometry"])
    west, east = sorted(part.bounds[0::2] for part in found.geoms)
    assert west[0] == -180 and east[1] == 180 and west[1] < -179.998 and east[0] > 179.998 and found.is_valid


def test_geojson_of_a_local_grid_is_refused_before_the_model_is_asked(
    rsvlm, write: Callable[..., Path], tmp_path: Path
):
    site = write(np.ones((3, 20, 20), np.uint8), crs='LOCAL_CS["site grid",UNIT["metre",1]]')
    for task, *words in (("ground", "pond"), ("classify", "--labels", "a,b")):
        refused(rsvlm(task, site, *words, "-o", tmp_path / "out.geojson"), "GeoJSON is in longitude", "Use .gpkg")


@pytest.mark.parametrize("name", ["out.gpkg", "out.geojson"])
def test_cited_documents_are_printed_and_written(
    rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path, name: str
):
    add_family("geopix", ["at", BOX, "[1]", "[2]"])
    documents, library = tmp_path / "d.jsonl", tmp_path / "l.gpkg"
    rows = [
        {"title": "Quay", "text": "Ships \u001b[31m.", "source": "port.org", "lon": 9, "lat": 49.65},
        {"title": "Rule", "text": "Masts."},
    ]
    documents.write_text("\n".join(map(json.dumps, rows)))
    assert rsvlm("knowledge", "add", library, documents).code == 0
    asked = ("ask", place, "Where are ships?", "--model", "geopix", "--knowledge", library, "-o")
    done = rsvlm(*asked, tmp_path / name)
    assert done.out == "At [3] [1] [2].\n[1] Quay: Ships \ufffd[31m. (port.org)\n[2] Rule: Masts.\n", done.err
    found = geopandas.read_file(tmp_path / name, engine="pyogrio").sort_values("label")
    assert list(found.kind) == ["document", "document", "box"] and list(found.label) == ["[1]", "[2]", "[3]"]
    assert list(found.text.fillna(""))[:2] == ["Quay: Ships \x1b[31m.", "Rule: Masts."]
    assert list(found.source.fillna("")) == ["port.org", "", ""]
    quay, rule, area = found.to_crs(4326).geometry
    assert (quay.x, quay.y) == pytest.approx((9, 49.65)) and rule is None and area.area > 0
    refused(rsvlm(*asked, tmp_path / "out.shp"), "A shapefile cannot hold the documents", ".gpkg or .geojson")


def test_what_cannot_be_is_refused_before_any_work(rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path):
    add_family("geopix", ["at"])
    add_family("mmodalcc", ["a"])
    unable = rsvlm("ground", place, "pond", "--model", "mmodalcc")
    refused(unable, "The model mmodalcc cannot draw boxes", "Choose one that can: compact, geopix.")
    refused(rsvlm("segment", place, "pond", "--model", "geopix", "-o", "out.pdf"), "out.pdf", ".gpkg, .shp, .geojson")
    refused(rsvlm("segment", place, "pond", "--model", "geopix", "-o", tmp_path / "no" / "out.shp"), "no folder")
    refused(rsvlm("ask", tmp_path / "gone.tif", "What?", "--model", "geopix"), "gone.tif")
    refused(rsvlm("change", place, place, "--model", "mmodalcc", "-o", tmp_path / "out.shp"), "cannot draw where")
    refused(
        rsvlm("change", place, place, "--model", "mmodalcc", "--ask", "What?"), "cannot answer questions about what"
    )


def test_change_is_told_and_written(
    rsvlm, add_family: Callable[..., Any], place: Path, write: Callable[..., Path], tmp_path: Path
):
    add_family("deltavlm", ["yes", "many"])
    with rasterio.open(place) as source:
        later = write(source.read()[:, ::-1].copy(), "later.tif")
    out = tmp_path / "change.gpkg"
    done = rsvlm("change", place, later, "--ask", "Has anything changed", "--model", "deltavlm", "-o", out)
    assert (done.code, done.out) == (0, "Yes many.\n"), done.err
    assert set(geopandas.read_file(out).kind) <= {"mask"}
    far = write(np.full((3, 50, 50), 90, np.uint8), "far.tif", crs="EPSG:32610")
    refused(rsvlm("change", place, far, "--model", "deltavlm"), "do not overlap")


def test_writing_a_shapefile_leaves_the_limits_on_reading(
    rsvlm, add_family: Callable[..., Any], place: Path, tmp_path: Path
):
    add_family("geopix", ["at", BOX])
    out = tmp_path / "out.shp"
    assert rsvlm("ground", place, "pond", "--model", "geopix", "-o", out).code == 0
    assert rsvlm("describe", out).code == 2
    with rasterio.Env() as env:
        assert "ESRI Shapefile" not in env.drivers()

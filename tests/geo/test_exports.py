"""Features as files of every kind, read back by other programs; a file that is there is whole, whatever happens."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS
from rasterio.io import DatasetWriter

from rsvlm.geo import ground
from rsvlm.geo.annotations import write_coco, write_records
from rsvlm.geo.boxes import around, suppressed
from rsvlm.geo.class_rasters import write_classes
from rsvlm.geo.measuring import measured
from rsvlm.geo.run_lengths import decode, encode, encode_within
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid
from rsvlm.geo.vector_files import FIELDS, SHORT, check_target, target_crs, write_evidence
from rsvlm.protocol import Evidence, Raster, Record, RsvlmError

UTM33 = CRS.from_epsg(32633)
ABOUT = {"model": "m", "revision": "r1", "acquired": "2024-05-31", "created": "2026-11-21T08:00:00+00:00"}
LEFT, TOP = 500000.0, 5000000.0  # of the rasters of `write`, whose pixels have 10 m


def at(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    """A box on the map, of pixels of the raster."""
    return shapely.box(LEFT + 10 * x0, TOP - 10 * y1, LEFT + 10 * x1, TOP - 10 * y0)


ROOF = at(10, 10, 60, 40).difference(at(20, 20, 30, 30))
POND = at(500, 500, 530, 530)


def features() -> list[Evidence]:
    found = []
    for kind, label, polygon in (
        ("mask", "Dächer", ROOF),
        ("mask", "池", POND),
        ("box", "boat", at(100, 100, 120, 130)),
    ):
        areas, lengths = measured(np.array([polygon], object), UTM33)
        words = {"phrase": f"all {label}", "source": "town.tif", "perimeter_m": float(lengths[0])}
        found.append(Evidence(kind, shapely.geometry.mapping(polygon), label, 0.75, float(areas[0]), **words))
    return found


@pytest.mark.parametrize("ending", [".gpkg", ".geojson", ".fgb", ".shp"])
def test_vector_files_hold_every_field_and_shape(tmp_path: Path, ending: str):
    path = tmp_path / f"out{ending}"
    write_evidence(path, features(), UTM33.to_wkt(), ABOUT)
    found = geopandas.read_file(path, engine="pyogrio").set_index("label").loc[["Dächer", "池", "boat"]].reset_index()
    names = [SHORT.get(name, name) if ending == ".shp" else name for name in FIELDS]
    assert [name for name in found.columns if name != "geometry"] == names and max(map(len, names)) <= (
        10 if ending == ".shp" else 99
    )
    assert list(found.phrase) == ["all Dächer", "all 池", "all boat"] and list(found.kind) == ["mask", "mask", "box"]
    assert set(found.model) == {"m"} and set(found.revision) == {"r1"} and set(found["count"]) == {1}
    assert list(found.score) == [0.75] * 3 and set(found.source) == {"town.tif"}
    assert found.area_m2[0] == pytest.approx(1400 * 100, rel=2e-3)
    assert found[SHORT["perimeter_m"] if ending == ".shp" else "perimeter_m"][1] == pytest.approx(1200, rel=2e-3)
    assert found.crs.to_epsg() == (4326 if ending == ".geojson" else 32633)
    for shape, wanted in zip(found.to_crs(32633).geometry, (ROOF, POND, at(100, 100, 120, 130)), strict=True):
        assert shape.symmetric_difference(wanted).area < 0.1
    if ending == ".shp":
        assert (tmp_path / "out.cpg").read_text().strip().upper() == "UTF-8"
    assert not list(tmp_path.glob(".rsvlm-*"))


def test_table_has_every_field(tmp_path: Path):
    write_evidence(tmp_path / "out.csv", features(), UTM33.to_wkt(), ABOUT)
    first, second, *_ = (tmp_path / "out.csv").read_text("utf-8").splitlines()
    assert first == ",".join(FIELDS) and second.startswith("Dächer,all Dächer,mask,0.75,140")


@pytest.mark.parametrize("ending", [".gpkg", ".fgb", ".shp"])
def test_features_are_brought_into_another_crs_and_still_share_no_area(tmp_path: Path, ending: str):
    path = tmp_path / f"out{ending}"
    pair = [Evidence("mask", shapely.geometry.mapping(at(x, 0, x + 40, 70)), "a") for x in (0, 40)]
    write_evidence(path, pair, UTM33.to_wkt(), ABOUT, target_crs(path, "EPSG:3857"))
    found = geopandas.read_file(path)
    assert found.crs.to_epsg() == 3857
    one, other = found.geometry
    assert one.touches(other) and one.intersection(other).area == 0 and one.intersection(other).length > 700
    corners = Transformer.from_crs(32633, 3857, always_xy=True).transform([LEFT, LEFT + 800], [TOP - 700] * 2)
    assert found.total_bounds[:2] == pytest.approx((corners[0][0], min(corners[1])), abs=0.01)


def test_what_a_file_cannot_be_is_refused(tmp_path: Path):
    for name, words in (("a.geojson", "WGS84 always"), ("a.csv", "takes no other"), ("a.gpkg", "not known")):
        with pytest.raises(RsvlmError, match=words):
            target_crs(tmp_path / name, "EPSG:999999" if name == "a.gpkg" else "EPSG:3857")
    assert target_crs(tmp_path / "a.geojson", "EPSG:4326") and target_crs(tmp_path / "a.gpkg", None) is None
    wkt = UTM33.to_wkt()
    long = [Evidence("mask", shapely.geometry.mapping(POND), "é" * 130)]
    with pytest.raises(RsvlmError, match="254 bytes at most, and one in “label” is longer"):
        write_evidence(tmp_path / "a.shp", long, wkt, ABOUT)
    mixed = [*features(), Evidence("document", {"type": "Point", "coordinates": [LEFT, TOP]}, "[1]")]
    with pytest.raises(RsvlmError, match="holds one type of geometry"):
        write_evidence(tmp_path / "a.shp", mixed, wkt, ABOUT)
    write_evidence(tmp_path / "a.fgb", mixed, wkt, ABOUT)
    assert set(geopandas.read_file(tmp_path / "a.fgb").geom_type) == {"Polygon", "Point"}
    with pytest.raises(RsvlmError, match="no coordinate system"):
        write_evidence(tmp_path / "b.gpkg", features(), None, ABOUT, target_crs(tmp_path / "b.gpkg", "EPSG:3857"))
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.fgb"]


def test_nothing_is_overwritten_silently(tmp_path: Path):
    for name in ("a.gpkg", "a.fgb", "a.dbf"):
        (tmp_path / name).write_text("mine")
    for name in ("a.gpkg", "a.fgb", "a.shp"):
        with pytest.raises(RsvlmError, match="is there already"):
            check_target(tmp_path / name, False)
        check_target(tmp_path / name, True)
    (tmp_path / "a.gpkg-wal").write_text("open")
    with pytest.raises(RsvlmError, match="open in another program"):
        check_target(tmp_path / "a.gpkg", True)
    (tmp_path / "a.qix").write_text("index of other features")
    write_evidence(tmp_path / "a.shp", features(), UTM33.to_wkt(), ABOUT)
    assert not (tmp_path / "a.qix").exists() and len(geopandas.read_file(tmp_path / "a.shp")) == 3


WRITER = """
import sys
from pathlib import Path
import shapely
from rsvlm.geo.vector_files import write_evidence
from rsvlm.protocol import Evidence
cell = shapely.geometry.mapping(shapely.box(500000, 5000000, 500100, 5000100))
many = [Evidence("mask", cell, "new" * 20) for _ in range(60_000)]
print("begin", flush=True)
write_evidence(Path(sys.argv[1]), many, "EPSG:32633", {})
print("end", flush=True)
"""


@pytest.mark.parametrize("ending", [".gpkg", ".shp"])
def test_killed_while_writing_leaves_the_file_that_was_there(root: Path, tmp_path: Path, ending: str):
    path = tmp_path / f"out{ending}"
    write_evidence(path, features(), UTM33.to_wkt(), ABOUT)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    link = tmp_path / "path" / "rsvlm"
    link.parent.mkdir()
    link.symlink_to(root)
    environment = {**os.environ, "PYTHONPATH": str(link.parent)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, env=environment)
    try:
        assert writer.stdout is not None and writer.stdout.readline() == b"begin\n"
        deadline = time.monotonic() + 60
        while not any(stage.stat().st_size > 1e5 for stage in tmp_path.glob(".rsvlm-*/*")):
            assert time.monotonic() < deadline and writer.poll() is None
            time.sleep(0.01)
    finally:
        writer.send_signal(signal.SIGKILL)
        assert b"end" not in writer.communicate()[0]
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before
    assert len(geopandas.read_file(path)) == 3 and list(tmp_path.glob(".rsvlm-*"))
    write_evidence(path, features()[:1], UTM33.to_wkt(), ABOUT)
    assert len(geopandas.read_file(path)) == 1 and not list(tmp_path.glob(".rsvlm-*"))


@pytest.fixture
def raster(write: Callable[..., str]) -> str:
    return write(np.random.default_rng(0).integers(0, 255, (3, 700, 900)).astype(np.uint8))


def test_mask_lies_on_the_rasters_own_grid(raster: str, tmp_path: Path):
    with Scene.open(Raster(href=raster)) as scene:
        grid = PixelGrid.over(scene.width, scene.height, scene.transform, scene.crs, None)
    write_classes(tmp_path / "mask.tif", features(), grid)
    with rasterio.open(tmp_path / "mask.tif") as mask, rasterio.open(raster) as source:
        assert (mask.shape, mask.transform, mask.crs) == (source.shape, source.transform, source.crs)
        assert mask.tags(1) == {"CLASS_1": "Dächer", "CLASS_2": "池", "CLASS_3": "boat"} and mask.nodata == 0
        values = mask.read(1)
    assert np.bincount(values.ravel()).tolist() == [700 * 900 - 1400 - 900 - 600, 1400, 900, 600]
    assert values[15, 15] == 1 and values[25, 25] == 0 and (values[500:530, 500:530] == 2).all()


def test_mask_that_lost_what_was_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    grid = PixelGrid(900, 700, Affine(10, 0, LEFT, 0, -10, TOP), UTM33, 1.0)
    monkeypatch.setattr(DatasetWriter, "write", lambda *_values, **_window: None)  # as GDAL where a disk is full
    with pytest.raises(RsvlmError, match="cannot be written"):
        write_classes(tmp_path / "mask.tif", features(), grid)
    assert list(tmp_path.iterdir()) == []


def test_mask_of_a_turned_raster_is_turned_with_it(tmp_path: Path):
    turned = Affine.translation(LEFT, TOP) @ Affine.rotation(30) @ Affine.scale(10, -10)
    square = shapely.Polygon([turned @ corner for corner in ((30, 20), (80, 20), (80, 60), (30, 60))])
    write_classes(
        tmp_path / "m.tif",
        [Evidence("mask", shapely.geometry.mapping(square), "a")],
        PixelGrid(120, 600, turned, UTM33, 1.0),
    )
    with rasterio.open(tmp_path / "m.tif") as mask:
        values = mask.read(1)
    assert (values[20:60, 30:80] == 1).all() and values.sum() == 40 * 50


def test_coco_file_tells_holes_by_run_lengths(raster: str, tmp_path: Path):
    with Scene.open(Raster(href=raster)) as scene:
        write_coco(tmp_path / "out.json", features(), scene)
    coco = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert coco["images"] == [{"id": 1, "file_name": "scene.tif", "width": 900, "height": 700}]
    assert [category["name"] for category in coco["categories"]] == ["Dächer", "池", "boat"]
    roof, pond, _boat = coco["annotations"]
    inside = decode(roof["segmentation"])
    assert inside.shape == (700, 900) and inside.sum() == roof["area"] == 1400 and not inside[25, 25]
    assert pond["bbox"] == pytest.approx([500, 500, 30, 30]) and pond["area"] == pytest.approx(900)
    assert sorted(zip(pond["segmentation"][0][::2], pond["segmentation"][0][1::2])) == [
        pytest.approx(corner) for corner in ((500, 500), (500, 530), (530, 500), (530, 530))
    ]


def test_training_records_have_windows_of_the_raster_with_masks_on_their_pixels(raster: str, tmp_path: Path):
    with Scene.open(Raster(href=raster)) as scene:
        write_records(tmp_path / "out.jsonl", features(), scene)
    lines = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    records = [Record.from_json(json.loads(line)) for line in lines]
    assert [(record.task, record.messages[0]["content"]) for record in records[:3]] == [
        ("segment", "all Dächer"), ("segment", "all 池"), ("ground", "all boat"),
    ]  # fmt: skip
    assert len({record.id for record in records}) == len(records) == 6
    whole = np.zeros((700, 900), int)
    for record in records:
        x0, y0, x1, y1 = record.images[0]["window"]
        for region in record.regions:
            if record.messages[0]["content"] == "all 池":
                whole[y0:y1, x0:x1] += decode(region["rle"])
    assert whole[500:530, 500:530].min() == 1 and whole.sum() == 900
    (boat,) = (region for record in records if record.task == "ground" for region in record.regions)
    assert boat == {"label": "boat", "bbox": pytest.approx([100, 100, 120, 130])}


def test_training_records_name_their_raster_wherever_they_lie(
    raster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(Path(raster).parent)
    (tmp_path / "records").mkdir()
    with Scene.open(Raster(href=Path(raster).name)) as scene:
        write_records(tmp_path / "records" / "out.jsonl", features(), scene)
    lines = (tmp_path / "records" / "out.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["images"][0]["href"] for line in lines} == {raster}


def test_run_lengths_of_a_part_are_those_of_the_whole():
    generator = np.random.default_rng(0)
    for _round in range(200):
        part = generator.random(generator.integers(1, 9, 2)) < generator.random()
        top, left, below, right = generator.integers(0, 3, 4)
        whole = np.pad(part, ((top, below), (left, right)))
        assert encode_within(part, left, top, *whole.shape) == encode(whole)
        assert (decode(encode(whole)) == whole).all()


@pytest.mark.parametrize("code", [32633, 3857, 4326])
def test_many_are_measured_as_each_is(code: int):
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(15.02, 60.0)
    unit = 1e-5 if code == 4326 else 1.0
    generator = np.random.default_rng(2)
    shapes = []
    for size in (5, 50, 3000, 30_000):
        a, b = generator.random(2) * 1000 * unit
        frame = shapely.box(x + a, y + b, x + a + size * unit, y + b + size * unit)
        shapes += [frame, frame.difference(shapely.affinity.scale(frame, 0.5, 0.3))]
    areas, lengths = measured(np.array(shapes, object), CRS.from_epsg(code))
    for shape, area, length in zip(shapes, areas, lengths, strict=True):
        assert area == pytest.approx(ground.area_m2(shape, CRS.from_epsg(code)), rel=1e-4)
        assert length > 0
    assert lengths[1] == pytest.approx(1.4 * lengths[0], rel=0.05 if code == 32633 else 0.3)
    assert np.isnan(measured(np.array(shapes, object), None)).all()


def test_boxes_turn_with_things_on_the_ground():
    degrees = PixelGrid(100, 100, Affine(1 / 55_800, 0, 15, 0, -1 / 111_413, 60), CRS.from_epsg(4326), 1.0)
    flat = shapely.affinity.rotate(shapely.box(40, 40, 80, 50), 30)  # in pixels, which are of 1 m
    matrix = degrees.transform.to_shapely()
    on_map = np.array([shapely.affinity.affine_transform(flat, matrix)], object)
    (turned,), (upright,) = around(on_map, degrees, True), around(on_map, degrees, False)
    assert shapely.symmetric_difference(turned, on_map[0]).area < 1e-3 * on_map[0].area
    assert ground.area_m2(turned, degrees.crs) == pytest.approx(400, rel=0.01)
    assert shapely.symmetric_difference(upright, shapely.box(*on_map[0].bounds)).area < 1e-6 * upright.area


def test_one_thing_in_several_tiles_is_one_box():
    def boxes(*places: tuple[float, float, float, float]) -> np.ndarray:
        return np.array([*(shapely.box(*place) for place in places), None], object)[:-1]

    shapes = boxes((0, 0, 10, 10), (1, 0, 11, 10), (1, 0, 4, 10), (50, 0, 60, 9), (100, 0, 130, 20), (120, 0, 160, 20))
    scores = np.array([0.8, 0.9, 0.99, 0.5, 0.7, 0.6])
    cut = np.array([False, False, True, False, True, True])
    found, kept = suppressed(shapes, scores, cut)
    assert sorted(zip((shape.bounds for shape in found), kept.tolist())) == [
        ((1, 0, 11, 10), 0.9), ((50, 0, 60, 9), 0.5), ((100, 0, 160, 20), 0.7),
    ]  # fmt: skip
    assert len(suppressed(boxes(), np.zeros(0), np.zeros(0, bool))[0]) == 0


def test_geojson_and_the_answer_agree(tmp_path: Path):
    about: dict[str, Any] = {**ABOUT, "said": ["x"]}
    write_evidence(tmp_path / "a.geojson", features(), UTM33.to_wkt(), about)
    content = json.loads((tmp_path / "a.geojson").read_text("utf-8"))
    assert content["rsvlm"] == about and "crs" not in content
    roof = shapely.geometry.shape(content["features"][0]["geometry"])
    assert roof.exterior.is_ccw and not roof.interiors[0].is_ccw

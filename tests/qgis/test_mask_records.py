"""Masks that the user corrected become training records, in pixels of the raster's windows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from found_record import square
from qgis.core import QgsFeature, QgsFeedback, QgsGeometry, QgsRectangle

SCENE = Path(__file__).resolve().parents[2] / "resources" / "demo" / "after.tif"  # 1200 x 1200 px of 0.5 m
LEFT, TOP = 654_200.0, 5_318_600.0


@pytest.fixture
def houses(qgis_new_project, tmp_path):
    """Two houses found in the demo: 20 m at 10 m from the corner, and one across the edge of the first window (256 m)."""
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.found_group import add_found
    from rsvlm.rsvlm_plugin.layers.record import Record

    places = [square(LEFT + 10, TOP - 30, 20), square(LEFT + 246, TOP - 30, 20)]
    evidence = [Evidence("mask", place, "houses", 0.9, 400.0, phrase="houses") for place in places]
    extent = [LEFT, TOP - 600, LEFT + 600, TOP]
    answer = Answer("houses: 2 found.", evidence, {"model": "geopix", "extent": extent, "crs": "EPSG:32632"})
    made = Record("after", "masks", square(LEFT, TOP - 600, 600), "EPSG:32632", False, answer, phrases=["houses"],
                  source={"href": str(SCENE), "bands": [1, 2, 3], "acquired": "2025-06-01"})  # fmt: skip
    made.file = write_beside(made, tmp_path)
    return made, add_found(made)


def test_regions_are_in_pixels_of_their_window_and_cut_at_its_edge(houses):
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    first, second = records_of(made, layer.getFeatures())
    assert first.task == "segment" and first.messages == [] and first.split == "train"
    assert first.images == [{"href": str(SCENE), "window": [0, 0, 512, 512], "bands": [1, 2, 3], "date": "2025-06-01"}]
    assert second.images[0]["window"] == [512, 0, 1024, 512]
    boxes = sorted(region["bbox"] for region in first.regions)
    assert boxes == [[20, 20, 60, 60], [492, 20, 512, 60]]
    assert [region["bbox"] for region in second.regions] == [[0, 20, 20, 60]]
    corners = {tuple(xy) for xy in first.regions[0]["polygon"][0]}
    assert len(corners) == 4 and first.regions[0]["label"] == "houses"


def test_what_was_rejected_is_not_learnt_and_the_same_answer_is_kept_once(houses, tmp_path, monkeypatch):
    from rsvlm.rsvlm_plugin.layers import mask_records

    made, layer = houses
    monkeypatch.setattr(mask_records, "corrections_folder", lambda: tmp_path / "corrections")
    keeping = mask_records.Keeping(made, layer)
    assert keeping.write(QgsFeedback()) == 2
    layer.startEditing()
    layer.deleteFeatures([item.id() for item in layer.getFeatures(QgsRectangle(LEFT + 240, TOP - 40, LEFT + 300, TOP))])
    assert mask_records.Keeping(made, layer).write(QgsFeedback()) == 1
    rows = [json.loads(line) for line in keeping.path.read_text(encoding="utf-8").splitlines()]
    assert [[region["bbox"] for region in row["regions"]] for row in rows] == [[[20, 20, 60, 60]]]
    layer.rollBack()


def test_a_hole_is_a_ring_of_its_own(houses):
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    layer.startEditing()
    item = next(layer.getFeatures())
    hole = QgsGeometry.fromRect(QgsRectangle(LEFT + 15, TOP - 25, LEFT + 20, TOP - 20))
    layer.changeGeometry(item.id(), item.geometry().difference(hole))
    regions = records_of(made, layer.getFeatures())[0].regions
    rings = next(region["polygon"] for region in regions if region["bbox"] == [20, 20, 60, 60])
    assert len(rings) == 2 and sorted(rings[1])[0] == [30, 40]
    layer.rollBack()


def test_a_raster_that_is_gone_is_told_with_a_way_out(houses):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    made.source = {"href": "/nowhere/after.tif"}
    with pytest.raises(RsvlmError) as caught:
        records_of(made, layer.getFeatures())
    assert caught.value.code == "not_found" and caught.value.hint


def test_a_raster_whose_crs_only_qgis_knows_is_learnt_from_and_one_that_was_moved_is_not(houses, tmp_path):
    from osgeo import gdal

    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    bare, moved = str(tmp_path / "bare.tif"), str(tmp_path / "moved.tif")
    gdal.Translate(bare, str(SCENE)).SetProjection("")
    gdal.Translate(moved, str(SCENE), outputSRS="EPSG:32633")
    made.source["href"] = bare
    assert gdal.Open(bare).GetSpatialRef() is None
    first, _second = records_of(made, layer.getFeatures())
    assert sorted(region["bbox"] for region in first.regions) == [[20, 20, 60, 60], [492, 20, 512, 60]]
    made.source["href"] = moved
    with pytest.raises(RsvlmError) as caught:
        records_of(made, layer.getFeatures())
    assert caught.value.code == "bad_raster"


def draw_by_hand(layer):
    """As QGIS's own tools do: 10 m at 30 m from the corner, nothing known of it but where it is."""
    layer.startEditing()
    drawn = QgsFeature(layer.fields())
    drawn.setGeometry(QgsGeometry.fromRect(QgsRectangle(LEFT + 30, TOP - 60, LEFT + 40, TOP - 50)))
    assert layer.addFeature(drawn)


def test_what_was_drawn_by_hand_is_taught_as_the_only_phrase(houses):
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    draw_by_hand(layer)
    regions = records_of(made, layer.getFeatures())[0].regions
    assert [region["label"] for region in regions if region["bbox"] == [60, 100, 80, 120]] == ["houses"]
    layer.rollBack()


def test_what_was_drawn_by_hand_needs_a_label_where_several_phrases_were_asked(houses):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of

    made, layer = houses
    made.phrases = ["houses", "the lake"]
    draw_by_hand(layer)
    with pytest.raises(RsvlmError) as caught:
        records_of(made, layer.getFeatures())
    assert caught.value.code == "bad_request" and "attribute table" in caught.value.hint
    (drawn,) = (item.id() for item in layer.getFeatures() if item.id() < 0)
    layer.changeAttributeValue(drawn, layer.fields().indexOf("label"), "lake")
    assert "lake" in [region["label"] for region in records_of(made, layer.getFeatures())[0].regions]
    layer.rollBack()


# Where pixel (col, row) lies: left + a col + b row, top + d col + e row.
TURNED = (LEFT, 0.4, 0.3, TOP, 0.3, -0.4)  # by 36.87 degrees, pixels of 0.5 m
SOUTH_UP = (LEFT, 0.5, 0.0, TOP - 300, 0.0, 0.5)
MIRRORED = (LEFT + 300, -0.5, 0.0, TOP, 0.0, -0.5)


@pytest.mark.parametrize("lies", [TURNED, SOUTH_UP, MIRRORED])
def test_pixels_are_those_of_the_file_however_it_lies(qgis_new_project, tmp_path, lies):
    """What is marked on the map is where the file itself is bright: the pixels that the trainer reads."""
    import numpy as np
    from osgeo import gdal, osr

    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.found_group import add_found
    from rsvlm.rsvlm_plugin.layers.mask_records import records_of
    from rsvlm.rsvlm_plugin.layers.record import Record

    bright = np.zeros((600, 700), bool)
    bright[100:140, 490:540] = True  # across the edge of two windows
    path = tmp_path / "lies.tif"
    file = gdal.GetDriverByName("GTiff").Create(str(path), 700, 600, 1, gdal.GDT_Byte)
    file.SetGeoTransform(lies)
    place = osr.SpatialReference()
    place.ImportFromEPSG(32632)
    file.SetProjection(place.ExportToWkt())
    file.GetRasterBand(1).WriteArray(np.where(bright, 200, 30).astype(np.uint8))
    file = None

    def on_map(col, row):
        left, a, b, top, d, e = lies
        return [left + a * col + b * row, top + d * col + e * row]

    ring = [on_map(*corner) for corner in ((490, 100), (540, 100), (540, 140), (490, 140), (490, 100))]
    house = {"type": "Polygon", "coordinates": [ring]}
    xs, ys = zip(*(on_map(*corner) for corner in ((0, 0), (700, 0), (0, 600), (700, 600))))
    extent = [min(xs), min(ys), max(xs), max(ys)]
    answer = Answer("1", [Evidence("mask", house, "house", 0.9, 500.0, phrase="house")],
                    {"model": "geopix", "extent": extent, "crs": "EPSG:32632"})  # fmt: skip
    west, south, east, north = extent
    around = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    outline = {"type": "Polygon", "coordinates": [around]}
    made = Record("lies", "masks", outline, "EPSG:32632", False, answer, phrases=["house"], source={"href": str(path)})
    made.file = write_beside(made, tmp_path)
    marked = np.zeros_like(bright)
    records = records_of(made, add_found(made).getFeatures())
    assert [record.images[0]["window"] for record in records] == [[0, 0, 512, 512], [512, 0, 700, 512]]
    for record in records:
        left, top, _, _ = record.images[0]["window"]
        (region,) = record.regions
        x0, y0, x1, y1 = region["bbox"]
        assert {tuple(xy) for xy in region["polygon"][0]} == {(x0, y0), (x0, y1), (x1, y0), (x1, y1)}
        marked[round(top + y0) : round(top + y1), round(left + x0) : round(left + x1)] = True
    assert (marked == bright).all()

"""Masks in pixels of their raster: what the dock writes is what the command line writes of the same answer."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from found_record import square
from osgeo import gdal, osr
from qgis.core import QgsFeature, QgsFeedback, QgsGeometry, QgsProject, QgsRasterLayer, QgsRectangle

WIDTH, HEIGHT = 700, 600
# Where pixel (col, row) lies: left + a col + b row, top + d col + e row.
NORTH_UP = ("EPSG:32632", (654_200.0, 0.5, 0.0, 5_318_600.0, 0.0, -0.5))
TURNED = ("EPSG:32632", (654_200.0, 0.4, 0.3, 5_318_600.0, 0.3, -0.4))
DEGREES = ("EPSG:4326", (11.0, 0.00001, 0.0, 48.0, 0.0, -0.00001))
TOLD_TO_QGIS = (*DEGREES, False)  # the file itself does not know
COMMAND_LINE = """
import json, sys
from pathlib import Path
import rsvlm.geo
from rsvlm.cli.exporting import export
from rsvlm.protocol import Answer, Raster
answer, href, folder = Answer.from_json(json.loads(sys.argv[1])), sys.argv[2], Path(sys.argv[3])
for ending in (".tif", ".json", ".jsonl"):
    export(folder / f"theirs{ending}", answer, Raster(href, crs=answer.provenance["crs"]), None)
"""


class Case:
    """Two houses, one of them with a yard and across the edge of two windows, and a lake in its corner; a layer of them."""

    def __init__(self, folder: Path, crs: str, lies: tuple, known: bool = True) -> None:
        from rsvlm.protocol import Answer, Evidence
        from rsvlm.rsvlm_plugin.layers.found_file import write_beside
        from rsvlm.rsvlm_plugin.layers.found_group import add_found
        from rsvlm.rsvlm_plugin.layers.record import Record

        self.folder, self.lies, self.href = folder, lies, str(folder / "town.tif")
        file = gdal.GetDriverByName("GTiff").Create(self.href, WIDTH, HEIGHT, 1, gdal.GDT_Byte)
        place = osr.SpatialReference()
        place.SetFromUserInput(crs)
        file.SetGeoTransform(lies)
        file.SetProjection(place.ExportToWkt() if known else "")
        file.GetRasterBand(1).Fill(90)
        file = None
        evidence = [
            Evidence("mask", self.placed([(20, 30, 60, 70)]), "house", 0.9, 400.0, phrase="houses"),
            Evidence(
                "mask", self.placed([(490, 500, 540, 580), (500, 510, 515, 560)]), "house", 0.75, 1.0, phrase="houses"
            ),
            Evidence("mask", self.placed([(530, 560, 600, 600)]), "lake", None, 1.0, phrase="the lake"),
        ]
        xs, ys = zip(*(self.on_map(*corner) for corner in ((0, 0), (WIDTH, 0), (0, HEIGHT), (WIDTH, HEIGHT))))
        extent = [min(xs), min(ys), max(xs), max(ys)]
        self.answer = Answer("3", evidence, {"model": "geopix", "extent": extent, "crs": crs})
        outline = square(extent[0], extent[1], extent[2] - extent[0])
        self.record = Record("town", "masks", outline, crs, False, self.answer, phrases=["houses", "the lake"],
                             source={"href": self.href})  # fmt: skip
        self.record.file = write_beside(self.record, folder)
        self.layer = add_found(self.record)

    def on_map(self, col: float, row: float) -> list:
        left, a, b, top, d, e = self.lies
        return [left + a * col + b * row, top + d * col + e * row]

    def placed(self, boxes) -> dict:
        rings = []
        for x0, y0, x1, y1 in boxes:
            corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0))
            rings.append([self.on_map(*corner) for corner in corners])
        return {"type": "Polygon", "coordinates": rings}

    def saved(self, suffix: str, **options) -> Path:
        from rsvlm.rsvlm_plugin.layers.export import Export

        path = self.folder / f"ours{suffix}"
        assert Export(self.layer, str(path), record=self.record, **options).write(QgsFeedback()) == []
        return path


@pytest.fixture(params=[NORTH_UP, TURNED, DEGREES, TOLD_TO_QGIS], ids=["north up", "turned", "degrees", "told to QGIS"])
def any_case(request, qgis_new_project, tmp_path):
    return Case(tmp_path, *request.param)


@pytest.fixture
def case(qgis_new_project, tmp_path):
    return Case(tmp_path, *NORTH_UP)


def opened(path: Path):
    """Pixels, where they lie, the metadata and the colours of a mask."""
    file = gdal.Open(str(path))
    band = file.GetRasterBand(1)
    colours = band.GetColorTable()
    looks = [colours.GetColorEntry(number) for number in range(3)]
    named = {name: text for name, text in band.GetMetadata().items() if name.startswith("CLASS_")}
    layout = file.GetMetadata("IMAGE_STRUCTURE")["LAYOUT"]
    return (
        band.ReadAsArray(),
        file.GetGeoTransform(),
        file.GetSpatialRef(),
        (looks, named, band.GetNoDataValue(), layout),
    )


def pixels_of(outline):
    """What run lengths say, as text or numbers."""
    script = (
        "import json, sys\nfrom rsvlm.geo.run_lengths import decode, encode\n"
        "print(json.dumps(encode(decode(json.loads(sys.argv[1])))))"
    )
    told = subprocess.run(
        [os.environ["RSVLM_PYTHON"], "-c", script, json.dumps(outline)], check=True, capture_output=True
    )
    return json.loads(told.stdout)


def test_the_files_are_those_of_the_command_line(any_case) -> None:
    told = json.dumps(any_case.answer.to_json())
    command = [os.environ["RSVLM_PYTHON"], "-c", COMMAND_LINE, told, any_case.href, str(any_case.folder)]
    subprocess.run(command, check=True)
    ours, theirs = opened(any_case.saved(".tif")), opened(any_case.folder / "theirs.tif")
    assert (ours[0] == theirs[0]).all() and sorted(set(ours[0].ravel())) == [0, 1, 2]
    assert (ours[0][30:70, 20:60] == 1).all() and (ours[0][510:560, 500:515] == 0).all() and ours[0][570, 535] == 2
    assert ours[1] == pytest.approx(theirs[1]) and ours[2].IsSame(theirs[2]) and ours[3] == theirs[3]
    assert ours[3][1] == {"CLASS_1": "house", "CLASS_2": "lake"}
    coco, other = (
        json.loads(path.read_text("utf-8")) for path in (any_case.saved(".json"), any_case.folder / "theirs.json")
    )
    assert coco["images"] == other["images"] and coco["categories"] == other["categories"]
    assert len(coco["annotations"]) == len(other["annotations"]) == 3
    for note, like in zip(coco["annotations"], other["annotations"]):
        assert note["bbox"] == pytest.approx(like["bbox"], abs=1e-3)
        assert note["area"] == pytest.approx(like["area"], rel=1e-4)
        for name in ("id", "image_id", "category_id", "iscrowd", "score"):
            assert note[name] == like[name]
        if isinstance(like["segmentation"], dict):
            assert pixels_of(note["segmentation"]) == like["segmentation"]
        else:
            (ring,), (alike,) = note["segmentation"], like["segmentation"]
            corners = [{(round(x, 2), round(y, 2)) for x, y in zip(xy[::2], xy[1::2])} for xy in (ring, alike)]
            assert corners[0] == corners[1] and len(ring) == len(alike)
    rows, like = (
        [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (any_case.saved(".jsonl"), any_case.folder / "theirs.jsonl")
    )
    assert {tuple(row["images"][0]["window"]) for row in rows} == {tuple(row["images"][0]["window"]) for row in like}
    assert {row["images"][0]["href"] for row in rows} == {row["images"][0]["href"] for row in like}
    boxes = [
        sorted([*row["images"][0]["window"], *map(round, region["bbox"])] for row in file for region in row["regions"])
        for file in (rows, like)
    ]
    assert boxes[0] == boxes[1]


def test_what_the_layer_shows_now_is_saved_and_a_selection_alone(case) -> None:
    first, second, third = (item.id() for item in case.layer.getFeatures())
    case.layer.startEditing()
    case.layer.deleteFeature(third)
    left, top = case.lies[0], case.lies[3]
    case.layer.changeGeometry(first, QgsGeometry.fromRect(QgsRectangle(left + 100, top - 20, left + 110, top - 10)))
    pixels = opened(case.saved(".tif"))[0]
    assert (pixels[20:40, 200:220] == 1).all() and not pixels[30:70, 20:60].any() and not (pixels == 2).any()
    case.layer.selectByIds([second])
    coco = json.loads(case.saved(".json", selected=True).read_text("utf-8"))
    (note,) = coco["annotations"]
    assert note["area"] == 50 * 80 - 15 * 50 and note["bbox"] == pytest.approx([490, 500, 50, 80])
    case.layer.rollBack()


def test_a_raster_whose_crs_has_no_code_is_known_again(qgis_new_project, tmp_path) -> None:
    from rsvlm.protocol import RsvlmError

    def sinusoidal(meridian: int) -> str:
        """Of MODIS, as the backend writes it."""
        place = osr.SpatialReference()
        place.ImportFromProj4(f"+proj=sinu +lon_0={meridian} +R=6371007.181 +units=m +no_defs")
        return str(place.ExportToWkt())

    case = Case(tmp_path, sinusoidal(0), (654_200.0, 0.5, 0.0, 5_318_600.0, 0.0, -0.5))
    assert QgsRasterLayer(case.href, "").crs() != case.record.answer_crs
    pixels, _lies, crs, _looks = opened(case.saved(".tif"))
    assert (pixels[30:70, 20:60] == 1).all() and crs.IsSame(gdal.Open(case.href).GetSpatialRef())
    gdal.Open(case.href, gdal.GA_Update).SetProjection(sinusoidal(15))
    with pytest.raises(RsvlmError) as caught:
        case.saved(".json")
    assert caught.value.code == "bad_raster"


@pytest.mark.parametrize(("phrases", "called"), [(["house"], "house"), (["house", "lake"], "other")])
def test_what_was_drawn_by_hand_is_the_only_phrase_or_else_something_other(case, phrases, called) -> None:
    case.record.phrases = phrases
    case.layer.startEditing()
    left, top = case.lies[0], case.lies[3]
    drawn = QgsFeature(case.layer.fields())
    drawn.setGeometry(QgsGeometry.fromRect(QgsRectangle(left + 100, top - 20, left + 110, top - 10)))
    assert case.layer.addFeature(drawn)
    coco = json.loads(case.saved(".json").read_text("utf-8"))
    names = {item["id"]: item["name"] for item in coco["categories"]}
    boxes = {
        names[note["category_id"]] for note in coco["annotations"] if note["bbox"] == pytest.approx([200, 20, 20, 20])
    }
    assert boxes == {called}
    case.layer.rollBack()


def test_a_feature_of_two_parts_has_two_outlines(case) -> None:
    first = next(case.layer.getFeatures())
    left, top = case.lies[0], case.lies[3]
    case.layer.startEditing()
    more = QgsGeometry.fromRect(QgsRectangle(left + 100, top - 20, left + 110, top - 10))
    case.layer.changeGeometry(first.id(), first.geometry().combine(more))
    note = json.loads(case.saved(".json").read_text("utf-8"))["annotations"][0]
    assert len(note["segmentation"]) == 2 and note["area"] == pytest.approx(40 * 40 + 20 * 20)
    case.layer.rollBack()


@pytest.mark.parametrize("suffix", [".tif", ".json", ".jsonl"])
def test_nothing_is_replaced_unasked_and_cancel_leaves_what_was_there(case, suffix) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import Export

    path = case.folder / f"mine{suffix}"
    path.write_text("mine")
    with pytest.raises(RsvlmError, match="exists already"):
        Export(case.layer, str(path), record=case.record)
    before = sorted(file.name for file in case.folder.iterdir())
    feedback = QgsFeedback()
    feedback.progressChanged.connect(lambda done: feedback.cancel() if done >= 30 else None)
    with pytest.raises(RsvlmError) as caught:
        Export(case.layer, str(path), replace=True, record=case.record).write(feedback)
    assert caught.value.code == "cancelled" and path.read_text() == "mine"
    assert sorted(file.name for file in case.folder.iterdir()) == before


def test_the_raster_itself_and_a_raster_of_the_project_are_never_replaced(case) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import Export

    with pytest.raises(RsvlmError, match="is the raster that these were found in"):
        Export(case.layer, case.href, replace=True, record=case.record)
    path = case.saved(".tif")
    QgsProject.instance().addMapLayer(QgsRasterLayer(str(path), "mask"))
    with pytest.raises(RsvlmError, match="is open as a layer of this project"):
        Export(case.layer, str(path), replace=True, record=case.record)


def test_a_layer_whose_raster_is_not_known_says_which_formats_it_has(case) -> None:
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.export import Export

    with pytest.raises(RsvlmError) as caught:
        Export(case.layer, str(case.folder / "mask.tif"))
    assert caught.value.hint == "Choose a name that ends in .gpkg, .geojson, .fgb, .shp, .csv."
    case.record.source = {}
    with pytest.raises(RsvlmError, match="is not a file on this computer"):
        Export(case.layer, str(case.folder / "mask.tif"), record=case.record)

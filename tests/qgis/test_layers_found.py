"""Masks and boxes as a layer: what stands in the file, how it looks, and that no file is lost or left in pieces."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from found_record import BOTTOM, CREATED, LEFT, record, square
from osgeo import ogr
from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsGeometry,
    QgsLayerNotesUtils,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)


def test_the_file_holds_every_field_of_each_feature(qgis_app, tmp_path):
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside

    path = write_beside(record(), tmp_path)
    assert Path(path).name == "buildings_the_lake_ships_masks.gpkg"
    assert [file.name for file in tmp_path.iterdir()] == [Path(path).name]
    source = ogr.Open(path)
    layer = source.GetLayerByName("masks")
    assert layer.GetSpatialRef().GetAuthorityCode(None) == "32632"
    rows = [row.items() for row in layer]
    assert list(rows[0]) == [
        "label", "phrase", "kind", "score", "area_m2", "perimeter_m", "count", "source", "model", "revision", "acquired",
        "created",
    ]  # fmt: skip
    assert rows[3] == {
        "label": "lake", "phrase": "the lake", "kind": "mask", "score": 0.9, "area_m2": 3600.0, "perimeter_m": 240.0,
        "count": 1, "source": "ortho", "model": "geopix", "revision": "r1", "acquired": "2024-05-31", "created": CREATED,
    }  # fmt: skip
    assert layer.GetFeature(2).GetGeometryRef().GetEnvelope() == (LEFT + 20, LEFT + 35, BOTTOM, BOTTOM + 15)
    place = source.GetLayerByName("place")
    assert [row["text"] for row in place] == ["buildings: 3 found. the lake: 1 found."]


def test_style_aliases_notes_and_metadata_stay_in_the_file(qgis_app, tmp_path):
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside

    path = write_beside(record(), tmp_path, "CC-BY-4.0")
    with sqlite3.connect(path) as database:
        styles = database.execute("select f_table_name, useAsDefault from layer_styles order by 1").fetchall()
    assert styles == [("masks", 1), ("place", 1)]
    layer = QgsVectorLayer(f"{path}|layername=masks", "as anybody opens it", "ogr")
    assert [item.label() for item in layer.renderer().categories()] == ["buildings", "lake", "other"]
    assert layer.attributeAlias(layer.fields().lookupField("area_m2")) == "Area (m²)"
    abstract = layer.metadata().abstract()
    for fact in ("Asked: buildings, the lake, ships", "Model: geopix", "Revision: r1", "Licence: CC-BY-4.0", CREATED):
        assert fact in abstract
    assert layer.metadata().licenses() == ["CC-BY-4.0"]
    assert "look at it before you rely on it" in QgsLayerNotesUtils.layerNotes(layer)


def test_masks_are_filled_and_boxes_are_not_both_cased(qgis_app):
    from rsvlm.rsvlm_plugin.layers.found_style import PALETTE, symbol

    for hollow, alpha in ((False, 70), (True, 0)):
        made = symbol(1, hollow)
        fill, casing, line = made.symbolLayers()
        assert fill.fillColor().alpha() == alpha
        assert casing.width() > line.width() and casing.color().lightness() == 0
        assert line.color().name() == PALETTE[1]
    again = symbol(1 + len(PALETTE), False)
    dashed = again.symbolLayer(2)
    assert dashed.color().name() == PALETTE[1] and dashed.penStyle() != line.penStyle()


def test_a_name_that_is_taken_is_never_replaced(qgis_app, tmp_path):
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside

    mine = tmp_path / "buildings_the_lake_ships_masks.gpkg"
    mine.write_text("mine")
    paths = [Path(write_beside(record(), tmp_path)).name for _time in range(2)]
    assert paths == ["buildings_the_lake_ships_masks_2.gpkg", "buildings_the_lake_ships_masks_3.gpkg"]
    assert mine.read_text() == "mine"


def test_names_of_files_come_from_phrases_of_any_script(qgis_app):
    from rsvlm.rsvlm_plugin.layers.found_file import file_name

    assert file_name(["Häuser", "../路"], "boxes") == "Häuser_路_boxes"
    assert file_name(["?"], "masks") == "masks"
    assert len(file_name(["a" * 300], "masks")) < 60


KILLED = """
import sys
sys.path.insert(0, {tests!r})
import conftest
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
from found_record import record
from rsvlm.rsvlm_plugin.layers.found_file import write_beside
from pathlib import Path
made = record(60_000)
print("writing", flush=True)
write_beside(made, Path(sys.argv[1]))
"""


def test_a_killed_writer_leaves_no_file_that_looks_whole(qgis_app, tmp_path):
    code = KILLED.format(tests=str(Path(__file__).parent))
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        assert process.stdout.readline() == b"writing\n"
        until = time.monotonic() + 30
        while not list(tmp_path.glob(".rsvlm-*/found.gpkg")) and time.monotonic() < until:
            time.sleep(0.005)
        assert list(tmp_path.glob(".rsvlm-*/found.gpkg")), "the writer never began"
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert list(tmp_path.glob("*.gpkg")) == []


def test_a_group_for_each_request_below_the_plugin_s(written):
    from rsvlm.rsvlm_plugin.layers.results import is_result

    _made, layer = written
    top = QgsProject.instance().layerTreeRoot().children()[0]
    assert top.name() == "rsvlm"
    group = top.children()[0]
    assert group.name().startswith("buildings, the lake, ships · ortho · ")
    assert [node.name() for node in group.children()] == ["buildings, the lake, ships (masks)", "What was looked at"]
    assert all(is_result(node.layer()) for node in group.children())
    assert layer.featureCount() == 4 and layer.isEditable() is False and layer.startEditing()
    layer.rollBack()


def test_the_summary_says_how_many_and_how_large_of_each_label(qgis_app):
    from rsvlm.rsvlm_plugin.layers.found import summary

    buildings, lake = summary(record())
    assert (buildings.label, buildings.count, buildings.area_m2) == ("buildings", 3, 675.0)
    assert buildings.score == pytest.approx(0.6)
    assert (lake.label, lake.count, lake.area_m2, lake.score) == ("lake", 1, 3600.0, 0.9)
    ring = buildings.geometry["coordinates"][0]
    assert (min(x for x, _y in ring), max(x for x, _y in ring)) == (LEFT, LEFT + 55)


def test_the_card_s_lines_count_what_was_found_and_what_was_not(written):
    from rsvlm.rsvlm_plugin.dock.evidence_lines import lines

    made, _layer = written
    told = lines(made, "#112233").replace("&nbsp;", " ").split("<br>")
    assert [line.split("<")[0] for line in told] == ["3 ", "1 ", "0 ▢ ships · not found here"]
    assert "buildings" in told[0] and "675 m²" in told[0] and "score 0.6" in told[0]


def test_what_has_no_label_is_found_whether_it_is_null_or_empty(written):
    from rsvlm.rsvlm_plugin.layers.found_group import box_of, labelled

    _made, layer = written
    first, second, *_rest = layer.getFeatures()
    layer.startEditing()
    layer.changeAttributeValue(first.id(), layer.fields().indexOf("label"), NULL)
    layer.changeAttributeValue(second.id(), layer.fields().indexOf("label"), "")
    assert sorted(labelled(layer, "", 10)) == sorted([first.id(), second.id()])
    assert box_of(layer, "") == QgsRectangle(LEFT, BOTTOM, LEFT + 35, BOTTOM + 15)
    layer.rollBack()


def test_the_map_goes_nowhere_for_nothing_and_keeps_its_scale_for_a_point(qgis_canvas, qgis_new_project):
    from rsvlm.rsvlm_plugin.canvas.outline import zoom

    utm = QgsCoordinateReferenceSystem("EPSG:32632")
    qgis_canvas.setDestinationCrs(utm)
    qgis_canvas.setExtent(QgsRectangle(LEFT, BOTTOM, LEFT + 600, BOTTOM + 600))
    before, scale = qgis_canvas.extent(), qgis_canvas.scale()
    for nothing in (QgsGeometry(), QgsGeometry.fromRect(QgsRectangle())):
        zoom(qgis_canvas, nothing, utm)
        assert qgis_canvas.extent() == before
    zoom(qgis_canvas, QgsGeometry.fromRect(QgsRectangle(LEFT, BOTTOM, LEFT, BOTTOM)), utm)
    center = qgis_canvas.extent().center()
    assert (center.x(), center.y()) == pytest.approx((LEFT, BOTTOM)) and qgis_canvas.scale() == pytest.approx(scale)


def test_the_project_keeps_the_answer_without_its_thousand_polygons(written):
    from rsvlm.rsvlm_plugin.layers.found_group import found_layer, opened
    from rsvlm.rsvlm_plugin.layers.record import Record

    made, layer = written
    text = json.dumps(made.to_json())
    again = Record.from_json(json.loads(text))
    assert again == made and again.phrases == ["buildings", "the lake", "ships"]
    assert len(again.answer.evidence) == 2
    assert found_layer(again) is layer
    QgsProject.instance().removeMapLayer(layer.id())
    assert opened(again).featureCount() == 4


def test_a_file_that_is_gone_is_told_with_a_way_out(written):
    from rsvlm.protocol import RsvlmError
    from rsvlm.rsvlm_plugin.layers.found_group import add_found

    made, _layer = written
    QgsProject.instance().clear()
    Path(made.file).unlink()
    with pytest.raises(RsvlmError) as caught:
        add_found(made)
    assert caught.value.message == f"The file of this layer is gone: {made.file}"
    assert caught.value.hint == "Put it back, or ask again."


def test_results_lie_beside_a_saved_project_and_else_where_it_is_told(qgis_new_project, tmp_path):
    from rsvlm.rsvlm_plugin.layers.found_file import folder_for_results, is_beside

    project = QgsProject.instance()
    before = folder_for_results(project)
    assert before.is_dir() and not is_beside(str(before / "a.gpkg"), project)
    assert project.write(str(tmp_path / "mine.qgz"))
    assert folder_for_results(project) == tmp_path
    assert is_beside(str(tmp_path / "a.gpkg"), project)


def test_results_lie_elsewhere_where_the_project_s_folder_takes_none_whatever_rights_it_shows(qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.found_file import folder_for_results

    QgsProject.instance().setFileName("/proc/mine.qgz")
    folder = folder_for_results(QgsProject.instance())
    assert folder.is_dir() and folder != Path("/proc")


def test_what_is_found_and_corrected_in_the_demo_stays_out_of_the_plugin_s_folder(qgis_new_project):
    from rsvlm.rsvlm_plugin.environment.locate import home, plugin_folder
    from rsvlm.rsvlm_plugin.layers.correcting import usual_folder
    from rsvlm.rsvlm_plugin.layers.found_file import folder_for_results, is_beside

    project = QgsProject.instance()
    assert project.read(str(plugin_folder() / "resources" / "demo" / "demo.qgz"))
    folder = folder_for_results(project)
    assert folder.is_dir() and plugin_folder() not in folder.resolve().parents
    assert not is_beside(str(folder / "a.gpkg"), project) and usual_folder() == home() / "corrections"


def test_without_a_crs_masks_lie_on_the_picture_and_areas_are_empty(qgis_app, tmp_path):
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.record import Record

    evidence = [Evidence("mask", square(10, 5, 20), "lake", 0.9, phrase="lake")]
    answer = Answer("lake: 1 found.", evidence, {"model": "geopix", "extent": [0, 0, 100, 60], "crs": None})
    outline = {"type": "Polygon", "coordinates": [[[0, -60], [100, -60], [100, 0], [0, 0], [0, -60]]]}
    path = write_beside(Record("photo", "masks", outline, None, False, answer, phrases=["lake"]), tmp_path)
    source = ogr.Open(path)
    layer = source.GetLayerByName("masks")
    row = layer.GetNextFeature()
    assert row.GetGeometryRef().GetEnvelope() == (10, 30, -25, -5)
    assert row["area_m2"] is None and row["perimeter_m"] is None


@pytest.mark.parametrize(
    "text, phrases",
    [
        ("buildings, roads,", ["buildings", "roads"]),
        ("the white house, top left; ships", ["the white house, top left", "ships"]),
        (" lake ;", ["lake"]),
        ("lake,lake", ["lake"]),
        (" , ", []),
    ],
)
def test_phrases_are_told_apart_as_they_are_typed(text, phrases, qgis_app):
    from rsvlm.rsvlm_plugin.phrases import split_phrases

    assert split_phrases(text) == phrases


def test_a_file_that_breaks_in_a_way_nobody_foresaw_ends_in_words_and_its_cause_is_in_the_log(qgis_app, tmp_path, wait):
    from qgis.core import QgsApplication

    from rsvlm.rsvlm_plugin.layers.found_file import FoundFile

    made, told, logged = record(), [], []
    made.answer.provenance["sources"] = 5  # no list
    log = QgsApplication.messageLog()

    def listen(text: str, tag: str, _level: object) -> None:
        logged.append((tag, text))

    log.messageReceived.connect(listen)
    file = FoundFile(made, tmp_path)
    file.finished.connect(told.append)
    file.failed.connect(told.append)
    wait(lambda: told and file not in FoundFile._running)
    wait(lambda: any(tag == "rsvlm" for tag, _text in logged))
    log.messageReceived.disconnect(listen)
    (error,) = told
    assert (error.code, error.message) == ("unavailable", "The layer of what was found could not be written.")
    assert "Log Messages" in error.hint
    assert any("TypeError: 'int' object is not iterable" in text for tag, text in logged if tag == "rsvlm")
    assert list(tmp_path.iterdir()) == []

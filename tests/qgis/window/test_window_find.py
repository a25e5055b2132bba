"""From a phrase to a layer of masks, in a real window, with the real backend and a small model of random weights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from osgeo import gdal, ogr
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QElapsedTimer, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QDialogButtonBox, QLabel, QProgressBar, QToolButton

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))
DEMO = Path(__file__).resolve().parents[3] / "resources" / "demo" / "demo.qgz"
SIDE = 64  # pixels of a tile of the small models
FOREVER = 90  # seconds; the machine may be busy


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """One backend for all of these tests, with small models of random weights beside the bundled one."""
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    folder = tmp_path_factory.mktemp("models")
    script = Path(__file__).resolve().parents[1] / "make_small_models.py"
    subprocess.run([os.environ["RSVLM_PYTHON"], str(script), str(folder)], check=True)
    shared_process().stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RSVLM_MODELS", str(folder))
        yield folder
        shared_process().stop()


@pytest.fixture
def finder(models, dock, demo, tmp_path, wait):
    """The dock of a project that is saved in tmp_path, with a layer of one tile and the model that draws masks."""
    scene = tmp_path / "town.tif"
    gdal.Translate(str(scene), str(DEMO.with_name("after.tif")), srcWin=[0, 0, SIDE, SIDE])
    layer = QgsRasterLayer(str(scene), "town")
    demo.addMapLayer(layer)
    assert demo.write(str(tmp_path / "town.qgz"))
    wait(lambda: any(card["id"] == "geopix" for card in dock.model_choice._cards or ()), FOREVER)
    choose(dock, "geopix")
    dock.place_row.choose_layer(layer)
    yield dock
    dock.place_row.kind = "map"
    dock.find_row.kind_choice.setCurrentIndex(0)
    choose(dock, "compact")


def choose(dock, model: str) -> None:
    choice = dock.model_choice
    index = next(n for n in range(choice.count()) if choice.itemData(n) and choice.itemData(n).model == model)
    choice.setCurrentIndex(index)
    choice.activated.emit(index)


def find(dock, wait, text: str):
    """Type and press Enter; the card of the answer."""
    dock.find_row.edit.setText(text)
    QTest.keyClick(dock.find_row.edit, Qt.Key.Key_Return)
    card = dock.answers.cards[0]
    wait(lambda: card.record or dock.report.last_error, FOREVER)
    assert dock.report.last_error is None, dock.report.last_error.message
    return card


def test_a_phrase_becomes_a_layer_beside_the_project(finder, wait, tmp_path, iface):
    card = find(finder, wait, "roofs, the lake")
    record = card.record
    assert Path(record.file) == tmp_path / "roofs_the_lake_masks.gpkg"
    source = ogr.Open(record.file)
    assert source.GetLayerByName("masks").GetFeatureCount() == sum(item.count for item in record.answer.evidence) > 0
    group = QgsProject.instance().layerTreeRoot().findGroup("rsvlm").children()[0]
    layer = group.children()[0].layer()
    assert iface.activeLayer() is layer and layer.name() == "roofs, the lake (masks)"
    shown = card.findChild(QLabel, "rsvlm_evidence").text()
    assert "roofs" in shown and "score" in shown
    assert finder._preview._band is None  # the layer has taken its place
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    assert card.record.answer.provenance["model"] == "geopix"


def test_boxes_are_hollow_and_what_is_absent_is_said(finder, wait, iface):
    choose(finder, "boxes")
    finder.find_row.kind_choice.setCurrentIndex(1)
    record = find(finder, wait, "boats").record
    assert sum(item.count for item in record.answer.evidence) == 2
    assert iface.activeLayer().renderer().categories()[0].symbol().symbolLayer(0).fillColor().alpha() == 0
    choose(finder, "absent")
    before = len(QgsProject.instance().mapLayers())
    card = find(finder, wait, "ships")
    assert card.record.answer.target_absent == ["ships"] and card.record.file == ""
    assert "not found here" in card.findChild(QLabel, "rsvlm_evidence").text()
    assert len(QgsProject.instance().mapLayers()) == before


def test_the_model_that_cannot_says_why_and_what_to_do(finder):
    finder.find_row.show_able(finder._refused("nothing that any model can"))
    assert not finder.find_row.button.isEnabled()
    assert "Choose another model." in finder.find_row.button.toolTip()
    finder._show_able()
    assert finder.find_row.button.isEnabled()


def test_up_recalls_what_was_asked(finder, wait):
    find(finder, wait, "roofs")
    edit = finder.find_row.edit
    edit.clear()
    QTest.keyClick(edit, Qt.Key.Key_Up)
    assert edit.text() == "roofs"
    QTest.keyClick(edit, Qt.Key.Key_Down)
    assert edit.text() == ""


def test_the_card_saves_the_layer_as_a_shapefile_and_lists_its_names(finder, wait, iface, tmp_path):
    from rsvlm.rsvlm_plugin.dock.export_dialog import ExportDialog

    card = find(finder, wait, "roofs")
    QTest.mouseClick(card.findChild(QToolButton, "rsvlm_card_save"), Qt.MouseButton.LeftButton)
    dialog = iface.mainWindow().findChild(ExportDialog)
    dialog.format_choice.setCurrentIndex(dialog.format_choice.findData(".shp"))
    assert dialog.notes.text() == "A shapefile's field names have ten characters: perimeter_m → perim_m."
    dialog.grab().save(str(SHOTS / "export-dialog.png"))
    path = tmp_path / "roofs.shp"
    dialog.file.setFilePath(str(path))
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
    wait(lambda: any(str(path) in item.text() for item in iface.messageBar().items()))
    source = ogr.Open(str(path))
    assert source.GetLayer(0).GetFeature(0)["perim_m"] > 0


def test_the_menu_saves_the_layer_as_a_mask_on_the_raster_s_pixels(finder, wait, iface, tmp_path):
    from rsvlm.rsvlm_plugin.dock.export_dialog import ExportDialog

    card = find(finder, wait, "roofs")
    iface.mainWindow().findChild(QAction, "rsvlm_save_result").trigger()
    dialog = iface.mainWindow().findChild(ExportDialog)
    kinds = [dialog.format_choice.itemData(index) for index in range(dialog.format_choice.count())]
    assert kinds == [".gpkg", ".geojson", ".fgb", ".shp", ".csv", ".tif", ".json", ".jsonl"]
    dialog.format_choice.setCurrentIndex(dialog.format_choice.findData(".tif"))
    assert dialog.notes.text().startswith("A mask: a number for each class") and not dialog.crs_choice.isEnabled()
    dialog.grab().save(str(SHOTS / "export-mask.png"))
    path = tmp_path / "mask.tif"
    dialog.file.setFilePath(str(path))
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
    wait(lambda: any(str(path) in item.text() for item in iface.messageBar().items()))
    mask, town = gdal.Open(str(path)), gdal.Open(card.record.source["href"])
    assert mask.GetGeoTransform() == town.GetGeoTransform()
    assert mask.GetRasterBand(1).GetMetadata()["CLASS_1"] == "roofs"
    assert mask.ReadAsArray().shape == (SIDE, SIDE) and mask.ReadAsArray().any()


def test_only_result_layers_offer_to_be_saved_in_their_menu(finder, wait, iface, demo):
    find(finder, wait, "roofs")
    assert "rsvlm_save_result" in menu_of(iface, iface.activeLayer())
    assert "rsvlm_save_result" not in menu_of(iface, demo.mapLayersByName("Village after")[0])
    late = QgsVectorLayer("Polygon?crs=EPSG:32632", "late", "memory")
    demo.addMapLayer(late)
    assert "rsvlm_save_result" not in menu_of(iface, late)
    late.setCustomProperty("rsvlm/result", "key")  # as Processing does once the layer is in the project
    assert "rsvlm_save_result" in menu_of(iface, late)


def menu_of(iface, layer) -> list:
    iface.setActiveLayer(layer)
    menu = iface.layerTreeView().menuProvider().createContextMenu()
    return [action.objectName() for action in menu.actions()]


def test_a_click_on_a_label_goes_to_all_of_its_features(finder, wait, iface):
    card = find(finder, wait, "roofs")
    iface.mapCanvas().zoomByFactor(50)
    card.findChild(QLabel, "rsvlm_evidence").linkActivated.emit("0")
    extent = iface.mapCanvas().extent()
    assert extent.contains(iface.activeLayer().extent()) and extent.width() < 60


def test_the_answer_and_its_layer_come_back_with_the_project(finder, wait, iface, tmp_path):
    file = find(finder, wait, "roofs").record.file
    path = QgsProject.instance().fileName()
    assert QgsProject.instance().write()
    QgsProject.instance().clear()
    iface.addProject(path)
    card = finder.answers.cards[0]
    assert card.record.file == file and card.record.phrases == ["roofs"]
    layer = QgsProject.instance().mapLayersByName("roofs (masks)")[0]
    assert layer.isValid() and layer.renderer().type() == "categorizedSymbol"
    assert finder.answers.open_layer(card.record) is layer
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)  # QGIS's own, which loads the project


def test_what_is_found_after_its_project_was_closed_lies_beside_it_and_is_told(finder, wait, tmp_path, iface):
    finder.find_row.edit.setText("roofs")
    QTest.keyClick(finder.find_row.edit, Qt.Key.Key_Return)
    wait(lambda: finder._running._reply is not None)
    QgsProject.instance().clear()
    file = str(tmp_path / "roofs_masks.gpkg")
    wait(lambda: any(file in item.text() for item in iface.messageBar().items()), FOREVER)
    assert Path(file).is_file() and not QgsProject.instance().mapLayers() and finder.answers.cards == []


def test_project_that_is_closed_before_its_layer_was_looked_at_ends_the_search(finder, wait):
    finder.looking.pause()
    finder.find_row.edit.setText("roofs")
    QTest.keyClick(finder.find_row.edit, Qt.Key.Key_Return)
    QgsProject.instance().clear()
    wait(lambda: finder._running is None)
    assert finder.report.last_error.code == "bad_extent"
    finder.looking.resume()


def test_cut_off_while_its_layer_is_written_no_task_stays_and_the_layer_is_there(finder, wait, tmp_path, monkeypatch):
    """As when the plugin is unloaded."""
    from rsvlm.rsvlm_plugin.layers import found_file

    begun, goes_on, write = threading.Event(), threading.Event(), found_file.write_beside

    def slow(*work: object) -> str:
        begun.set()
        goes_on.wait(FOREVER)
        return write(*work)

    monkeypatch.setattr(found_file, "write_beside", slow)
    finder.find_row.edit.setText("roofs")
    QTest.keyClick(finder.find_row.edit, Qt.Key.Key_Return)
    wait(begun.is_set, FOREVER)
    finder._running.cut()
    wait(lambda: QgsApplication.taskManager().countActiveTasks() == 0)
    goes_on.set()
    wait((tmp_path / "roofs_masks.gpkg").is_file)
    assert finder._running is None


def areas(layer) -> list:
    return sorted(round(item.geometry().area()) for item in layer.getFeatures())


def told(card) -> list:
    """The lines of a card, without markup."""
    text = re.sub("<(?!br)[^>]+>", "", card.findChild(QLabel, "rsvlm_evidence").text())
    return text.replace("&nbsp;", " ").replace("\xa0", " ").split("<br>")


def in_step(card, layer) -> bool:
    """Whether the card tells of each label how many features the layer has."""
    counts = Counter(item["label"] for item in layer.getFeatures())
    return {f"{count} ▣ {label}" for label, count in counts.items()} == {
        line.split(" · ")[0] for line in told(card) if "▣" in line
    }


def test_another_threshold_is_one_step_that_can_be_undone(finder, wait, iface):
    choose(finder, "compact")
    finder.place_row.kind = "map"
    card = find(finder, wait, "forest, water, buildings")
    assert not any("zero-shot" in warning for warning in card.record.answer.warnings)  # the model draws itself
    layer = iface.activeLayer()
    before, model_s = areas(layer), card.record.answer.timings["model"]
    assert in_step(card, layer) and not any("edited" in line for line in told(card))
    card.refine.slider.setValue(6)
    wait(lambda: layer.isEditable() and layer.undoStack().undoText() == "Threshold 0.3", FOREVER)
    wait(lambda: not finder.refining._cuts)
    after = areas(layer)
    assert sum(after) > sum(before)
    assert card.record.answer.provenance["cut"]["likely"] == 0.3
    wait(lambda: in_step(card, layer))
    assert not any("edited" in line for line in told(card))
    print(f"model {model_s} s, cut again {card.record.answer.timings} s")
    finder.grab().save(str(SHOTS / "card-cut-again.png"))
    layer.undoStack().undo()
    assert areas(layer) == before
    assert card.refine.slider.value() == 10 and card.record.answer.provenance["cut"]["likely"] == 0.5
    wait(lambda: in_step(card, layer))
    assert not any("edited" in line for line in told(card))
    finder.grab().save(str(SHOTS / "card-cut-undone.png"))
    layer.undoStack().redo()
    assert areas(layer) == after and card.refine.slider.value() == 6
    layer.rollBack()
    assert areas(layer) == before and card.refine.slider.value() == 10


def test_a_click_on_the_map_rejects_until_escape(finder, wait, pause, iface):
    card = find(finder, wait, "roofs")
    layer, canvas = iface.activeLayer(), iface.mapCanvas()
    before, tool = layer.featureCount(), canvas.mapTool()
    point = next(layer.getFeatures()).geometry().pointOnSurface().asPoint()
    canvas.zoomToFeatureExtent(layer.extent())
    canvas.setCenter(point)
    QTest.mouseClick(card.refine.reject, Qt.MouseButton.LeftButton)
    assert canvas.mapTool() is not tool
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.viewport().rect().center())
    wait(lambda: layer.featureCount() == before - 1)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.mapTool() is tool and not card.refine.reject.isChecked()
    layer.undoStack().undo()
    assert layer.featureCount() == before
    layer.rollBack()


def click_at(canvas, column: float, row: float, transform) -> QgsPointXY:
    """Click with the map tool in use on a pixel of a raster in the map's CRS."""
    left, across, _, top, _, down = transform
    point = QgsPointXY(left + across * (column + 0.5), top + down * (row + 0.5))
    canvas.setExtent(QgsRectangle(point.x() - 60, point.y() - 60, point.x() + 60, point.y() + 60))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.viewport().rect().center())
    return point


def choose_below(panel, layer, label: str) -> None:
    """Choose the symbol of this label below the layer in the Layers panel."""
    tree = QgsProject.instance().layerTreeRoot().findLayer(layer)
    node = next(node for node in panel.layerTreeModel().layerLegendNodes(tree) if label in node.data(0))
    panel.setCurrentIndex(panel.legendNode2index(node))


def test_a_click_adds_what_is_missing_as_one_step_and_says_where_nothing_is(finder, wait, pause, iface):
    choose(finder, "compact")
    finder.place_row.kind = "map"
    iface.mapCanvas().zoomToFullExtent()
    card = find(finder, wait, "forest, water, buildings")
    layer, canvas, record = iface.activeLayer(), iface.mapCanvas(), card.record
    (kept,) = record.answer.structured["probabilities"]
    source = gdal.Open(kept["path"])
    transform = source.GetGeoTransform()
    phrase = kept["phrases"].index("forest")
    sure = source.ReadAsArray()
    others = np.delete(sure, phrase, axis=0).max(axis=0)
    before, found = areas(layer), told(card)
    pause(500)

    QTest.mouseClick(card.refine.add, Qt.MouseButton.LeftButton)
    assert card.refine.add.isChecked()
    choose_below(iface.layerTreeView(), layer, "forest")
    rows, columns = np.nonzero((sure[phrase] > 60) & (sure[phrase] < 110) & (others < 60))
    middle = len(rows) // 2
    clock = QElapsedTimer()
    clock.start()
    point = click_at(canvas, columns[middle], rows[middle], transform)
    wait(lambda: layer.isEditable() and layer.undoStack().count() == 1)
    print(f"outlined after {clock.elapsed()} ms")
    (grown,) = [item for item in layer.getFeatures() if item.geometry().buffer(1, 4).contains(point)]
    assert grown["phrase"] == "forest" and sum(areas(layer)) > sum(before)
    assert grown["area_m2"] == pytest.approx(grown.geometry().area(), rel=5e-3) and 0 < grown["score"] < 1
    pause(500)
    forests = sum(item["label"] == "forest" for item in layer.getFeatures())
    assert in_step(card, layer) and told(card)[0].startswith(f"{forests} ▣ forest")
    assert told(card)[0].endswith("edited") and not told(card)[1].endswith("edited")
    finder._scroll.ensureWidgetVisible(card.findChild(QLabel, "rsvlm_evidence"))
    iface.mainWindow().grab().save(str(SHOTS / "find-added.png"))
    finder.grab().save(str(SHOTS / "card-added.png"))
    layer.undoStack().undo()
    assert areas(layer) == before
    wait(lambda: told(card) == found)
    finder.grab().save(str(SHOTS / "card-undone.png"))

    rows, columns = np.nonzero((sure[phrase] < 15) & (others < 60))
    click_at(canvas, columns[0], rows[0], transform)
    wait(lambda: finder.report.last_error)
    assert finder.report.last_error.message == "The model sees nothing of “forest” here."
    assert areas(layer) == before

    QTest.mouseClick(card.refine.reject, Qt.MouseButton.LeftButton)
    assert not card.refine.add.isChecked() and card.refine.reject.isChecked()
    phrase = kept["phrases"].index("water")
    rows, columns = np.nonzero((sure[phrase] > 200) & (np.delete(sure, phrase, axis=0).max(axis=0) < 60))
    middle = len(rows) // 2
    click_at(canvas, columns[middle], rows[middle], transform)
    wait(lambda: len(areas(layer)) == len(before) - 1)
    wait(lambda: in_step(card, layer))
    finder.grab().save(str(SHOTS / "card-rejected.png"))
    pause(500)  # features are counted anew after an edit, which takes the choice in the legend away
    QTest.mouseClick(card.refine.add, Qt.MouseButton.LeftButton)
    choose_below(iface.layerTreeView(), layer, "water")
    clock.restart()
    point = click_at(canvas, columns[middle], rows[middle], transform)
    # Outlined by itself it may take a scrap with it that touches it.
    wait(lambda: any(item["phrase"] == "water" and item.geometry().contains(point) for item in layer.getFeatures()))
    print(f"outlined after {clock.elapsed()} ms")
    assert sum(areas(layer)) == pytest.approx(sum(before), rel=0.01)
    click_at(canvas, columns[middle], rows[middle], transform)
    wait(lambda: finder.report.last_error)
    assert finder.report.last_error.message == "“water” is drawn here already."
    Path(kept["path"]).unlink()
    click_at(canvas, columns[middle], rows[middle], transform)
    wait(lambda: finder.report.last_error and finder.report.last_error.code == "not_found")
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not card.refine.add.isChecked()
    layer.rollBack()


@pytest.fixture
def import_sam(models):
    """import_sam() ends the import of the small SAM 2, as the command does; it is gone after the test."""
    yield lambda: (models / ".sam2").rename(models / "sam2")
    if (models / "sam2").is_dir():
        (models / "sam2").rename(models / ".sam2")


def test_an_installed_sam_outlines_the_click_and_is_named_as_who_did(finder, wait, pause, iface, import_sam):
    card = find(finder, wait, "the roof in the north")  # looked for in one view, so that no probabilities are kept
    layer, canvas = iface.activeLayer(), iface.mapCanvas()
    assert "probabilities" not in card.record.answer.structured and not card.refine.add.isHidden()
    transform = gdal.Open(card.record.source["href"]).GetGeoTransform()
    left, across, _, top, _, down = transform
    town = QgsRectangle(left, top + SIDE * down, left + SIDE * across, top)
    QTest.mouseClick(card.refine.add, Qt.MouseButton.LeftButton)
    click_at(canvas, 20, 40, transform)
    wait(lambda: finder.report.last_error, FOREVER)
    assert finder.report.last_error.message == "None of the models here outlines what a click means."
    import_sam()

    before = areas(layer)
    click_at(canvas, 20, 40, transform)
    wait(lambda: layer.isEditable() and layer.undoStack().count() == 1, FOREVER)
    (grown,) = layer.getFeatures()
    assert grown.geometry().symDifference(QgsGeometry.fromRect(town)).area() < 1e-6
    assert grown["model"] == "geopix, sam2"
    layer.undoStack().undo()
    assert areas(layer) == before

    layer.deleteFeatures(layer.allFeatureIds())
    point = click_at(canvas, 20, 40, transform)
    wait(lambda: layer.featureCount() == 1, FOREVER)
    (new,) = layer.getFeatures()
    assert new.geometry().contains(point) and new["area_m2"] == pytest.approx(town.area(), rel=5e-3)
    assert (new["label"], new["phrase"], new["kind"]) == ("the roof in the north", "the roof in the north", "mask")
    assert new["model"] == "sam2" and new["revision"] != card.record.answer.provenance["revision"]
    assert new["source"] == "town" and new["created"] >= card.record.answer.provenance["created"]
    assert 0 <= new["score"] <= 1
    pause(500)
    iface.mainWindow().grab().save(str(SHOTS / "find-added-by-sam.png"))
    canvas.setExtent(QgsRectangle(town.xMaximum() + 10, top, town.xMaximum() + 20, top + 10))
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.viewport().rect().center())
    wait(lambda: finder.report.last_error, FOREVER)
    assert finder.report.last_error.message == "This place lies outside of what is to be looked at."
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    layer.rollBack()


def test_the_layer_is_kept_for_training_beside_the_project(finder, wait, iface, tmp_path):
    card = find(finder, wait, "roofs")
    QTest.mouseClick(card.refine.learn, Qt.MouseButton.LeftButton)
    file = tmp_path / "rsvlm_corrections" / "corrections.jsonl"
    wait(lambda: any(str(file) in item.text() for item in iface.messageBar().items()), FOREVER)
    iface.mainWindow().grab().save(str(SHOTS / "find-kept.png"))
    (record,) = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert record["task"] == "segment" and record["images"][0]["window"] == [0, 0, SIDE, SIDE]
    assert {region["label"] for region in record["regions"]} == {"roofs"}


def test_what_was_found_so_far_is_drawn_until_the_search_ends(finder, wait, pause, iface):
    finder.place_row.kind = "map"  # hundreds of tiles
    finder.find_row.edit.setText("roofs")
    QTest.keyClick(finder.find_row.edit, Qt.Key.Key_Return)
    card, canvas = finder.answers.cards[0], iface.mapCanvas()
    wait(lambda: finder._preview._band is not None, FOREVER)
    assert finder._preview.sketched and card.record is None
    drawn = finder._preview._band.asGeometry()
    assert drawn.area() > 0 and canvas.extent().buffered(10).contains(drawn.boundingBox())
    pause(1000)
    iface.mainWindow().grab().save(str(SHOTS / "find-running.png"))
    band = finder._preview._band
    QTest.mouseClick(card.stop, Qt.MouseButton.LeftButton)
    wait(lambda: card.record or card not in finder.answers.cards, FOREVER)
    assert finder._preview._band is None and band not in canvas.scene().items()


def test_stop_keeps_what_was_found_and_calls_it_partial(finder, wait, demo):
    finder.place_row.kind = "map"  # hundreds of tiles
    finder.find_row.edit.setText("roofs")
    QTest.keyClick(finder.find_row.edit, Qt.Key.Key_Return)
    card = finder.answers.cards[0]
    bar = card.findChild(QProgressBar)
    wait(lambda: bar.value() > 2, FOREVER)
    QTest.mouseClick(card.stop, Qt.MouseButton.LeftButton)
    wait(lambda: card.record or card not in finder.answers.cards, FOREVER)
    print(card.record and card.record.answer.warnings)
    assert card.record is not None and card.record.answer.partial
    assert "partial" in card._origin.text()


def test_only_the_selected_polygons_are_looked_at(finder, wait, iface, demo):
    ring = "654205 5318595, 654225 5318595, 654205 5318575, 654205 5318595"
    shape = QgsGeometry.fromWkt(f"POLYGON(({ring}))")
    drawn = QgsVectorLayer("Polygon?crs=EPSG:32632", "my area", "memory")
    feature = QgsFeature()
    feature.setGeometry(shape)
    drawn.dataProvider().addFeatures([feature])
    demo.addMapLayer(drawn)
    drawn.selectAll()
    iface.setActiveLayer(drawn)
    iface.mapCanvas().setExtent(shape.boundingBox())
    wait(lambda: drawn in iface.mapCanvas().layers())
    finder.place_row.kind = "selection"
    record = find(finder, wait, "roofs").record
    assert record.name == "town" and record.file
    pixel = 0.5
    for item in iface.activeLayer().getFeatures():
        assert shape.buffer(2 * pixel, 5).contains(item.geometry())

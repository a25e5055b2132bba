"""QGIS's own tools edit a layer of masks, and its areas and perimeters are right at once, undone and redone with the edit."""

from __future__ import annotations

import gc
import time

import pytest
from found_record import BOTTOM, LEFT, record
from osgeo import ogr
from qgis.core import (
    NULL,
    QgsFeature,
    QgsGeometry,
    QgsLineString,
    QgsPoint,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
    QgsVectorLayerEditUtils,
    QgsVectorLayerUtils,
)

SCALE = 0.9996  # of UTM in the middle of a zone


@pytest.fixture
def masks(measuring, written):
    _made, layer = written
    layer.startEditing()
    yield layer
    if layer.isEditable():
        layer.rollBack()


def box(left: float, bottom: float, width: float, height: float) -> QgsGeometry:
    """From (LEFT, BOTTOM)."""
    x, y = LEFT + left, BOTTOM + bottom
    return QgsGeometry.fromRect(QgsRectangle(x, y, x + width, y + height)).convertToType(2, True)


def lake(layer: QgsVectorLayer) -> QgsFeature:
    return next(layer.getFeatures("\"phrase\" = 'the lake'"))


def numbers(layer: QgsVectorLayer) -> dict:
    """Area, perimeter and count by id."""
    return {item.id(): (item["area_m2"], item["perimeter_m"], item["count"]) for item in layer.getFeatures()}


def of_box(width: float, height: float) -> tuple:
    """Area and perimeter on the ground."""
    return pytest.approx((width * height / SCALE**2, 2 * (width + height) / SCALE), rel=1e-4)


def test_a_reshaped_feature_is_measured_in_the_same_step_and_alone(masks):
    before, number = numbers(masks), lake(masks).id()
    masks.beginEditCommand("Reshape")
    line = QgsLineString([QgsPoint(LEFT + 40, BOTTOM + y) for y in (90, 170)])  # cuts a third off
    shape = lake(masks).geometry()
    assert shape.reshapeGeometry(line) == 0
    masks.changeGeometry(number, shape)
    masks.endEditCommand()
    after = numbers(masks)
    assert after[number][:2] == of_box(40, 60) and after[number][2] == 1
    assert {**after, number: None} == {**before, number: None}
    assert masks.undoStack().count() == 1
    masks.undoStack().undo()
    assert numbers(masks) == before and lake(masks).geometry().area() == 3600
    masks.undoStack().redo()
    assert numbers(masks) == after and lake(masks).geometry().area() == 2400


def test_a_moved_vertex_reaches_the_exported_file(masks, tmp_path):
    from rsvlm.rsvlm_plugin.layers.export import save_layer

    number = lake(masks).id()
    masks.beginEditCommand("Moved vertex")
    for at, (x, y) in ((1, (90, 100)), (2, (90, 160))):
        assert QgsVectorLayerEditUtils(masks).moveVertex(LEFT + x, BOTTOM + y, number, at)
    masks.endEditCommand()
    assert masks.undoStack().count() == 1
    for name in ("unsaved.gpkg", "saved.csv"):
        save_layer(masks, str(tmp_path / name))
        source = ogr.Open(str(tmp_path / name))
        row = next(item for item in source.GetLayer(0) if item["label"] == "lake")
        assert (float(row["area_m2"]), float(row["perimeter_m"])) == of_box(90, 60)
        assert (row["phrase"], float(row["score"])) == ("the lake", 0.9)
        if masks.isEditable():
            assert masks.commitChanges(), masks.commitErrors()


def test_both_parts_of_a_split_and_what_they_are_merged_to_are_measured(masks):
    before, number = numbers(masks), lake(masks).id()
    masks.selectByIds([number])
    masks.beginEditCommand("Features split")
    line = QgsLineString([QgsPoint(LEFT + 20, BOTTOM + y) for y in (90, 170)])
    assert QgsVectorLayerEditUtils(masks).splitFeatures(line, False, False)[0] == 0
    masks.endEditCommand()
    masks.removeSelection()
    pieces = sorted(masks.getFeatures("\"phrase\" = 'the lake'"), key=lambda item: item.geometry().area())
    assert len(pieces) == 2 and masks.undoStack().count() == 1
    assert [(item["area_m2"], item["perimeter_m"]) for item in pieces] == [of_box(20, 60), of_box(40, 60)]
    assert [item["model"] for item in pieces] == ["geopix", "geopix"]
    split = numbers(masks)
    masks.beginEditCommand("Merged features")
    other = next(item for item in pieces if item.id() != number)
    masks.deleteFeature(other.id())
    masks.changeGeometry(number, QgsGeometry.unaryUnion([item.geometry() for item in pieces]).convertToType(2, True))
    masks.endEditCommand()
    assert numbers(masks)[number][:2] == of_box(60, 60) and masks.undoStack().count() == 2
    masks.undoStack().undo()
    assert numbers(masks) == split
    masks.undoStack().undo()
    assert numbers(masks) == before
    masks.undoStack().redo()
    assert numbers(masks) == split


def test_what_is_drawn_by_hand_is_measured_and_its_words_stay_the_user_s(masks):
    before = numbers(masks)
    label = masks.fields().lookupField("label")
    masks.beginEditCommand("Add feature")
    masks.addFeature(QgsVectorLayerUtils.createFeature(masks, box(200, 0, 30, 20), {label: "my barn"}))
    masks.endEditCommand()
    (drawn,) = masks.getFeatures("\"label\" = 'my barn'")
    assert (drawn["area_m2"], drawn["perimeter_m"]) == of_box(30, 20) and drawn["count"] == 1
    assert (drawn["phrase"], drawn["model"], drawn["score"]) == (NULL, NULL, NULL)
    assert masks.undoStack().count() == 1
    masks.undoStack().undo()
    assert numbers(masks) == before
    masks.undoStack().redo()
    assert numbers(masks)[drawn.id()] == (drawn["area_m2"], drawn["perimeter_m"], 1)
    assert masks.commitChanges(), masks.commitErrors()
    (kept,) = masks.getFeatures("\"label\" = 'my barn'")
    assert (kept["area_m2"], kept["perimeter_m"]) == of_box(30, 20) and kept.id() > 0


def test_pasted_features_are_measured_as_they_are_here(masks):
    copies = []
    for width in (10, 12):
        copy = QgsFeature(lake(masks))  # with the numbers of the lake
        copy.setAttribute("fid", NULL)
        copy.setGeometry(box(300, 20 * width, width, 10))
        copies.append(copy)
    masks.beginEditCommand("Features pasted")
    masks.addFeatures(copies)
    masks.endEditCommand()
    pasted = sorted(item for item in numbers(masks).items() if item[0] < 0)
    assert sorted(area for _number, (area, *_rest) in pasted) == pytest.approx(
        [100 / SCALE**2, 120 / SCALE**2], rel=1e-4
    )


def test_a_step_that_is_given_up_leaves_nothing(masks):
    before = numbers(masks)
    masks.beginEditCommand("Add feature")
    masks.addFeature(QgsVectorLayerUtils.createFeature(masks, box(200, 0, 30, 20)))
    masks.destroyEditCommand()
    masks.beginEditCommand("Delete")
    masks.deleteFeature(lake(masks).id())
    masks.endEditCommand()
    assert len(numbers(masks)) == len(before) - 1 and masks.undoStack().count() == 1


def test_what_a_script_changes_without_a_command_is_measured_when_it_is_saved(masks):
    number = lake(masks).id()
    masks.changeGeometry(number, box(0, 100, 30, 60))
    masks.addFeature(QgsVectorLayerUtils.createFeature(masks, box(200, 0, 30, 20)))
    assert masks.undoStack().count() == 2
    assert masks.commitChanges(), masks.commitErrors()
    saved = numbers(masks)
    assert saved[number][:2] == of_box(30, 60) and saved[max(saved)][:2] == of_box(30, 20) and saved[max(saved)][2] == 1


def test_in_an_automatic_transaction_what_is_saved_is_measured(measuring, written):
    made, layer = written
    QgsProject.instance().setAutoTransaction(True)
    assert layer.startEditing() and type(layer.editBuffer()).__name__ == "QgsVectorLayerEditPassthrough"
    number, label = lake(layer).id(), layer.fields().lookupField("label")
    for width in (30, 90):
        layer.beginEditCommand("Moved")
        layer.changeGeometry(number, box(0, 100, width, 60))
        layer.endEditCommand()
    layer.undoStack().undo()  # the numbers
    layer.undoStack().undo()  # the edit
    assert lake(layer).geometry().area() == 30 * 60 and numbers(layer)[number][:2] == of_box(30, 60)
    layer.beginEditCommand("Add feature")
    layer.addFeature(QgsVectorLayerUtils.createFeature(layer, box(200, 0, 30, 20), {label: "my barn"}))
    layer.endEditCommand()
    layer.undoStack().undo()
    layer.undoStack().redo()
    assert layer.commitChanges(), layer.commitErrors()
    source = ogr.Open(made.file)
    rows = {row["label"]: row for row in source.GetLayerByName("masks")}
    for name, width, height in (("lake", 30, 60), ("my barn", 30, 20)):
        assert (rows[name]["area_m2"], rows[name]["perimeter_m"]) == of_box(width, height)
        assert rows[name]["count"] == 1


def test_a_layer_of_a_project_that_is_opened_again_is_measured(measuring, written, tmp_path):
    file = str(tmp_path / "kept.qgz")
    project = QgsProject.instance()
    assert project.write(file)
    del written
    project.clear()
    assert project.read(file)
    gc.collect()  # as QGIS does, which holds no layer in Python
    layer = next(layer for layer in project.mapLayers().values() if "layername=masks" in layer.source())
    layer.startEditing()
    layer.beginEditCommand("Moved")
    layer.changeGeometry(lake(layer).id(), box(0, 100, 30, 60))
    layer.endEditCommand()
    assert (lake(layer)["area_m2"], lake(layer)["perimeter_m"]) == of_box(30, 60)
    gc.collect()
    layer.undoStack().undo()
    assert lake(layer)["area_m2"] == 3600
    layer.rollBack()
    project.removeMapLayer(layer)
    assert not any("masks" in name for name in measuring._following)


def test_only_the_plugin_s_own_layers_are_followed_and_only_while_it_is_loaded(written):
    from rsvlm.rsvlm_plugin.layers.measuring import ProjectMeasuring
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    _made, layer = written
    measuring = ProjectMeasuring()

    def moved() -> float:
        layer.startEditing()
        layer.beginEditCommand("Moved")
        layer.changeGeometry(lake(layer).id(), box(0, 100, 30, 60))
        layer.endEditCommand()
        area = lake(layer)["area_m2"]
        layer.rollBack()
        return area

    key = layer.customProperty(RESULT_PROPERTY)
    layer.removeCustomProperty(RESULT_PROPERTY)
    assert moved() == 3600
    layer.setCustomProperty(RESULT_PROPERTY, key)  # as Processing does once the layer is in the project
    assert moved() == of_area(30 * 60)
    measuring.dispose()
    assert moved() == 3600


def of_area(flat: float) -> object:
    return pytest.approx(flat / SCALE**2, rel=1e-4)


def test_what_the_plugin_has_measured_itself_is_not_measured_again(masks):
    from rsvlm.rsvlm_plugin.layers.answering import Answering
    from rsvlm.rsvlm_plugin.layers.replacing import Replacing

    Replacing(masks, record(3), record(5).answer, "Threshold 0.3", Answering()).finish()
    assert sorted(area for area, _perimeter, _count in numbers(masks).values()) == [225.0] * 5 + [3600.0]


def test_features_that_nobody_could_measure_stay_so(measuring, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    fields = "field=phrase:string&field=area_m2:double&field=perimeter_m:double&field=count:integer"
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32632&{fields}", "found", "memory")
    layer.setCustomProperty(RESULT_PROPERTY, "key")
    row = QgsFeature(layer.fields())
    row.setGeometry(box(0, 0, 5, 5))
    layer.dataProvider().addFeatures([row])
    QgsProject.instance().addMapLayer(layer)
    layer.startEditing()
    layer.beginEditCommand("Moved")
    layer.changeGeometry(next(layer.getFeatures()).id(), box(0, 0, 9, 9))
    layer.endEditCommand()
    assert next(layer.getFeatures())["area_m2"] == NULL
    layer.rollBack()


def test_an_edit_costs_what_it_touches_however_many_others_there_are(measuring, qgis_new_project):
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    fields = "field=area_m2:double&field=perimeter_m:double&field=count:integer"
    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32632&{fields}", "many", "memory")
    rows = []
    for number in range(20_000):
        row = QgsFeature(layer.fields())
        row.setGeometry(box(10 * (number % 100), 10 * (number // 100), 5, 5))
        row.setAttributes([25.0, 20.0, 1])
        rows.append(row)
    layer.dataProvider().addFeatures(rows)
    layer.setCustomProperty(RESULT_PROPERTY, "key")
    QgsProject.instance().addMapLayer(layer)
    layer.startEditing()
    before = time.thread_time()
    layer.beginEditCommand("Moved")
    layer.changeGeometry(777, box(0, 0, 9, 9))
    layer.endEditCommand()
    spent = 1000 * (time.thread_time() - before)
    print(f"one of 20,000: {spent:.1f} ms")
    assert layer.getFeature(777)["area_m2"] == of_area(81) and layer.getFeature(778)["area_m2"] == 25.0
    assert spent < 250
    layer.rollBack()

"""What a layer holds is told label by label, in step with every edit, without counting all of it each time."""

from __future__ import annotations

import time

import pytest
from found_record import LEFT, record, square
from qgis.core import NULL, QgsFeature, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle, QgsVectorLayer

MANY = 45_000


def lines(made, layer_tally) -> list:
    """What the card says, without markup and unbreakable spaces."""
    import re

    from rsvlm.rsvlm_plugin.dock import evidence_lines

    text = evidence_lines.lines(made, "#000", layer_tally.held)
    return [re.sub("<[^>]+>", "", line).replace("\xa0", " ").replace("&nbsp;", " ") for line in text.split("<br>")]


@pytest.fixture
def counted(written, wait):
    from rsvlm.rsvlm_plugin.layers.tally import Tally

    made, layer = written
    tally = Tally(layer)
    wait(lambda: tally.held is not None)
    yield made, layer, tally
    if not tally.gone:
        layer.rollBack()


AS_FOUND = [
    "3 ▣ buildings · 675 m² · score 0.6",
    "1 ▣ lake · 3,600 m² · score 0.9",
    "0 ▢ ships · not found here",
]


def test_an_untouched_layer_is_told_as_the_answer_said(counted):
    made, _layer, tally = counted
    assert lines(made, tally) == AS_FOUND


def test_boxes_which_hold_more_than_the_things_have_no_area_together(qgis_app):
    from rsvlm.rsvlm_plugin.dock import evidence_lines

    told = evidence_lines.lines(record(kind="boxes"), "#000")
    assert "buildings" in told and "m²" not in told


def test_reject_undo_and_redo_are_followed(counted, wait):
    from rsvlm.rsvlm_plugin.layers.editing import reject_at

    made, layer, tally = counted
    reject_at(layer, QgsPointXY(LEFT + 27, 4_999_007), 0.5)
    wait(lambda: tally.held["buildings"].count == 2)
    rejected = ["2 ▣ buildings · 450 m² · score 0.6 · edited", *AS_FOUND[1:]]
    assert lines(made, tally) == rejected
    assert made.answer.text == "buildings: 3 found. the lake: 1 found."
    layer.undoStack().undo()
    wait(lambda: lines(made, tally) == AS_FOUND)
    layer.undoStack().redo()
    wait(lambda: lines(made, tally) == rejected)
    assert layer.commitChanges(), layer.commitErrors()
    wait(lambda: tally.held["buildings"].count == 2)
    assert lines(made, tally) == rejected


def test_what_is_added_and_saved_is_counted_once_and_what_was_absent_is_there(counted, wait):
    from dataclasses import replace

    from rsvlm.protocol import Evidence
    from rsvlm.rsvlm_plugin.layers.editing import add_part

    made, layer, tally = counted
    ship = Evidence("mask", square(LEFT + 200, 4_999_000, 10), "ships", 0.4, 100.0, phrase="ships", perimeter_m=40.0)
    clicked = replace(made, answer=replace(made.answer, evidence=[ship]))
    assert add_part(layer, clicked, QgsPointXY(LEFT + 205, 4_999_005), made.phrases)
    added = [
        AS_FOUND[0],
        "1 ▣ ships · 100 m² · score 0.4 · edited",
        AS_FOUND[1],
    ]  # labels that were not asked for behind
    wait(lambda: lines(made, tally) == added)
    assert layer.commitChanges(), layer.commitErrors()  # the new feature gets another number
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures("\"label\" = 'lake'")).id())
    wait(lambda: "lake" not in tally.held)
    assert lines(made, tally) == [*added[:2], "0 ▢ lake · none left"]
    layer.rollBack()
    wait(lambda: lines(made, tally) == added)


def test_what_was_drawn_by_hand_counts_though_nobody_measured_it(counted, wait):
    made, layer, tally = counted
    layer.startEditing()
    drawn = QgsFeature(layer.fields())
    drawn.setGeometry(QgsGeometry.fromRect(QgsRectangle(LEFT, 4_999_300, LEFT + 9, 4_999_309)).convertToType(2, True))
    layer.addFeature(drawn)
    wait(lambda: "" in tally.held)
    assert lines(made, tally)[2] == "1 ▣ without a label · edited"
    layer.changeAttributeValue(drawn.id(), layer.fields().lookupField("label"), "lake")
    wait(lambda: tally.held["lake"].count == 2)
    assert lines(made, tally)[1] == "2 ▣ lake · score 0.9 · edited"
    assert tally.held["lake"].area_m2 is None and "" not in tally.held


def test_a_layer_that_is_removed_leaves_what_the_answer_said(counted, wait):
    made, layer, tally = counted
    layer.startEditing()
    layer.deleteFeatures(layer.allFeatureIds())
    wait(lambda: tally.held == {})
    assert lines(made, tally)[:2] == ["0 ▢ buildings · none left", "0 ▢ lake · none left"]
    QgsProject.instance().removeMapLayer(layer)
    assert tally.gone and tally.held is None and lines(made, tally) == AS_FOUND


def of_many() -> QgsVectorLayer:
    fields = "field=label:string&field=count:integer&field=area_m2:double&field=score:double"
    layer = QgsVectorLayer(f"Polygon?crs=EPSG:32632&{fields}", "many", "memory")
    rows = []
    for number in range(MANY):
        row = QgsFeature(layer.fields())
        row.setAttributes([("roofs", "cars")[number % 2], 1, 2.0, NULL])
        rows.append(row)
    layer.dataProvider().addFeatures(rows)
    return layer


def test_many_features_hold_nobody_up_and_an_edit_costs_a_moment(qgis_new_project, wait):
    """On the main thread, which is not waited for: processor time."""
    from rsvlm.rsvlm_plugin.layers.tally import Tally

    layer = of_many()
    tally, steps = Tally(layer), []
    step = tally._step

    def timed() -> None:
        before = time.thread_time()
        step()
        steps.append(1000 * (time.thread_time() - before))

    tally._timer.timeout.disconnect()
    tally._timer.timeout.connect(timed)
    layer.startEditing()
    layer.deleteFeature(next(layer.getFeatures()).id())  # while it is being counted
    wait(lambda: tally.held is not None, 60)
    assert (tally.held["roofs"].count, tally.held["cars"].count) == (MANY // 2 - 1, MANY // 2)
    print(f"all: {len(steps)} steps, {sum(steps):.0f} ms, the longest {max(steps):.1f} ms")
    assert len(steps) > 40 and max(steps) < 250
    steps.clear()
    layer.deleteFeature(next(layer.getFeatures()).id())
    wait(lambda: tally.held["cars"].count == MANY // 2 - 1)
    print(f"one more: {steps} ms")
    assert len(steps) == 1 and steps[0] < 250
    layer.undoStack().undo()
    layer.beginEditCommand("all")
    layer.deleteFeatures(layer.allFeatureIds())
    layer.endEditCommand()
    wait(lambda: tally.held == {}, 60)
    layer.undoStack().undo()
    wait(lambda: tally.held and tally.held["cars"].area_m2 == MANY, 60)
    assert max(steps) < 250
    layer.rollBack()

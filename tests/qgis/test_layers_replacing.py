"""Masks are cut again in one step that can be undone, while QGIS goes on; whatever the user does meanwhile, nothing is lost."""

from __future__ import annotations

import gc
import time
from dataclasses import replace

import pytest
from found_record import BOTTOM, LEFT, count_in, record, square
from qgis.core import (
    QgsCategorizedSymbolRenderer,
    QgsFillSymbol,
    QgsPointXY,
    QgsProject,
    QgsRendererCategory,
    QgsSingleSymbolRenderer,
)
from qgis.PyQt.QtCore import QTimer

MANY = 12_000
TITLE = "Threshold 0.3"


def rows(layer) -> dict:
    """All of it, by id."""
    return {item.id(): (item.attributes(), item.geometry().asWkb().data()) for item in layer.getFeatures()}


def of_many(shift: float):
    """Squares in rows of 100; the answer of a record."""
    made = record(0)
    item = made.answer.evidence[0]
    places = [square(LEFT + 6 * (n % 100) + shift, BOTTOM + 6 * (n // 100), 4) for n in range(MANY)]
    made.answer.evidence = [replace(item, geometry=place) for place in places]
    return made.answer


@pytest.fixture
def cut(measuring, written):
    """cut(answer) begins; what it was ended with comes into `cut.ends`."""
    from rsvlm.rsvlm_plugin.layers.answering import Answering
    from rsvlm.rsvlm_plugin.layers.replacing import Replacing

    made, layer = written
    answering = Answering()

    def begin(answer):
        run = Replacing(layer, made, answer, TITLE, answering)
        run.ended.connect(begin.ends.append)
        begin.runs.append(run)
        return run

    begin.ends, begin.runs = [], []
    begin.made, begin.layer = made, layer
    yield begin
    if QgsProject.instance().mapLayers():
        layer.rollBack()


@pytest.fixture
def half_written(cut, monkeypatch):
    """half_written() is the cut of many squares, some of which are in the layer by now, however fast the machine."""
    from rsvlm.rsvlm_plugin.layers import replacing

    def begin():
        monkeypatch.setattr(replacing, "PIECE_S", 0)
        run = cut(of_many(1))
        while not (run._writing and cut.layer.featureCount() > 1000):
            run._go_on()
            assert not run._over
        return run

    return begin


def test_another_cut_takes_the_place_of_all_features_in_one_step(cut, wait):
    layer, before, said = cut.layer, rows(cut.layer), cut.made.answer
    cut(record(7).answer)
    wait(lambda: cut.ends)
    assert cut.ends == [None] and layer.featureCount() == 8
    assert layer.undoStack().undoText() == TITLE and layer.undoStack().count() == 1
    assert [item.label() for item in layer.renderer().categories()] == ["buildings", "lake", "other"]
    assert [item.count for item in cut.made.answer.evidence] == [7, 1] and count_in(cut.made.file) == 4
    after, told = rows(layer), cut.made.answer
    gc.collect()
    layer.undoStack().undo()
    assert rows(layer) == before and cut.made.answer is said
    layer.undoStack().redo()
    assert rows(layer) == after and cut.made.answer is told
    assert layer.commitChanges(), layer.commitErrors()
    assert count_in(cut.made.file) == 8 and cut.made.answer is told


def test_another_cut_leaves_the_looks_that_the_user_gave_the_layer(cut):
    layer = cut.layer
    own = layer.renderer().clone()
    own.updateCategorySymbol(0, QgsFillSymbol.createSimple({"color": "255,0,0,255"}))
    layer.setRenderer(own)
    again = record(2)
    again.answer.evidence.append(replace(again.answer.evidence[0], label="ships", phrase="ships"))
    cut(again.answer).finish()
    categories = layer.renderer().categories()
    assert [item.label() for item in categories] == ["buildings", "lake", "ships", "other"]
    assert categories[0].symbol().color().name() == "#ff0000" and categories[2].symbol().color().name() != "#ff0000"
    again.answer.evidence = again.answer.evidence[-1:]
    cut(again.answer).finish()
    assert layer.renderer().categories()[0].symbol().color().name() == "#ff0000", "for when buildings come back"
    together = QgsRendererCategory(["buildings", "lake"], QgsFillSymbol(), "both")
    layer.setRenderer(QgsCategorizedSymbolRenderer("label", [together]))
    cut(record(7).answer).finish()
    assert cut.ends[-1] is None and [item.label() for item in layer.renderer().categories()] == ["both", "other"]
    layer.setRenderer(QgsSingleSymbolRenderer(QgsFillSymbol.createSimple({"color": "255,0,0,255"})))
    cut(record(7).answer).finish()
    assert layer.renderer().type() == "singleSymbol" and layer.featureCount() == 8


def test_edits_that_are_discarded_take_the_cuts_and_what_is_told_of_them_along(cut):
    before, said = rows(cut.layer), cut.made.answer
    cut(record(7).answer).finish()
    cut(record(9).answer).finish()
    assert cut.made.answer.evidence[0].count == 9
    cut.layer.undoStack().undo()
    assert cut.made.answer.evidence[0].count == 7
    assert cut.layer.rollBack()
    assert rows(cut.layer) == before and cut.made.answer is said


def test_many_features_hold_nobody_up(cut, wait):
    """Processor time of the main thread between two beats of a timer, so that a busy machine does not count."""
    from rsvlm.rsvlm_plugin.layers.tally import Tally

    tally = Tally(cut.layer)
    wait(lambda: tally.held is not None)
    answer, beats = of_many(1), []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.thread_time()))
    timer.start(10)
    began = time.thread_time()
    cut(answer)
    wait(lambda: cut.ends and tally.held and tally.held["lake"].count == MANY, 60)
    timer.stop()
    pauses = [1000 * (after - before) for before, after in zip([began, *beats], beats)]
    spent = 1000 * (beats[-1] - began)
    print(f"{MANY} features: {spent:.0f} ms of the main thread, the longest pause of {len(beats)} {max(pauses):.0f} ms")
    assert cut.layer.featureCount() == MANY
    assert max(pauses) < min(250, spent / 2)  # in pieces, however fast the machine


def test_a_step_of_the_user_comes_after_the_cut_that_it_interrupts(cut, half_written):
    layer, before, said = cut.layer, rows(cut.layer), cut.made.answer
    half_written()
    layer.beginEditCommand("Delete")
    assert cut.ends == [None] and layer.featureCount() == MANY
    one = next(item for item in layer.getFeatures())
    layer.deleteFeature(one.id())
    layer.changeGeometry(max(layer.allFeatureIds()), one.geometry().buffer(2, 1).convertToType(2, True))
    layer.endEditCommand()
    assert [layer.undoStack().text(at) for at in range(layer.undoStack().count())] == [TITLE, "Delete"]
    assert layer.featureCount() == MANY - 1
    own, *others = sorted(item["area_m2"] for item in layer.getFeatures())
    assert own < 100 and set(others) == {3600}  # as the answer said: measured is what the user has changed
    layer.undoStack().undo()
    assert layer.featureCount() == MANY and cut.made.answer is not said
    layer.undoStack().undo()
    assert rows(layer) == before and cut.made.answer is said


def test_a_layer_that_is_saved_meanwhile_has_all_of_the_cut(cut, half_written):
    half_written()
    assert cut.layer.commitChanges(), cut.layer.commitErrors()
    assert cut.ends == [None] and count_in(cut.made.file) == MANY == cut.made.answer.evidence[0].count
    assert not cut.layer.isEditable()


def test_edits_that_are_discarded_meanwhile_leave_the_layer_and_the_record_as_they_were(cut, half_written):
    layer, before, said = cut.layer, rows(cut.layer), cut.made.answer
    half_written()
    assert layer.rollBack()
    assert cut.ends == [None] and rows(layer) == before and cut.made.answer is said
    layer.startEditing()
    layer.beginEditCommand("Delete")
    layer.deleteFeatures(list(before)[:1])
    layer.endEditCommand()
    assert layer.featureCount() == 3 and layer.undoStack().count() == 1


@pytest.mark.parametrize("written_so_far", [False, True])
def test_a_layer_that_is_removed_meanwhile_ends_the_cut(cut, half_written, written_so_far):
    said = cut.made.answer
    if written_so_far:
        half_written()
    else:
        cut(of_many(1))
    QgsProject.instance().clear()
    assert [error.code for error in cut.ends] == ["cancelled"]
    assert cut.made.answer is said and count_in(cut.made.file) == 4


def test_who_wants_it_no_more_has_nothing_begun_or_all_of_it(cut, half_written, wait):
    layer, before = cut.layer, rows(cut.layer)
    cut(of_many(1)).stop()
    assert [error.code for error in cut.ends] == ["cancelled"] and rows(layer) == before and not layer.isEditable()
    run = half_written()
    run.stop()
    newer = cut(record(7).answer)  # while the one before is being written
    wait(lambda: len(cut.ends) == 3, 60)
    assert newer._title == layer.undoStack().undoText() and layer.undoStack().count() == 2
    assert layer.featureCount() == 8 and cut.made.answer.evidence[0].count == 7
    layer.undoStack().undo()
    assert layer.featureCount() == MANY == cut.made.answer.evidence[0].count


def test_a_locked_layer_says_so(cut, wait):
    cut.layer.setReadOnly(True)
    cut(record(7).answer)
    wait(lambda: cut.ends)
    assert cut.ends[0].code == "forbidden" and "cannot be edited" in cut.ends[0].message
    assert cut.layer.featureCount() == 4


def test_a_filtered_layer_says_so(cut, wait):
    cut.layer.setSubsetString("\"label\" = 'lake'")
    cut(record(7).answer)
    wait(lambda: cut.ends)
    assert cut.ends[0].code == "forbidden" and "is filtered" in cut.ends[0].message
    cut.layer.setSubsetString("")
    assert cut.layer.featureCount() == 4


@pytest.mark.parametrize("what", ["Reject feature", "Grow feature"])
def test_what_a_click_means_is_looked_up_once_all_is_written(cut, half_written, what):
    from rsvlm.rsvlm_plugin.layers.editing import add_part, reject_at

    half_written()
    last = QgsPointXY(LEFT + 6 * 99 + 3, BOTTOM + 6 * (MANY // 100 - 1) + 2)  # not written yet
    if what == "Reject feature":
        assert reject_at(cut.layer, last, 0.1)
    else:
        found = replace(record(0).answer.evidence[0], geometry=square(last.x(), last.y(), 5))
        made = replace(cut.made, answer=replace(cut.made.answer, evidence=[found]))
        assert add_part(cut.layer, made, last, [])
    stack = cut.layer.undoStack()
    assert cut.ends == [None] and [stack.text(at) for at in range(stack.count())] == [TITLE, what]
    stack.undo()
    assert cut.layer.featureCount() == MANY
    assert not reject_at(cut.layer, QgsPointXY(LEFT - 100, BOTTOM), 0.1) and stack.canRedo()  # a miss is no step

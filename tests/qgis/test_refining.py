"""Another threshold: slider and record tell what the layer holds, undone and redone with it, whatever is asked meanwhile."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from found_record import BOTTOM, LEFT, record
from qgis.core import QgsPointXY, QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtWidgets import QPushButton

# What is told of the cut of several searches is that of the first.
OF_FIRST = {"likely": 0.4, "smallest_m2": 40.0, "tolerance_m": 5.0, "right_angles": True}


class Later(QObject):
    """A reply of the backend that comes when the test says so."""

    finished = pyqtSignal(object)
    failed = pyqtSignal(object)
    cancelled = False

    def cancel(self):
        from rsvlm.protocol import Cancelled

        self.cancelled = True
        self.failed.emit(Cancelled())


def cut_at(likely: float, count: int):
    """What a cut finds."""
    answer = record(count).answer
    answer.provenance["cut"] = {"likely": likely}
    return answer


@pytest.fixture
def dock(written, qgis_iface):
    """The card of a layer that was cut at 0.5 is in `card`, `replies` has what the backend was asked for."""
    from rsvlm.rsvlm_plugin.dock.answers import Answers
    from rsvlm.rsvlm_plugin.dock.refining import Refining

    made, layer = written
    replies, problems, asked, requests = [], [], [], []

    def find(request):
        asked.append(request.likely)
        requests.append(request)
        replies.append(Later())
        return replies[-1]

    report = SimpleNamespace(clear=lambda: None, error=problems.append)
    answers = Answers(qgis_iface, report, QPushButton())
    refining = Refining(qgis_iface, SimpleNamespace(find=find), report)
    answers.threshold_asked.connect(refining.cut_again)
    refining.recut.connect(answers.refresh)
    card = answers.begin("ortho")
    answers.keep(card, made)
    yield SimpleNamespace(
        card=card, layer=layer, answers=answers, refining=refining, replies=replies, problems=problems, asked=asked,
        requests=requests,
    )  # fmt: skip
    refining.dispose()
    answers.dispose()


def shown(dock) -> float:
    """What the slider says, and the record, and what is stored with the project."""
    (stored,) = json.loads(QgsProject.instance().readEntry("rsvlm", "/answers", "")[0])
    said = dock.card.record.answer.provenance.get("cut", {"likely": 0.5})["likely"]
    assert dock.card.refine.slider.value() / 20 == said
    assert stored["answer"]["provenance"].get("cut", {"likely": 0.5})["likely"] == said
    return said


def moved(dock, wait, likely: float) -> Later:
    dock.card.refine.slider.setValue(round(20 * likely))
    wait(lambda: dock.asked and dock.asked[-1] == likely)
    return dock.replies[-1]


def test_slider_and_record_follow_undo_and_redo(dock, wait):
    stack = dock.layer.undoStack()
    for likely, count in ((0.3, 7), (0.2, 9)):
        moved(dock, wait, likely).finished.emit(cut_at(likely, count))
        wait(lambda: not dock.refining._cuts)
        assert shown(dock) == likely and dock.layer.featureCount() == count + 1
    thresholds = []
    for step in (stack.undo, stack.undo, stack.redo, stack.redo, stack.undo):
        step()
        thresholds.append((shown(dock), dock.layer.featureCount()))
    assert thresholds == [(0.3, 8), (0.5, 4), (0.3, 8), (0.2, 10), (0.3, 8)]
    dock.layer.rollBack()
    assert (shown(dock), dock.layer.featureCount()) == (0.5, 4)
    assert len(dock.asked) == 2 and dock.problems == []


def test_a_newer_wish_takes_the_place_of_an_older_one_and_the_slider_stays_with_it(dock, wait):
    older = moved(dock, wait, 0.3)
    newer = moved(dock, wait, 0.2)
    assert older.cancelled and not newer.cancelled and dock.card.refine.slider.value() == 4
    newer.finished.emit(cut_at(0.2, 9))
    dock.card.refine.slider.setValue(14)  # while that is being written
    wait(lambda: dock.layer.featureCount() == 10 and dock.card.record.answer.provenance["cut"]["likely"] == 0.2)
    assert dock.card.refine.slider.value() == 14
    wait(lambda: dock.asked == [0.3, 0.2, 0.7])
    dock.replies[-1].finished.emit(cut_at(0.7, 1))
    wait(lambda: dock.layer.featureCount() == 2)
    assert shown(dock) == 0.7 and dock.layer.undoStack().count() == 2
    dock.layer.rollBack()


def test_a_cut_that_fails_gives_the_slider_back(dock, wait):
    from rsvlm.protocol import RsvlmError

    moved(dock, wait, 0.3).failed.emit(RsvlmError("not_found", "Not kept.", "Find it again."))
    assert shown(dock) == 0.5 and [problem.message for problem in dock.problems] == ["Not kept."]
    dock.layer.setReadOnly(True)
    moved(dock, wait, 0.2).finished.emit(cut_at(0.2, 9))
    wait(lambda: len(dock.problems) == 2)
    assert shown(dock) == 0.5 and "cannot be edited" in dock.problems[1].message


def test_outlines_of_each_search_stay_as_fine_as_its_own_pixels(dock, wait):
    dock.card.record.answer.provenance["cut"] = OF_FIRST
    moved(dock, wait, 0.3)
    (request,) = dock.requests
    assert (request.likely, request.right_angles) == (0.3, True)
    assert request.smallest_m2 is None and request.tolerance_m is None


def test_what_a_click_adds_is_as_fine_as_the_pixels_it_is_seen_in(written):
    from rsvlm.rsvlm_plugin.dock.adding import Adding

    made, _layer = written
    made.answer.provenance["cut"] = OF_FIRST
    made.answer.structured = {"probabilities": [{"phrases": ["buildings"], "path": made.file}]}
    models, requests = Later(), []
    backend = SimpleNamespace(models=lambda: models, find=lambda request: requests.append(request) or Later())
    run = Adding(backend, made, "buildings", QgsPointXY(LEFT + 7, BOTTOM + 7))
    models.finished.emit({"data": []})
    (request,) = requests
    assert (request.likely, request.right_angles, request.tolerance_m) == (0.4, True, None)
    run.forget()


@pytest.mark.parametrize("what", ["reject", "add"])
def test_a_click_while_masks_are_being_cut_is_refused(dock, wait, what):
    dock.refining._down = (dock.card, what, dock.layer)
    reply, inside = moved(dock, wait, 0.3), QgsPointXY(LEFT + 27, BOTTOM + 7)
    dock.refining._clicked(inside, 0.5)
    (problem,) = dock.problems
    assert problem.code == "busy" and "still being cut" in problem.message and len(dock.requests) == 1
    assert dock.layer.featureCount() == 4 and not dock.layer.isEditable()
    reply.finished.emit(cut_at(0.3, 7))
    if what == "reject":  # once it is answered, it is written at once and the click comes after it
        dock.refining._clicked(inside, 0.5)
        assert dock.layer.featureCount() == 7 and len(dock.problems) == 1
    wait(lambda: not dock.refining._cuts)
    dock.refining._down = None
    dock.layer.rollBack()


@pytest.mark.parametrize("answered", [False, True])
def test_a_cut_whose_project_is_closed_brings_nothing_into_the_next_one(dock, wait, qgis_app, answered):
    reply = moved(dock, wait, 0.3)
    if answered:
        reply.finished.emit(cut_at(0.3, 7))
    QgsProject.instance().clear()
    assert reply.cancelled is not answered and dock.refining._cuts == []
    for _turn in range(20):
        qgis_app.processEvents()
    assert not QgsProject.instance().mapLayers() and dock.problems == []
    assert QgsProject.instance().readEntry("rsvlm", "/answers", "")[0] == ""

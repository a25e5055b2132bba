"""What differs between two dates, told from outlines: numbers, places, sizes, and how likely the answers are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from rsvlm.models.cards import Calibration
from rsvlm.models.predictors.abilities import Likely
from rsvlm.tasks.asked_change import Asked, Kind, asked_change
from rsvlm.tasks.differing import UNCHANGED, Differences, drawn_for, harmed, in_picture, looked_at, masks, phrases
from rsvlm.tasks.outlines import LIKELY

THINGS = ("building", "road", "area of woodland")
KINDS = [Kind(state, thing) for state in ("new", "lost") for thing in THINGS]
HOUSE, FELLED = Kind("new", "building"), Kind("lost", "area of woodland")
Squares = list[tuple[int, int, int, int]]


def differences(squares: dict[str, Squares], sure: float = 0.9, kinds: Sequence[Kind] = KINDS) -> Differences:
    """Of a picture of 90 x 90 pixels. squares: of each kind, where it is likely: x0, y0, x1, y1."""
    changed = np.zeros((90, 90), np.float32)
    drawn = {kind: changed.copy() for kind in kinds}
    for kind, own in drawn.items():
        for x0, y0, x1, y1 in squares.get(kind.label, []):
            own[y0:y1, x0:x1] = changed[y0:y1, x0:x1] = sure
    return in_picture(changed, drawn)


NONE = "There are no new buildings, new roads, new areas of woodland, lost buildings, lost roads or lost areas of woodland there."
TWO = {"new building": [(5, 5, 15, 15), (40, 40, 50, 50)], "lost woodland": [(60, 70, 90, 90)]}


def test_all_that_differs_is_told_largest_first():
    text, sure = differences(TWO).told()
    assert text == (
        "Lost woodland at the bottom right. Two new buildings at the top left and in the middle. "
        "All that changed covers 10 % of what both dates show."
    )
    assert sure == pytest.approx(0.9)
    assert differences({}).told() == (UNCHANGED, 1.0)


def test_what_changed_otherwise_is_told_besides():
    changed = np.zeros((90, 90), np.float32)
    changed[5:45, 5:45] = changed[70:80, 70:80] = changed[40:50, 70:80] = 0.9
    drawn = {kind: np.zeros_like(changed) for kind in KINDS}
    drawn[HOUSE][10:20, 10:20] = drawn[HOUSE][70:80, 70:78] = 0.9
    assert in_picture(changed, {}).told()[0].startswith("Something changed at ")
    both = in_picture(changed, drawn)
    assert sorted(both.of_no_kind) == [False, True, True]
    assert both.told()[0].startswith(
        "Two new buildings at the top left and at the bottom right. Something else changed at the top left and at the right."
    )


def test_many_places_are_not_listed_and_ground_is_measured():
    many = differences({"new building": [(x, y, x + 6, y + 6) for x in (5, 45, 75) for y in (5, 45)]})
    ground = replace(many, areas_m2={None: 150.0, HOUSE: 140.0})
    assert ground.told()[0] == (
        "Six new buildings in many places, 140 m². All that changed covers 150 m², 3 % of what both dates show."
    )
    assert ground.answer(Asked("share")) == ("About 2.67 percent of the image has changed, 150 m².", pytest.approx(0.9))


def test_scraps_are_not_counted():
    torn = differences({"new building": [(5, 5, 25, 25), (30, 5, 33, 8)]})
    assert torn.answer(Asked("count", (HOUSE,)))[0] == "1 new building."
    assert torn.told()[0].startswith("One new building at the top left.")
    assert torn.answer(Asked("there", (HOUSE,), "top"))[0] == "Yes." and not any(torn.of_no_kind)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What changed?", differences(TWO).told()[0]),
        ("Has this place changed? Answer yes or no.", "Yes."),
        ("Are there any new roads?", "No."),
        ("Was any woodland cleared?", "Yes."),
        ("Have trees disappeared at the top left?", "No."),
        ("Was anything built?", "Yes."),
        ("Did anything change at the top left?", "Yes."),
        ("Did anything change at the left?", "Yes."),
        ("Did anything change at the bottom left?", "No."),
        ("Count the new buildings and roads.", "2 new buildings and 0 new roads."),
        ("How many houses were built in the middle?", "1 new building."),
        ("Count the new or lost buildings, roads and areas of woodland at the bottom left.", NONE),
        ("Where are the new buildings?", "At the top left and in the middle."),
        ("Where were houses demolished?", "There are no lost buildings."),
        ("How many new buildings are there at the top right?", "There are no new buildings there."),
        ("Where is the largest new building?", "The largest lies in the middle."),
        ("In which part of the image did most of the change take place?", "Most of it lies at the bottom right."),
        ("How much of the image has changed?", "About 9.88 percent of the image has changed."),
        ("How much forest was lost?", "Lost woodland at the bottom right, 7 %."),
        (
            "In which cells of a 3x3 grid are there new buildings and roads?",
            "buildings ['top-left', 'center-center'] roads []",
        ),
        (
            "Locate the new and lost buildings by the cells of a 3x3 grid.",
            "new buildings ['top-left', 'center-center'] lost buildings []",
        ),
    ],
)
def test_questions_are_answered_from_outlines(question: str, answer: str):
    asked = asked_change(question, THINGS)
    assert asked is not None
    assert differences(TWO).answer(asked)[0] == answer


def test_whole_change_is_a_hundred_percent():
    assert differences({"new road": [(0, 0, 90, 90)]}).answer(Asked("share"))[0].startswith("About 100 percent")


def test_an_answer_is_as_likely_as_its_outlines():
    some = differences({"new building": [(5, 5, 15, 15)]}, sure=0.8)
    assert some.answer(Asked("there", (HOUSE,))) == ("Yes.", pytest.approx(0.8))
    assert some.answer(Asked("there", (FELLED,))) == ("No.", pytest.approx(1.0))
    one, several = (some.answer(Asked("count", (HOUSE,)))[1], differences(TWO).answer(Asked("count", (HOUSE,)))[1])
    assert several < one < 0.8
    faint = differences({"new building": [(5, 5, 15, 15)]}, sure=0.4)
    assert faint.told() == (UNCHANGED, pytest.approx(0.6))


def test_a_pixel_came_as_one_thing_and_went_as_one_where_anything_changed():
    changed, sure = np.float32([0.9, 0.9, 0.9, 0.4]), np.zeros(4, np.float32)
    likely = {kind: sure.copy() for kind in KINDS}
    likely[HOUSE][:] = 0.8
    likely[Kind("new", "road")][:2] = (0.9, 0.6)
    likely[FELLED][1:] = 0.95
    drawn = masks(changed, list(likely.values()), list(likely))
    assert {kind.label: (one >= LIKELY).tolist() for kind, one in drawn.items() if (one >= LIKELY).any()} == {
        "new building": [False, True, True, False],
        "new road": [True, False, False, False],
        "lost woodland": [False, True, True, False],
    }


def test_what_came_and_went_as_the_same_thing_is_told_once():
    likely = {kind: np.zeros(2, np.float32) for kind in KINDS}
    likely[FELLED][:], likely[Kind("new", "area of woodland")][:] = 0.9, (0.6, 0.95)
    drawn = masks(np.ones(2, np.float32), list(likely.values()), list(likely))
    assert (drawn[FELLED] >= LIKELY).tolist() == [True, False]
    assert (drawn[Kind("new", "area of woodland")] >= LIKELY).tolist() == [False, True]


def test_what_came_and_what_went_are_asked_for_by_name():
    assert list(phrases({"building": "buildings", "area of woodland": "trees"}).items()) == [
        (HOUSE, "new buildings"), (Kind("new", "area of woodland"), "new trees"),
        (Kind("lost", "building"), "lost buildings"), (FELLED, "lost trees"),
    ]  # fmt: skip


class Comparer:
    """Of two dates of 90 x 90 pixels: the left half changed, houses stood in the upper half, some at the left went; no trees."""

    card = SimpleNamespace(calibration=Calibration(changes={"building": "buildings", "area of woodland": "trees"}))

    def encode(self, pictures: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        return pictures

    def likely(self, seen: Sequence[object], phrases: Sequence[str]) -> list[Likely]:
        maps = {phrase: np.zeros((90, 90), np.float32) for phrase in phrases}
        for phrase, value, part in (
            ("what changed", 0.8, np.s_[:, :45]),
            ("buildings", 0.5, np.s_[:45]),
            ("lost buildings", 0.9, np.s_[:, :20]),
        ):
            if phrase in maps:
                maps[phrase][part] = value
        there = np.array([found.max() for found in maps.values()], np.float32)
        return [Likely(np.stack(list(maps.values())), there) for _ in seen]


PAIR = ("pair", np.zeros((90, 90, 3), np.uint8))


def test_what_is_damaged_was_there_and_changed():
    assert harmed(np.array([0.9, 0.9, 0.1]), np.array([0.4, 0.1, 0.9]), 0.9).round(1).tolist() == [0.6, 0.3, 0.3]
    assert not harmed(np.ones(1), np.ones(1), 0.4).any()  # more likely not there at all
    hurt = Kind("damaged", "building")
    _, drawn = looked_at(Comparer(), *PAIR, [hurt])
    assert (drawn[hurt] >= LIKELY).sum() == 45 * 45 and (drawn[hurt] >= LIKELY)[:45, :45].all()
    assert hurt not in looked_at(Comparer(), *PAIR)[1]  # which is told of where it is asked for
    lost = Kind("lost", "building")
    _, both = looked_at(Comparer(), *PAIR, [lost, hurt])
    assert (both[lost] >= LIKELY).sum() == 90 * 20  # of the left half that changed, which is told of once
    assert (both[hurt] >= LIKELY).sum() == 45 * 45 - 20 * 45


def test_outlines_are_of_what_a_question_wants_outlined():
    mask, name = drawn_for(Comparer(), *PAIR, "Outline the damaged buildings.") or (None, "")
    assert mask is not None and (mask >= LIKELY).sum() == 45 * 45 and name == "damaged building"
    both, names = drawn_for(Comparer(), *PAIR, "Show me the lost or damaged buildings.") or (None, "")
    assert both is not None and both.max() >= LIKELY and names == "lost building, damaged building"
    for question in (
        "Show me the damaged buildings at the left.",
        "What changed?",
        "How many buildings were damaged?",
        "Outline the ships.",
        "",
    ):
        assert drawn_for(Comparer(), *PAIR, question) is None


def test_damage_is_answered_like_what_came_and_went():
    found = differences(
        {"damaged building": [(5, 5, 15, 15), (70, 70, 80, 80)]}, kinds=[*KINDS, Kind("damaged", "building")]
    )
    asked = asked_change("How many buildings were damaged?", THINGS)
    assert asked and found.answer(asked)[0] == "2 damaged buildings."
    asked = asked_change("Are any houses damaged at the left?", THINGS)
    assert asked and found.answer(asked)[0] == "Yes."
    asked = asked_change("Outline the damaged roads", THINGS)
    assert asked and replace(found, kinds={**found.kinds, asked.kinds[0]: found.kinds[HOUSE]}).answer(asked)[0] == (
        "There are no damaged roads."
    )


def test_places_that_are_told_lie_where_they_are_asked_for():
    found = differences({"lost building": [(5, 5, 15, 15), (70, 70, 80, 80)]})
    asked = asked_change("Which buildings were demolished at the top left?", THINGS)
    assert asked and found.answer(asked)[0] == "At the top left."
    asked = asked_change("Show me the lost buildings at the right.", THINGS)
    assert asked and found.answer(asked)[0] == "At the bottom right."
    asked = asked_change("Which buildings were demolished at the top right?", THINGS)
    assert asked and found.answer(asked)[0] == "There are no lost buildings there."


def test_a_pixel_as_likely_of_two_kinds_is_of_one():
    likely = np.ones((len(KINDS), 4), np.float32)
    likely[len(THINGS) :] = 0.9
    drawn = masks(np.ones(4, np.float32), list(likely), KINDS)
    assert sum(int((one >= LIKELY).sum()) for one in drawn.values()) == 4

"""What differs between two dates, told from outlines: numbers, places, sizes, and how likely the answers are right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rsvlm.models.predictors.abilities import Likely
from rsvlm.tasks.asked_change import Asked, Kind, asked_change
from rsvlm.tasks.differing import UNCHANGED, Differences, in_picture, masks
from rsvlm.tasks.outlines import LIKELY

THINGS = ("building", "road", "area of woodland")
KINDS = [Kind(state, thing) for state in ("new", "lost") for thing in THINGS]
HOUSE, FELLED = Kind("new", "building"), Kind("lost", "area of woodland")
Squares = list[tuple[int, int, int, int]]


def differences(squares: dict[str, Squares], sure: float = 0.9) -> Differences:
    """Of a picture of 90 x 90 pixels. squares: of each kind, where it is likely: x0, y0, x1, y1."""
    changed = np.zeros((90, 90), np.float32)
    drawn = {kind: changed.copy() for kind in KINDS}
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


def test_what_came_is_there_at_the_later_date_alone_where_something_changed():
    changed = np.zeros((9, 9), np.float32)
    changed[:6] = 0.9
    before, after = (Likely(np.zeros((3, 9, 9), np.float32), np.ones(3, np.float32)) for _ in range(2))
    before.maps[2] = 0.95  # woodland all over
    after.maps[2, :, 3:] = 0.95
    after.maps[0, :, :3], after.maps[1, :, :1] = 0.8, 0.9
    drawn = {kind: values >= LIKELY for kind, values in masks(changed, before, after, THINGS).items()}
    assert drawn[FELLED].sum() == 18  # six rows of three columns
    assert drawn[Kind("new", "road")].sum() == 6 and drawn[HOUSE].sum() == 12  # a pixel came as one thing
    assert sum(values.sum() for values in drawn.values()) == 36
    after.there[0] = 0.2  # more likely not there at all
    assert not (masks(changed, before, after, THINGS)[HOUSE] >= LIKELY).any()

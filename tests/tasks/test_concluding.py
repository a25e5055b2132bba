"""Answers that follow from where things are likely to be."""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress

import numpy as np
import pytest
from shapely.geometry import box

from rsvlm.tasks.concluding import InPicture, OnGround, Shown, concluded, exactly, whole
from rsvlm.tasks.measurable import measurable

SIDE = 90


def picture(*boxes: tuple[int, int, int, int], there: float = 0.9) -> InPicture:
    """x0, y0, x1, y1 of what is likely, from the top left."""
    likely = np.full((SIDE, SIDE), 0.01, np.float32)
    for x0, y0, x1, y1 in boxes:
        likely[y0:y1, x0:x1] = 0.9
    return InPicture(there, likely)


def ground(*boxes: tuple[float, float, float, float], there: float = 0.9) -> OnGround:
    """The same with y up, from 1000, 2000 at the lower left."""
    shapes = [box(1000 + x0, 2000 + SIDE - y1, 1000 + x1, 2000 + SIDE - y0) for x0, y0, x1, y1 in boxes]
    return OnGround(there, SIDE**2, (1000, 2000 + SIDE, 1000 + SIDE, 2000), list(compress(shapes, whole(shapes))))


@pytest.mark.parametrize("seen", [picture, ground])
@pytest.mark.parametrize(
    ("question", "boxes", "answer"),
    [
        ("How many cars are there?", [[(0, 0, 9, 9), (20, 20, 29, 29), (60, 60, 69, 69)]], "3."),
        ("How many cars are there?", [[(0, 0, 30, 30), (40, 40, 70, 70), (80, 80, 84, 84)]], "2."),  # one is a scrap
        ("How many lakes are there?", [[(0, 0, 60, 60), (70, 0, 74, 4), (70, 9, 74, 13), (70, 20, 74, 24)]], "1."),
        ("How many buildings are there?", [[(0, 0, 60, 60), *((x, 70, x + 8, 78) for x in range(0, 80, 10))]], "9."),
        ("How many cars are at the top left?", [[(0, 0, 9, 9), (60, 60, 69, 69)]], "1."),
        ("Is there a car at the bottom?", [[(40, 70, 50, 80)]], "Yes."),
        ("Is there a car at the top?", [[(40, 70, 50, 80)]], "No."),
        ("Are there cars in the left half of the image?", [[(2, 2, 12, 12)]], "Yes."),
        ("How many cars are in the bottom half?", [[(2, 2, 12, 12), (2, 50, 12, 60), (80, 80, 90, 90)]], "2."),
        ("How much of the image is covered by trees?", [[(0, 0, 90, 45)]], "50 percent."),
        ("Are there more cars than trees?", [[(0, 0, 9, 9), (20, 0, 29, 9)], [(30, 30, 80, 80)]], "Yes."),
        ("Is the area of cars larger than that of trees?", [[(0, 0, 9, 9), (20, 0, 29, 9)], [(30, 30, 80, 80)]], "No."),
        ("Is the area of cars smaller than that of trees?", [[(0, 0, 9, 9)], [(30, 30, 80, 80)]], "Yes."),
        ("Is the car above the tree?", [[(40, 0, 50, 10)], [(40, 60, 50, 70)]], "Yes."),
        ("Is the car below the tree?", [[(40, 0, 50, 10)], [(40, 60, 50, 70)]], "No."),
        ("Are the cars to the right of the tree?", [[(60, 0, 90, 30), (0, 0, 10, 10)], [(20, 60, 30, 70)]], "Yes."),
        ("Are all cars to the right of the tree?", [[(60, 0, 90, 30), (0, 0, 15, 15)], [(20, 60, 30, 70)]], "No."),
    ],
)
def test_answer_follows_from_what_is_where(seen: object, question: str, boxes: list, answer: str):
    asked = measurable(question)
    assert asked is not None and callable(seen)
    shown: dict[str, Shown] = {phrase: seen(*own) for phrase, own in zip(asked.phrases, boxes, strict=True)}
    found = concluded(asked, shown, "Maybe.", 0.5)
    assert found is not None and found[0] == answer
    if asked.kind == "count":
        assert found[1] == pytest.approx(0.9 * exactly(int(float(answer))))
    else:
        assert 0.5 <= found[1] <= 1


@pytest.mark.parametrize(
    ("question", "boxes", "answer"),
    [
        ("Is there water in the left half?", [(0, 0, 90, 85)], "Yes."),
        ("Is there water at the bottom right?", [(0, 0, 90, 85)], "Yes."),
        ("Is there a river at the top left?", [(0, 10, 90, 14)], "Yes."),
        ("Is there a river in the middle?", [(0, 10, 90, 14)], "No."),
        ("Is there a lake at the top left?", [(29.9, 0, 90, 90)], "No."),  # a sliver of it
        ("Is there a house in the left half?", [(43, 0, 53, 10)], "No."),
        ("How many lakes are in the left half?", [(10, 0, 90, 90)], "1."),
        ("Is there a building at the top?", [(5, 2, 15, 12), (80, 2, 90, 12)], "Yes."),
        ("Is there a building at the top middle?", [(5, 2, 15, 12), (80, 2, 90, 12)], "No."),
        ("How many buildings are there at the top?", [(5, 2, 15, 12), (80, 2, 90, 12), (80, 70, 90, 80)], "2."),
        ("How many buildings are on the right?", [(5, 2, 15, 12), (80, 2, 90, 12), (80, 70, 90, 80)], "2."),
    ],
)
def test_on_the_ground_a_place_is_what_people_call_so_and_has_what_lies_in_it_by_parts(
    question: str, boxes: list, answer: str
):
    asked = measurable(question)
    assert asked is not None
    assert (concluded(asked, {asked.phrases[0]: ground(*boxes)}, "Maybe.", 0.5) or ("",))[0] == answer


def test_in_questions_of_data_sets_the_top_is_a_cell():
    asked = measurable("Is there a building at the top of the image?")
    assert asked is not None
    corners = picture((5, 2, 15, 12), (75, 2, 85, 12))
    assert (concluded(asked, {"building": corners}, "Maybe.", 0.5) or ("",))[0] == "No."


def test_both_words_of_the_model_tell_whether_something_is_there():
    asked = measurable("Is there a lake?")
    assert asked is not None

    def told(there: float, text: str, sure: float) -> tuple[str, float] | None:
        return concluded(asked, {"lake": picture(there=there)}, text, sure)

    assert told(0.8, "Perhaps.", 0.9) == ("Yes.", 0.8) and told(0.2, "", 0.0) == ("No.", 0.8)
    assert told(0.55, "No.", 0.95) == ("No.", pytest.approx(0.64, abs=0.01))
    assert told(0.9, "No.", 0.7) == ("Yes.", pytest.approx(0.81, abs=0.01))


def test_count_is_told_in_the_words_that_the_model_uses():
    asked = measurable("How many boats are there?")
    assert asked is not None
    two = {"boats": picture((0, 0, 9, 9), (20, 20, 29, 29))}
    assert concluded(asked, two, "Eight.", 0.4) == ("Two.", pytest.approx(0.9 * exactly(2)))
    assert concluded(asked, two, "8.", 0.4) == ("2.", pytest.approx(0.9 * exactly(2)))
    assert concluded(asked, two, "Twenty-three.", 0.4) == ("Two.", pytest.approx(0.9 * exactly(2)))
    many = {"boats": picture(*((x, y, x + 4, y + 4) for x in range(0, 30, 6) for y in range(0, 30, 6)))}
    assert [concluded(asked, many, text, 0.4)[0] for text in ("Eight.", "8.")] == ["Twenty-five.", "25."]
    absent: dict[str, Shown] = {"boats": picture((0, 0, 9, 9), there=0.1)}
    assert concluded(asked, absent, "8.", 0.4) == ("0.", 0.9)
    assert concluded(asked, absent, "Eight.", 0.4) == ("Zero.", 0.9)


def test_a_number_is_less_sure_the_more_there_are():
    assert exactly(0) == 1 and all(exactly(number) > exactly(number + 1) > 0 for number in range(40))


@pytest.mark.parametrize("seen", [picture, ground])
def test_nothing_outlined_is_as_sure_as_it_is_that_nothing_is_there(seen: Callable[..., Shown]):
    asked = measurable("How many boats are there?")
    assert asked is not None
    assert concluded(asked, {"boats": seen(there=0.05)}, "8.", 0.4) == ("0.", pytest.approx(0.95))
    assert concluded(asked, {"boats": seen(there=0.95)}, "8.", 0.4) is None  # they are there: none is no answer
    asked = measurable("Are there boats in the left half?")
    assert asked is not None
    assert concluded(asked, {"boats": ground(there=0.1)}, "Yes.", 0.4) == ("No.", 0.9)
    assert concluded(asked, {"boats": ground((80, 0, 90, 10), there=0.9)}, "Yes.", 0.4) == ("No.", 0.9)


def test_what_is_not_there_is_beside_nothing():
    asked = measurable("Is the lake left of the airport?")
    assert asked is not None
    assert concluded(asked, {"lake": ground((0, 0, 9, 9)), "airport": ground(there=0.1)}, "No.", 0.7) is None


def test_nothing_of_either_is_no_comparison():
    asked = measurable("Are there more cars than trees?")
    assert asked is not None
    assert concluded(asked, {"cars": ground(), "trees": ground()}, "Yes.", 0.7) is None


def test_comparison_is_no_surer_than_that_there_is_any_of_the_one_and_none_of_the_other():
    asked = measurable("Are there more cars than trees?")
    assert asked is not None
    one = (0, 0, 9, 9)
    for there, sure in (((0.4, 0.1), 0.4), ((0.9, 0.7), 0.3)):
        shown = {"cars": picture(one, there=there[0]), "trees": picture(there=there[1])}
        answer = concluded(asked, shown, "", 0.0)
        assert answer is not None and answer[0] == "Yes." and answer[1] == pytest.approx(sure)

"""What a referring expression means is chosen by what is measured on outlines of its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from shapely import box

from rsvlm.models.cards import get_card
from rsvlm.models.predictors.abilities import Likely
from rsvlm.tasks.referring import Referring, picked, referring, refers, singled_out
from rsvlm.tasks.sights import ByProbabilities

SIDE = 96
# Boxes of four things: left, top, right, bottom in pixels.
THINGS = {"small": (10, 10, 16, 16), "large": (60, 8, 84, 28), "middle": (40, 44, 52, 54), "low": (70, 80, 82, 90)}


def drawn(boxes: Sequence[tuple[int, int, int, int]], likely: float = 0.9) -> np.ndarray:
    found = np.full((SIDE, SIDE), 0.02, np.float32)
    for x0, y0, x1, y1 in boxes:
        found[y0:y1, x0:x1] = likely
    return found


def chosen(phrase: str, boxes: Mapping[str, tuple[int, int, int, int]] = THINGS, there: float = 0.9) -> set[str]:
    meant = referring(phrase)
    assert meant is not None
    found, likely = singled_out(meant, drawn(list(boxes.values()), 0.6), drawn(list(boxes.values())), there)
    return {name for name, (x0, y0, x1, y1) in boxes.items() if (found[y0:y1, x0:x1] > 0.5).all() and likely > 0.5}


@pytest.mark.parametrize(
    ("phrase", "meant"),
    [
        ("the largest building", Referring("building", size="largest")),
        ("The biggest white building", Referring("white building", size="biggest")),
        ("leftmost car", Referring("car", extreme="leftmost")),
        ("the lake at the top left", Referring("lake", place="top left")),
        ("the smallest lake in the middle", Referring("lake", size="smallest", place="middle")),
        ("the gray building at the bottom right", Referring("gray building", place="bottom right")),
        ("all cars in the left half", Referring("cars", place="left half", several=True)),
        ("grass at the top", Referring("grass", place="top", several=True)),
        ("all vegetation on the left.", Referring("vegetation", place="left", several=True)),
        ("the largest forest in the image", Referring("forest", size="largest")),
        ("a boat on the right side", Referring("boat", place="right half")),
        ("The left-most bus!", Referring("bus", extreme="leftmost")),
    ],
)
def test_expression_is_taken_apart(phrase: str, meant: Referring):
    assert referring(phrase) == meant and refers(phrase)


@pytest.mark.parametrize(
    "phrase",
    [
        "buildings", "the white building", "the largest buildings", "the second lake at the top", "the largest",
        "the one on the left",
        "the building near the lake", "the lake in the north", "the building at the top of the hill", "top", "left",
    ],
)  # fmt: skip
def test_what_names_a_class_or_is_not_measured_is_left_to_the_model(phrase: str):
    assert referring(phrase) is None


def test_what_is_compared_with_others_or_placed_refers():
    for phrase in ("the building near the lake", "the lake in the north", "the nearest house", "the uppermost boat"):
        assert refers(phrase)
    for phrase in ("buildings", "the white building", "all cars", "green vegetation"):
        assert not refers(phrase)


def test_words_of_place_in_the_name_of_a_class_place_nothing():
    for phrase in ("the center building", "the western building", "the corner house", "a house north of the road"):
        assert refers(phrase)
    for phrase in (
        "center pivot irrigation",
        "a shopping center",
        "middle schools",
        "forest edge",
        "western red cedar",
    ):
        assert not refers(phrase)


@pytest.mark.parametrize(
    ("phrase", "names"),
    [
        ("the largest building", {"large"}),
        ("the smallest building", {"small"}),
        ("the leftmost building", {"small"}),
        ("the rightmost building", {"low"}),
        ("the uppermost building", {"small"}),
        ("the bottommost building", {"low"}),
        ("the building in the middle", {"middle"}),
        ("the building at the top right", {"large"}),
        ("the largest building at the bottom", {"low"}),
        ("buildings in the upper half", {"small", "large"}),
        ("all buildings on the right", {"large", "low"}),
        ("the smallest building on the right", {"low"}),
        ("the topmost building in the left half", {"small"}),
    ],
)
def test_thing_is_chosen_by_size_and_place(phrase: str, names: set[str]):
    assert chosen(phrase) == names


def test_size_and_order_count_among_what_lies_at_the_place_and_scraps_do_not():
    boxes = {"house": (4, 4, 14, 14), "hall": (50, 10, 80, 40), "scrap": (90, 20, 93, 23), "shed": (80, 60, 87, 67)}
    for phrase, name in (
        ("the largest building at the top left", "house"),
        ("the leftmost building at the bottom", "shed"),
        ("the rightmost building", "shed"),
        ("the smallest building", "shed"),
    ):
        assert chosen(phrase, boxes) == {name}
    beside = {"first": (10, 10, 20, 20), "large": (8, 50, 28, 70)}
    assert chosen("the leftmost building", beside) == {"first"}


def test_house_is_no_scrap_of_a_hall():
    boxes = {"house": (4, 4, 12, 12), "hall": (46, 46, 92, 92)}
    for phrase, name in (
        ("the smallest building", "house"),
        ("the leftmost building", "house"),
        ("the largest building", "hall"),
        ("the largest building at the top left", "house"),
    ):
        assert chosen(phrase, boxes) == {name}
    assert chosen("the largest building at the top left", boxes | {"other": (4, 50, 40, 90)}) == {"house"}


def test_largest_is_so_on_the_ground():
    meant = referring("the largest lake")
    assert meant is not None
    shapes = [box(0, 60, 13, 70), box(20, 0, 30, 10)]  # degrees; the first is wider and smaller
    assert list(picked(meant, shapes, (0, 90, 90, 0))[0]) == [0]
    assert list(picked(meant, shapes, (0, 90, 90, 0), areas=np.array([8e9, 12e9]))[0]) == [1]


def test_nothing_is_at_a_place_where_none_of_the_name_is():
    boxes = {name: box for name, box in THINGS.items() if name != "low"}
    for phrase in ("the building at the bottom left", "the buildings in the lower right corner"):
        assert chosen(phrase, boxes) == chosen(phrase, boxes, there=0.9999) == set()
    assert chosen("the building at the top left", boxes) == {"small"}


def test_what_reaches_far_lies_where_any_of_it_does():
    assert chosen("the road at the bottom", {"road": (44, 0, 50, SIDE)}) == {"road"}
    assert chosen("the river on the left", {"river": (0, 40, SIDE, 50)}) == {"river"}


def test_model_has_its_say_among_equals():
    alike = [(10, 10, 20, 20), (70, 10, 80, 20)]
    meant = referring("the building at the top")
    assert meant is not None
    for number, (x0, y0, x1, y1) in enumerate(alike):
        expressed = drawn(alike, 0.1)
        expressed[y0:y1, x0:x1] = 0.4
        found, _ = singled_out(meant, expressed, drawn(alike), 0.9)
        assert [bool(found[top:bottom, left:right].any()) for left, top, right, bottom in alike] == [
            number == 0,
            number == 1,
        ]


def test_larger_thing_is_rather_meant_where_the_words_hold_for_several():
    boxes = {"small": (4, 4, 8, 8), "large": (12, 12, 28, 28), "other": (60, 60, 90, 90)}
    assert chosen("the building at the top left", boxes) == {"large"}


def test_where_nothing_of_the_name_is_outlined_the_model_decides():
    meant, expressed = referring("the largest lake"), drawn([THINGS["large"]])
    assert meant is not None
    found, likely = singled_out(meant, expressed, drawn([]), 0.4)
    assert found is expressed and likely == 0.4


class Named:
    """Outlines all things whatever it is asked for, and says which phrases it was asked for."""

    mask_stride = 1
    card = get_card(None)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, pictures: np.ndarray) -> np.ndarray:
        return pictures

    def likely(self, seen: np.ndarray, phrases: Sequence[str]) -> list[Likely]:
        self.asked = list(phrases)
        maps = np.stack(
            [drawn(list(THINGS.values()), 0.3 if re.search("largest|top", text) else 0.9) for text in phrases]
        )
        return [Likely(maps, np.full(len(phrases), 0.8, np.float32)) for _ in seen]


def test_names_are_asked_for_beside_the_phrases_which_may_repeat():
    predictor = Named()
    phrases = ["cars", "the largest building", "cars", "the largest car", "the building at the top left"]
    (found,) = ByProbabilities(predictor).see([np.zeros((SIDE, SIDE, 3), np.uint8)], phrases)
    assert predictor.asked == [*phrases, "building", "car"]
    assert found.maps.shape == (5, SIDE, SIDE) and found.there.shape == (5,)
    parts = [(found.maps[number] >= 0.5).sum() for number in range(5)]
    (left, top, right, bottom), (x0, y0, x1, y1) = THINGS["large"], THINGS["small"]
    assert parts[0] == parts[2] and parts[1] == parts[3] == (right - left) * (bottom - top)
    assert parts[4] == (x1 - x0) * (y1 - y0)


@pytest.mark.parametrize(("there", "drawn"), [(0.49, False), (0.51, True), (0.9, True)])
def test_what_is_likelier_not_there_is_not_drawn(monkeypatch: pytest.MonkeyPatch, there: float, drawn: bool):
    predictor, sure = Named(), np.ones((1, SIDE, SIDE), np.float32)
    monkeypatch.setattr(predictor, "likely", lambda seen, phrases: [Likely(sure, np.array([there], np.float32))])
    (found,) = ByProbabilities(predictor).see([np.zeros((SIDE, SIDE, 3), np.uint8)], ["cars"])
    assert bool((found.maps >= 0.5).any()) == drawn and found.there[0] == np.float32(there)

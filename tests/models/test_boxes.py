"""Boxes: what models write is read, whatever it is; pixels and map are two ways of saying one thing."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as some

from rsvlm.models.boxes import CONVENTIONS, Box, from_map, read, to_map, write

QWEN = '```json\n[{"bbox_2d": [100, 200, 300, 400], "label": "ship 7"}]\n```'
MENS = '{"bbox_2d": [10, 20, 300, 400], "label": "men\'s 100 m track"}'
SIDES = some.integers(1, 5000)
TRANSFORMS = some.sampled_from([
    Affine(0.5, 0, 500000, 0, -0.5, 5500000),
    Affine(1e-5, 0, 13.4, 0, -1e-5, 52.5),
    Affine.translation(400, 700) @ Affine.rotation(30) @ Affine.scale(2, -2),
    Affine.identity(),
])  # fmt: skip


@some.composite
def boxes(draw: some.DrawFn, turned: bool = False) -> tuple[Box, int, int]:
    """A box within a picture, of a step or more, and the picture's width and height."""
    width, height = draw(SIDES), draw(SIDES)
    (a, b), (c, d) = ((draw(some.integers(0, 79)), draw(some.integers(20, 100))) for _ in range(2))
    x0, x1, y0, y1 = min(a, b - 1), max(a + 1, b), min(c, d - 1), max(c + 1, d)
    angle = draw(some.integers(-44, 44)) if turned else 0
    return Box(x0 * width / 100, y0 * height / 100, x1 * width / 100, y1 * height / 100, angle), width, height


@pytest.mark.parametrize("convention", ["percent", "thousand", "florence", "paligemma"])
@given(case=boxes())
def test_written_box_is_read_within_a_step(convention: str, case: tuple[Box, int, int]):
    box, width, height = case
    found = read(f"There is a lake {write(box, convention, width, height)}.", convention, width, height)
    assert found.warnings == () and len(found.boxes) == 1
    own, steps = found.boxes[0], CONVENTIONS[convention].steps
    for one, other, side in (
        (own.x0, box.x0, width), (own.y0, box.y0, height), (own.x1, box.x1, width), (own.y1, box.y1, height),
    ):  # fmt: skip
        assert abs(one - other) <= 1.01 * side / steps
    assert "[1]" in found.text and "<" not in found.text and "{" not in found.text


@given(case=boxes(turned=True))
def test_turned_box_keeps_its_angle(case: tuple[Box, int, int]):
    box, width, height = case
    own = read(write(box, "rotated", width, height), "rotated", width, height).boxes[0]
    assert own.angle == pytest.approx(box.angle % 360)
    assert (own.x1 - own.x0, own.y1 - own.y0) == pytest.approx((box.x1 - box.x0, box.y1 - box.y0), rel=1e-6)
    assert (own.x0 + own.x1, own.y0 + own.y1) == pytest.approx((box.x0 + box.x1, box.y0 + box.y1), rel=1e-6)


@given(case=boxes(turned=True), transform=TRANSFORMS)
def test_box_goes_to_the_map_and_back(case: tuple[Box, int, int], transform: Affine):
    box = case[0]
    there = to_map(box, transform)
    shape = shapely.geometry.shape(there)
    assert shape.is_valid
    area = (box.x1 - box.x0) * (box.y1 - box.y0)
    assert shape.area == pytest.approx(area * abs(transform.determinant), rel=1e-4)
    again = from_map(there, transform)
    back = shapely.Polygon(again.corners())
    wanted = shapely.Polygon(box.corners())
    assert back.symmetric_difference(wanted).area <= 2e-3 * wanted.area + 1e-6


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(text=some.text(alphabet="{}<>|[]()0123456789-., locbbox_2d\"':;`spegθ°\n", max_size=80))
def test_any_text_is_read_and_boxes_lie_in_the_picture(convention: str, text: str):
    found = read(text, convention, 640, 480)
    for box in found.boxes:
        assert 0 <= box.x0 < box.x1 <= 640 and 0 <= box.y0 < box.y1 <= 480 and math.isfinite(box.angle)
        assert shapely.Polygon(box.corners()).is_valid
    if not found.boxes and not found.warnings:
        assert "[1]" in text or "[1]" not in found.text


@pytest.mark.parametrize(
    ("convention", "text", "corners", "label", "told"),
    [
        ("percent", "It is {<10><20><30><40>}", (20, 20, 60, 40), "", "It is [1]"),
        ("percent", "<p>a lake</p> {<0><0><100><100>}.", (0, 0, 200, 100), "a lake", "a lake [1]."),
        ("percent", "{10, 20, 30, 40}", (20, 20, 60, 40), "", "[1]"),
        ("percent", "{<10><20><30><40>", (20, 20, 60, 40), "", "[1]"),
        ("percent", "{<50><50><50><60>}", (99, 50, 101, 60), "", "[1]"),
        ("thousand", QWEN, (20, 20, 60, 40), "ship 7", "ship 7 [1]"),
        ("thousand", MENS, (2, 2, 60, 40), "men's 100 m track", "men's 100 m track [1]"),
        ("thousand", MENS.replace("100 m", r'\"2 m\"'), (2, 2, 60, 40), "men's \"2 m\" track", "men's \"2 m\" track [1]"),
        ("thousand", "{'label': 'area \"51\"', 'bbox': [10, 20, 300, 400]}", (2, 2, 60, 40), 'area "51"', 'area "51" [1]'),
        ("thousand", "<ref>ship</ref><box>(100,200),(300,400)</box>", (20, 20, 60, 40), "ship", "ship [1]"),
        ("thousand", "at [100, 200, 300, 400]", (20, 20, 60, 40), "", "at [1]"),
        ("florence", "ship<loc_100><loc_200><loc_300><loc_400></s>", (20.1, 20.05, 60.1, 40.05), "ship", "ship [1]"),
        ("paligemma", "<loc0256><loc0512><loc0512><loc1024> ship", (100, 25, 200, 50), "ship", "[1] ship"),
    ],
)  # fmt: skip
def test_words_of_each_family_are_understood(
    convention: str, text: str, corners: tuple[float, ...], label: str, told: str
):
    found = read(text, convention, 200, 100)
    assert found.warnings == () and len(found.boxes) == 1
    box = found.boxes[0]
    assert (box.x0, box.y0, box.x1, box.y1) == pytest.approx(corners)
    assert box.label == label and found.text == told


def test_several_boxes_are_numbered():
    found = read("<p>ships</p> {<1><1><5><5>}<delim>{<10><10><50><50>}", "percent", 100, 100)
    assert [box.x0 for box in found.boxes] == [1, 10] and {box.label for box in found.boxes} == {"ships"}
    assert found.text == "ships [1] [2]"
    pairs = read("car<loc_0><loc_0><loc_9><loc_9><loc_20><loc_20><loc_90><loc_90>", "florence", 1000, 1000)
    assert [box.x0 for box in pairs.boxes] == [0.5, 20.5] and {box.label for box in pairs.boxes} == {"car"}


def test_geochat_turns_about_the_middle_clockwise():
    box = read("{<40><45><60><55>|<90>}", "rotated", 100, 100).boxes[0]
    assert np.allclose(sorted(box.corners()), [(45, 40), (45, 60), (55, 40), (55, 60)])
    eighth = read("{<40><45><60><55>|<45>}", "rotated", 100, 100).boxes[0]
    x, y = eighth.corners()[1]  # the upper right one comes down
    assert x > 50 + 1 and y > 50 - 5 and write(eighth, "percent", 100, 100) == "{<39><39><61><61>}"


@pytest.mark.parametrize(
    ("convention", "text", "complaint"),
    [
        ("percent", "It is {<10><20><30>}.", "cannot be read: “{<10><20><30>}”"),
        ("percent", "It is {<10><20><30><40><50>} or so", "“{<10><20><30><40><50>}”"),
        ("percent", "It is {<10><2", "cannot be read: “{<10><2”"),
        ("percent", "{<110><120><130><140>}", "cannot be read"),
        ("percent", "{<90><90><130><140>}", "reaches out of the picture"),
        ("percent", "{<30><40><10><20>}", "inverted"),
        ("rotated", "{<10><20><30>|<45>}", "cannot be read: “{<10><20><30>|<45>}”"),
        ("rotated", "{<10><20><30><40>|<>}", "cannot be read"),
        ("rotated", "{<10><20><30><40>|<45><50>}", "cannot be read"),
        ("thousand", '{"bbox_2d": [1, 2, 3]}', "cannot be read"),
        ("florence", "ship<loc_1><loc_2><loc_3>", "cannot be read"),
    ],
)
def test_malformed_box_is_reported(convention: str, text: str, complaint: str):
    found = read(text, convention, 100, 100)
    assert len(found.warnings) == 1 and complaint in found.warnings[0], found


def test_outline_that_is_no_rectangle_gets_the_box_around_it():
    triangle = {"type": "Polygon", "coordinates": [[[10, 10], [50, 10], [10, 30], [10, 10]]]}
    assert from_map(triangle, Affine.identity()) == Box(10, 10, 50, 30)

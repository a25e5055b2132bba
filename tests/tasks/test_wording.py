"""Sentences say what findings carry, in the right shares and places, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.geo import stretch
from rsvlm.geo.view import View
from rsvlm.tasks import figures, wording
from rsvlm.tasks.findings import Finding, Verdict
from rsvlm.tasks.looking import Tile

LABELS = ("alder wood", "birch grove", "a cedar stand", "a dune", "an elm row", "ferns")


def finding(label: str, area: float | None = 1.0, sure: bool = True, index: int = 0, score: float = 0.9) -> Finding:
    view = View(
        np.zeros((3, 4, 4), np.float32), np.ones((4, 4), bool), Affine.identity(), None, None, "a.tif",
        stretch.unchanged((1, 2, 3)),
    )  # fmt: skip
    tile = Tile(index, view, np.zeros((4, 4, 3), np.uint8), area)
    return Finding(tile, Verdict(label, score, label, sure, False, True), f"There is {label}.", 0.8)


FINDINGS = st.lists(
    st.builds(finding, st.sampled_from(LABELS), st.floats(1, 1e6), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=150, deadline=None)
@given(FINDINGS)
def test_sums_name_only_what_sure_findings_carry(findings: list[Finding]):
    groups = wording.group(findings)
    carried = {item.verdict.label for item in findings if item.sure}
    for text in (wording.summary(groups), wording.shares(groups)):
        named = {label for label in LABELS if label in text.lower()}
        assert named <= carried
        assert text.endswith(".") and text[0].isupper() and "  " not in text
    listed = {label for label in LABELS if label in wording.shares(groups)}
    assert listed == carried, "no share is left out"


@settings(max_examples=150, deadline=None)
@given(FINDINGS)
def test_shares_add_up_to_the_whole_and_areas_to_the_ground(findings: list[Finding]):
    groups = wording.group(findings)
    assert sum(item.share for item in groups) == pytest.approx(1)
    assert sum(item.area_m2 or 0 for item in groups) == pytest.approx(sum(item.tile.area_m2 or 0 for item in findings))
    assert sum(len(item.findings) for item in groups) == len(findings)
    known = [item for item in groups if item.label != wording.UNSURE]
    assert [item.share for item in known] == sorted((item.share for item in known), reverse=True)
    assert wording.UNSURE not in [item.label for item in groups[:-1]], "what is unsure comes last"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(LABELS), min_size=1, max_size=8))
def test_percentages_of_equal_tiles_add_up_to_a_hundred(labels: list[str]):
    text = wording.shares(wording.group([finding(label) for label in labels]))
    numbers = [int(number) for number in re.findall(r"(\d+) %", text)]
    assert abs(sum(numbers) - 100) <= len(numbers) / 2


def test_without_a_coordinate_system_there_are_shares_but_no_areas():
    groups = wording.group([finding("ferns", None), finding("a dune", None), finding("ferns", None)])
    assert [(item.label, round(item.share, 3), item.area_m2) for item in groups] == [
        ("ferns", 0.667, None), ("a dune", 0.333, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"ferns": 97, "a dune": 3}, "Ferns almost everywhere."),
        ({"ferns": 70, "a dune": 30}, "Mostly ferns, with a dune."),
        ({"ferns": 60, "a dune": 25, "an elm row": 15}, "Mostly ferns, with a dune and an elm row."),
        ({"ferns": 40, "a dune": 35, "an elm row": 25}, "Ferns, a dune and an elm row."),
        ({"ferns": 60, "?": 40}, "Mostly ferns; I am not sure about the rest."),
        ({"ferns": 10, "?": 90}, "Ferns; I am not sure about the rest."),
        ({"?": 100}, "I am not sure what this place shows."),
        ({"ferns": 96, "?": 4}, "Ferns almost everywhere."),
        ({"ferns": 85, "a dune": 3, "?": 12}, "Mostly ferns."),
    ],
)
def test_summary_is_one_sentence_by_share(labels: dict[str, float], text: str):
    groups = wording.group([finding(label, share, label != "?") for label, share in labels.items()])
    assert wording.summary(groups) == text


def test_shares_are_told_in_words():
    groups = wording.group([finding("ferns", 996), finding("a dune", 4), finding("?", 500, sure=False)])
    assert wording.shares(groups) == "By area about 66 % ferns and under 1 % a dune; for 33 % I am not sure."
    assert wording.shares(wording.group([finding("?", sure=False)])) == "No tile is clear enough to name shares."


@pytest.mark.parametrize(
    ("indices", "map_words", "picture_words"),
    [
        ([0], "in the north-west", "at the top left"),
        ([1], "in the north", "at the top"),
        ([2], "in the north-east", "at the top right"),
        ([3], "in the west", "at the left"),
        ([4], "in the centre", "in the centre"),
        ([5], "in the east", "at the right"),
        ([6], "in the south-west", "at the bottom left"),
        ([7], "in the south", "at the bottom"),
        ([8], "in the south-east", "at the bottom right"),
        ([0, 1, 2], "in the north", "at the top"),
        ([0, 2], "in the north", "at the top"),
        ([2, 5, 8], "in the east", "at the right"),
        ([3, 4, 5], "in the centre", "in the centre"),
        ([0, 8], "in several places", "in several places"),
        ([0, 2, 6, 8], "in several places", "in several places"),
        ([0, 1, 2, 3, 5, 6, 7, 8], "almost everywhere", "almost everywhere"),
    ],
)
def test_whereabouts_on_a_map_and_in_a_picture(indices: list[int], map_words: str, picture_words: str):
    assert wording.whereabouts(indices, 3, 3, True) == map_words
    assert wording.whereabouts(indices, 3, 3, False) == picture_words


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.data())
def test_named_place_holds_a_tile(columns: int, rows: int, data: st.DataObject):
    every = list(range(columns * rows))
    indices = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
    where = wording.whereabouts(indices, columns, rows, True)
    across = [(index % columns + 0.5) / columns for index in indices]
    down = [(index // columns + 0.5) / rows for index in indices]
    for word, found in (("north", min(down) < 1 / 3), ("south", max(down) > 2 / 3), ("west", min(across) < 1 / 3),
                        ("east", max(across) > 2 / 3)):  # fmt: skip
        assert word not in where or found
    if where == "in the centre":
        assert any(1 / 3 <= a <= 2 / 3 and 1 / 3 <= d <= 2 / 3 for a, d in zip(across, down, strict=True))


@pytest.mark.parametrize(("items", "text"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_written(items: list[str], text: str):
    assert wording.listed(items) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "under 1 %"), (0.009, "under 1 %"), (0.01, "1 %"), (0.126, "13 %"), (1.0, "100 %")]
)
def test_percentages(share: float, text: str):
    assert figures.percent(share) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        ((340.2, 210.4), "340 × 210 m"),
        ((999, 1), "999 × 1 m"),
        ((1234, 800), "1.23 × 0.8 km"),
        ((52000, 9), "52 × 0.009 km"),
        ((1_234_000, 999_700), "1,234 × 1,000 km"),
    ],
)
def test_sizes_have_sensible_digits(size: tuple[float, float], text: str):
    assert figures.ground_size(*size) == text


@pytest.mark.parametrize(
    ("area", "text"),
    [(12.345, "12.3 m²"), (2310, "2,310 m²"), (14000, "1.4 ha"), (999_000, "99.9 ha"), (999.7, "1,000 m²"),
     (2_340_000, "2.34 km²"), (5.2e9, "5,200 km²")],
)  # fmt: skip
def test_areas_are_told_in_the_unit_that_reads_best(area: float, text: str):
    assert figures.ground_area(area) == text


def test_doubt_comes_before_the_sentence():
    assert wording.doubt(Verdict("a dune", 0.9, "a dune", True, False, True)) == ""
    assert (
        wording.doubt(Verdict("a dune", 0.2, "a dune", False, False, True)) == "I am not sure, but this may be a dune: "
    )
    wide = wording.doubt(Verdict("bare ground", 0.8, "a dune", True, True, True))
    assert wide == "Bare ground; beyond that I am not sure, but it may be a dune: "


def test_best_sentence_of_a_group_is_one_that_was_kept():
    one, other = finding("ferns", score=0.7), replace(finding("ferns"), caption="")
    (both,), (alone,) = wording.group([one, other]), wording.group([other])
    assert both.best is one and alone.best is None

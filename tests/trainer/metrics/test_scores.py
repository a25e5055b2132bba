"""Scores of decisions, answers, counts, cells, masks and boxes: by hand, at their best, and whatever the order."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from rsvlm.trainer.mask_files import read_masks
from rsvlm.trainer.metrics.answers import accuracy_by_type, count_errors, first_number, in_range, tidy
from rsvlm.trainer.metrics.boxes import boxes_found, overlap
from rsvlm.trainer.metrics.change_answers import CELLS, NONE, OWN, RELEASED, cells_found, read_cells, read_counts
from rsvlm.trainer.metrics.decisions import decisions, says_yes, tells_change
from rsvlm.trainer.metrics.masks import IGNORED, mask_overlap
from rsvlm.trainer.metrics.tally import Tally, means

FLAGS = some.lists(some.booleans(), min_size=1, max_size=30)
CELL_SETS = some.lists(some.frozensets(some.sampled_from(CELLS)), min_size=1, max_size=12)
SEEDS = some.integers(0, 2**32 - 1)


def square(x: float, y: float, side: float = 10) -> list[tuple[float, float]]:
    return [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]


def same(one: Tally, other: Tally) -> None:
    for name, value in one.values().items():
        assert value == pytest.approx(other.values()[name], abs=1e-9, nan_ok=True), name


@given(true=FLAGS, seed=SEEDS)
def test_decisions_do_not_depend_on_order_and_are_best_when_right(true: list[bool], seed: int):
    generator = np.random.default_rng(seed)
    flags, told = np.array(true), generator.random(len(true)) < 0.5
    order = generator.permutation(len(true))
    same(decisions(told, flags), decisions(told[order], flags[order]))
    values = decisions(flags, flags).values()
    assert (
        values["accuracy"] == 1 and values["F1"] == float(any(true)) and values["recall of no"] == float(not all(true))
    )


def test_decisions_by_hand():
    values = decisions(np.array([1, 1, 1, 0, 0], bool), np.array([1, 1, 0, 1, 0], bool)).values()
    assert values == pytest.approx({
        "accuracy": 0.6, "precision": 2 / 3, "recall": 2 / 3, "F1": 2 / 3, "F0.5": 2 / 3,
        "precision of no": 0.5, "recall of no": 0.5,
    })  # fmt: skip


def test_first_word_decides():
    assert all(map(says_yes, ("Yes", "yes, a road", " YES.", '"yes"')))
    assert not any(map(says_yes, ("no", "", "?!", "yesterday", "there is: yes")))
    assert not tells_change("No change has occurred.") and tells_change("no change has occurred to the road")


@given(right=FLAGS, seed=SEEDS)
def test_accuracy_by_type_does_not_depend_on_order(right: list[bool], seed: int):
    generator = np.random.default_rng(seed)
    kinds = generator.choice(["count", "comp", "presence"], len(right))
    order = generator.permutation(len(right))
    one = accuracy_by_type(np.array(right), kinds.tolist())
    same(one, accuracy_by_type(np.array(right)[order], kinds[order].tolist()))
    assert one.values()["OA"] == pytest.approx(np.mean(right))
    perfect = accuracy_by_type(np.ones(len(right)), kinds.tolist())
    assert set(perfect.values().values()) == {1.0}


def test_average_is_over_the_types_there_are_also_in_a_resample():
    tally = accuracy_by_type(np.array([1, 1, 1, 0], bool), ["a", "a", "a", "b"])
    assert tally.values() == {"OA": 0.75, "AA": 0.5, "a": 1.0, "b": 0.0}
    assert tally.intervals()["b"] == [0.0, 0.0] and tally.intervals()["a"] == [1.0, 1.0]


@given(number=some.integers(0, 10**6))
def test_ranges_hold_their_numbers_and_stay_as_they_are(number: int):
    told = in_range(str(number), numbers=True)
    edges = [int(word) for word in told.split() if word.isdigit()]
    low, high = (edges[0], edges[-1]) if "between" in told else (edges[0], 10**9) if "more" in told else (-1, 0)
    assert low < number <= high
    assert in_range(told, numbers=True) == told and in_range(str(number), numbers=False) == str(number)
    assert in_range(f"{number}m2", numbers=False).replace("m2", "") == told


def test_answers_are_tidied_and_numbers_found():
    assert (
        tidy("  Yes. ") == "yes"
        and in_range("Rural.", True) == "rural"
        and in_range("50 m2", True).startswith("between 10m2")
    )
    assert (first_number("about 1,204 houses"), first_number("none"), first_number("3, 4")) == (1204, None, 3)


@given(true=some.lists(some.integers(0, 50), min_size=1), by=some.integers(0, 9))
def test_errors_of_counts(true: list[int], by: int):
    values = count_errors([number + by for number in true], true).values()
    assert values == pytest.approx({"MAE": by, "RMSE": by, "exact": float(by == 0), "within one": float(by <= 1)})


@pytest.mark.parametrize(
    ("answer", "counts", "rule"),
    [
        ("2 new roads and no new buildings", (2, 0), RELEASED),
        ("there are no changes in roads or buildings", (0, 0), RELEASED),
        ("another 3 new roads and 4 new buildings", (0, 4), RELEASED),  # the letters "no", as in the release
        ("5 new buildings and 1 new road", (1, 5), OWN),  # the release would take them for 5 roads and 1 building
        ("no new buildings and 2 new roads", (2, 0), OWN),
        ("3 roads", (3, 0), OWN),
        ("2 new roads", (2, 0), OWN),
        ("one new road and two new buildings", (1, 2), OWN),
        ("Five large buildings", (0, 5), OWN),
        ("the scene is the same", (0, 0), NONE),
        ("", (0, 0), NONE),
    ],
)
def test_counts_are_read_also_where_the_notebook_stops(answer: str, counts: tuple[int, int], rule: str):
    read = read_counts(answer)
    assert ((read.found["road"], read.found["building"]), read.rule) == (counts, rule)


@pytest.mark.parametrize(
    ("answer", "roads", "buildings", "rule"),
    [
        ("roads ['top-left', 'center', 'top-left'] buildings []", {"top-left"}, set(), RELEASED),
        ("roads [] buildings ['bottom-right'", set(), {"bottom-right"}, OWN),
        ("roads [top-left] buildings [center-center]", {"top-left"}, {"center-center"}, OWN),
        ("roads ['top-left' buildings ['top-right']", {"top-left"}, {"top-right"}, OWN),
        ("buildings ['top-right']", set(), {"top-right"}, OWN),
        ("in the top left", set(), set(), NONE),
    ],
)
def test_cells_are_read_also_where_the_notebook_stops(answer: str, roads: set[str], buildings: set[str], rule: str):
    read = read_cells(answer)
    assert (read.found["road"], read.found["building"], read.rule) == (roads, buildings, rule)


@given(text=some.text(some.sampled_from("no new12roadsbuilding[]',-topleft "), max_size=60))
def test_any_answer_can_be_read(text: str):
    assert min(read_counts(text).found.values()) >= 0 and read_cells(text).found["road"] <= set(CELLS)


@given(true=CELL_SETS, seed=SEEDS)
def test_cells_do_not_depend_on_order_and_are_best_when_right(true: list[frozenset[str]], seed: int):
    assume(any(true))
    generator = np.random.default_rng(seed)
    told = [frozenset(cell for cell in CELLS if generator.random() < 0.3) for _ in true]
    order = generator.permutation(len(true))
    same(cells_found(told, true), cells_found([told[place] for place in order], [true[place] for place in order]))
    best = cells_found(true, true).values()
    assert (best["F1"], best["subset accuracy"], best["Hamming loss"]) == (1, 1, 0)
    assert best["Jaccard"] == pytest.approx(np.mean([bool(cells) for cells in true]))


@given(seed=SEEDS, count=some.integers(1, 5))
def test_masks_do_not_depend_on_order_and_are_best_when_right(seed: int, count: int):
    generator = np.random.default_rng(seed)
    true = [generator.choice([0, 1, IGNORED], (2, 6, 5)).astype(np.uint8) for _ in range(count)]
    told = [generator.random((2, 6, 5)) < 0.5 for _ in range(count)]
    same(mask_overlap(told, true), mask_overlap(told[::-1], true[::-1]))
    best = mask_overlap([mask == 1 for mask in true], true).values()
    assert best == pytest.approx({"cIoU": 1, "gIoU": 1, "mIoU": 1}, abs=1e-3) and best["mIoU"] == 1
    nothing = np.zeros((1, 3, 3))
    assert mask_overlap([nothing > 0], [nothing.astype(np.uint8)]).values() == pytest.approx(
        {"cIoU": 1, "gIoU": 1, "mIoU": 1}, abs=1e-3
    )


def test_masks_by_hand():
    true = [np.array([[[1, 1, 0, IGNORED]]], np.uint8), np.array([[[1, 0, 0, 0]]], np.uint8)]
    told = [np.array([[[1, 0, 1, 1]]], bool), np.array([[[1, 0, 0, 0]]], bool)]
    values = mask_overlap(told, true).values()
    assert values["cIoU"] == pytest.approx(2 / 4) and values["mIoU"] == pytest.approx((1 / 3 + 1) / 2)


def test_overlap_of_turned_boxes():
    diamond = [(5.0, 0.0), (10.0, 5.0), (5.0, 10.0), (0.0, 5.0)]
    found = overlap([square(0, 0), diamond], [square(0, 0), square(5, 0), square(50, 50)])
    np.testing.assert_allclose(found[0], [1, 1 / 3, 0])
    assert found[1, 0] == pytest.approx(0.5) and found[1, 2] == 0
    flat = [(0.0, 0.0), (1.0, 0.0), (2.0, 0.0), (0.0, 0.0)]
    assert overlap([flat], [flat])[0, 0] == 0, "what has no area overlaps nothing"


def test_boxes_are_paired_one_to_one():
    true = [[square(0, 0), square(100, 100)]]
    found = boxes_found([[square(0, 0), square(1, 0), square(2, 0)]], true).values()
    assert (found["Acc@0.5"], found["Precision@0.5"], found["F1@0.5"]) == pytest.approx((1 / 2, 1 / 3, 2 / 5))
    assert found["mIoU"] == pytest.approx(0.5)
    none = boxes_found([[]], true)
    assert set(none.values().values()) == {0.0}


@given(seed=SEEDS, count=some.integers(1, 4))
def test_boxes_do_not_depend_on_order_and_are_best_when_right(seed: int, count: int):
    generator = np.random.default_rng(seed)
    true = [[square(*generator.uniform(0, 50, 2)) for _ in range(count)] for _ in range(3)]
    told = [[square(*generator.uniform(0, 50, 2)) for _ in range(2)] for _ in range(3)]
    same(boxes_found(told, true), boxes_found([row[::-1] for row in told[::-1]], [row[::-1] for row in true[::-1]]))
    assert list(boxes_found(true, true).values().values()) == pytest.approx([1, 1, 1, 1])


def test_intervals_are_seeded_hold_the_figure_and_come_alike_for_every_score():
    values = np.random.default_rng(3).random(400)
    tally = means({"mean": values, "double": 2 * values})
    assert tally.intervals() == tally.intervals()
    low, high = tally.intervals()["mean"]
    assert low < values.mean() < high and tally.intervals()["double"] == pytest.approx([2 * low, 2 * high])
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.15)


def test_masks_of_files_are_read(tmp_path: Path):
    mask = np.zeros((4, 3), np.uint8)
    mask[1:3, 1] = 1
    runs = {"size": [4, 3], "counts": [5, 2, 5]}
    text = {"size": [4, 3], "counts": "525"}
    for value in (mask.tolist(), runs, json.loads(json.dumps(text))):
        np.testing.assert_array_equal(read_masks(value, tmp_path), mask[None])
    assert read_masks([runs, runs], tmp_path).shape == read_masks([mask.tolist()] * 2, tmp_path).shape == (2, 4, 3)

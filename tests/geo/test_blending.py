"""Overlapping tiles become one map: nothing is left out, nothing counts twice, no seams, and few rows in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from rsvlm.geo.blending import blended
from rsvlm.geo.tiling import Tiling

SIDE = 8
SIZES = some.integers(1, 3 * SIDE + 5)


def whole(bands: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(bands), axis=1)


def cut(picture: np.ndarray, tiling: Tiling) -> Iterator[np.ndarray]:
    """Tiles of (classes, H, W), 0.5 beyond it."""
    padded = np.pad(picture, ((0, 0), (0, tiling.side), (0, tiling.side)), constant_values=0.5)
    return (padded[:, y0:y1, x0:x1] for x0, y0, x1, y1 in tiling.windows())


@settings(max_examples=200, deadline=None)
@given(SIZES, SIZES, some.integers(0, SIDE - 1), some.floats(0, 1, width=32))
def test_constant_model_gives_a_constant_map_of_any_size(width: int, height: int, overlap: int, value: float):
    tiling = Tiling(width, height, SIDE, overlap)
    found = whole(blended(tiling, (np.full((2, SIDE, SIDE), value, np.float32) for _ in tiling.windows())))
    assert found.shape == (2, height, width)
    assert np.abs(found - value).max() <= 1e-6


@settings(max_examples=100, deadline=None)
@given(SIZES, SIZES, some.integers(0, SIDE - 1))
def test_what_tiles_agree_on_comes_out_as_it_was(width: int, height: int, overlap: int):
    picture = np.random.default_rng(width * 100 + height).random((1, height, width), dtype=np.float32)
    tiling = Tiling(width, height, SIDE, overlap)
    np.testing.assert_allclose(whole(blended(tiling, cut(picture, tiling))), picture, atol=1e-6)


def test_tiles_that_disagree_fade_into_each_other():
    tiling = Tiling(96, 64, 64, 32)
    found = whole(blended(tiling, [np.zeros((1, 64, 64)), np.ones((1, 64, 64))]))[0]
    assert (found[:, :32] == 0).all() and (found[:, 64:] == 1).all()
    steps = np.diff(found, axis=1)
    assert steps.min() >= 0 and steps.max() < 0.06


def test_pixels_without_data_stay_so_and_empty_tiles_need_no_array():
    picture = np.full((1, 20, 24), 0.75, np.float32)
    picture[:, :, :14] = np.nan
    tiling = Tiling(24, 20, SIDE, 2)
    given_tiles = [None if np.isnan(tile).all() else tile for tile in cut(picture, tiling)]
    assert None in given_tiles
    np.testing.assert_allclose(whole(blended(tiling, given_tiles)), picture, atol=1e-6)


def test_classes_are_right_where_the_first_tiles_are_empty():
    tiling = Tiling(16, SIDE, SIDE, 0)
    found = whole(blended(tiling, [None, np.full((3, SIDE, SIDE), 0.25)]))
    assert found.shape == (3, SIDE, 16)
    assert np.isnan(found[:, :, :SIDE]).all() and (found[:, :, SIDE:] == 0.25).all()


def test_rows_come_out_before_later_tiles_are_asked_for():
    tiling = Tiling(20, 40, SIDE, 2)
    asked = []

    def model() -> Iterator[np.ndarray]:
        for window in tiling.windows():
            asked.append(window)
            yield np.ones((1, SIDE, SIDE))

    first = next(blended(tiling, model()))
    assert first.shape == (1, SIDE - 2, 20) and len(asked) == len(tiling.columns)


def test_where_tiles_end_early_only_finished_rows_come():
    tiling = Tiling(20, 40, SIDE, 2)
    per_row = len(tiling.columns)
    some_tiles = [np.full((1, SIDE, SIDE), 0.5)] * (2 * per_row + 1)
    found = whole(blended(tiling, some_tiles))
    assert found.shape == (1, 2 * (SIDE - 2), 20)
    np.testing.assert_allclose(found, 0.5, atol=1e-6)


@pytest.mark.parametrize("height", [600, 2400])
def test_memory_does_not_grow_with_height(height: int):
    tiling = Tiling(1000, height, 64, 16)
    tile = np.full((1, 64, 64), 0.5, np.float32)
    windows = tiling.windows()
    tracemalloc.start()
    for band in blended(tiling, (tile for _ in windows)):
        assert band.shape[0] == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{height} rows: {peak / 1000:.0f} bytes per column")
    assert peak < 1000 * 64 * 4 * 3

"""Tiles of several sizes cover everything once each, and their values become one map."""

from __future__ import annotations

import numpy as np
import pytest

from rsvlm.geo.heat import heat, likeliness, median, pyramid


@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 300), (256, 256), (900, 1100), (255, 1537)])
def test_tiles_cover_every_pixel_and_stay_inside(width: int, height: int):
    tiles = pyramid(width, height)
    assert len(tiles) == len(set(tiles))
    assert all(0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height for x0, y0, x1, y1 in tiles)
    assert np.isfinite(heat([1.0] * len(tiles), tiles, width, height)).all()


def test_tiles_of_one_side_begin_again_half_a_side_on():
    assert pyramid(8, 4, (4,)) == [(0, 0, 4, 4), (4, 0, 8, 4), (2, 0, 6, 4)]


def test_heat_is_the_mean_of_the_tiles_over_a_pixel():
    found = heat([1.0, 3.0], [(0, 0, 2, 1), (1, 0, 3, 1)], 4, 1)
    np.testing.assert_array_equal(found, [[1, 2, 3, np.nan]])


def test_likeliness_runs_from_least_to_most():
    found = likeliness(np.array([[-0.5, 0.0, 0.5, np.nan]]), 1)
    assert found.tolist() == [[0, 127, 255, 0]] and found.dtype == np.uint8
    assert not likeliness(np.full((3, 3), 0.7), 1).any()


@pytest.mark.parametrize("window", [1, 3, 7, 15])
def test_median_is_that_of_each_window(window: int):
    values = np.random.default_rng(1).integers(0, 12, (9, 13)).astype(np.uint8) * 20
    padded = np.pad(values, window // 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (window, window))
    np.testing.assert_array_equal(median(values, window), np.median(windows, axis=(2, 3)))

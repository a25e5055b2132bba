"""Tiles of an extent cover it exactly once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from shapely.ops import unary_union

from rsvlm.geo.tiling import grid, tiles


@settings(max_examples=60, deadline=None)
@given(
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 1e6),
    st.floats(1, 1e5),
    st.floats(1, 1e5),
    st.integers(1, 6),
    st.integers(1, 6),
)
def test_tiles_cover_the_extent_without_overlap(x, y, width, height, columns, rows):
    found = tiles((x, y, x + width, y + height), columns, rows)
    assert len(found) == columns * rows
    shapes = [box(*tile) for tile in found]
    assert sum(shape.area for shape in shapes) == pytest.approx(width * height, rel=1e-6)
    assert unary_union(shapes).bounds == (x, y, x + width, y + height)
    assert {tile[2] for tile in found} - {x + width} <= {tile[0] for tile in found}


def test_tiles_run_row_by_row_from_the_top_left():
    assert tiles((0, 0, 20, 10), 2, 1) == [(0, 0, 10, 10), (10, 0, 20, 10)]
    assert tiles((0, 0, 10, 20), 1, 2) == [(0, 10, 10, 20), (0, 0, 10, 10)]
    assert tiles((0, 0, 10, 20), 1, 2, y_down=True) == [(0, 0, 10, 10), (0, 10, 10, 20)]


@settings(max_examples=100, deadline=None)
@given(st.floats(0.01, 1e7), st.floats(0.01, 1e7), st.floats(0.1, 1e5), st.integers(1, 400))
def test_grid_keeps_to_its_limit(width, height, side, at_most):
    columns, rows = grid(width, height, side, at_most)
    assert columns >= 1 and rows >= 1 and columns * rows <= at_most


def test_grid_takes_the_side_nearest_to_the_one_wanted():
    assert grid(614, 614, 300, 100) == (2, 2)
    assert grid(100, 100, 300, 100) == (1, 1)
    assert grid(1000, 250, 250, 2) == (2, 1)

"""Tiles of an extent cover it exactly once."""

from __future__ import annotations

import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.crs import CRS
from shapely.geometry import box
from shapely.ops import unary_union

from rsvlm.geo.tiling import PixelGrid, Tiling, grid, tiles


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


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.integers(1, 16), st.data())
def test_overlapping_tiles_cover_every_pixel_of_any_size(width, height, side, data):
    tiling = Tiling(width, height, side, data.draw(st.integers(0, side - 1)))
    for starts, length in ((tiling.columns, width), (tiling.rows, height)):
        assert starts[0] == 0 and max(length, side) == starts[-1] + side
        assert all(0 < after - before <= side - tiling.overlap for before, after in zip(starts, starts[1:]))
    windows = tiling.windows()
    assert len(set(windows)) == len(tiling.columns) * len(tiling.rows)
    assert windows == sorted(windows, key=lambda window: (window[1], window[0]))


def test_pixels_of_a_model_are_of_its_ground_size_over_the_whole_raster():
    raster = Affine(0.3, 0, 500000, 0, -0.3, 5000000)
    pixels = PixelGrid.over(1001, 500, raster, CRS.from_epsg(32633), 0.6)
    assert pixels.sides_m == pytest.approx((0.6, 0.6), rel=1e-6)
    assert (pixels.width, pixels.height) == (501, 251)
    assert pixels.transform @ (0, 0) == (500000, 5000000)
    assert pixels.in_raster((0, 0, 10, 5)) == pytest.approx((0, 0, 20, 10), rel=1e-3)
    own = PixelGrid.over(1001, 500, raster, CRS.from_epsg(32633), None)
    assert (own.width, own.height, own.transform) == (1001, 500, raster)
    assert PixelGrid.over(7, 9, Affine.identity(), None, 0.6).sides_m == (1, 1)


def test_pixels_of_a_model_are_square_on_the_ground_where_those_of_the_raster_are_not():
    raster, degrees = Affine(1 / 111_413, 0, 15, 0, -1 / 111_413, 60.0005), CRS.from_epsg(4326)  # 0.5 m x 1 m
    pixels = PixelGrid.over(200, 100, raster, degrees, 0.25)
    assert pixels.sides_m == pytest.approx((0.25, 0.25), rel=1e-4)
    assert (pixels.step_x, pixels.step_y) == pytest.approx((0.5, 0.25), rel=0.01)
    assert (pixels.width, pixels.height) == pytest.approx((401, 400), abs=1)
    assert pixels.in_raster((0, 0, 10, 20)) == pytest.approx((0, 0, 5, 5), rel=0.01)
    assert pixels.transform @ (40, 40) == pytest.approx(raster @ (40 * pixels.step_x, 40 * pixels.step_y), rel=1e-12)
    assert PixelGrid.over(200, 100, raster, degrees, None) == PixelGrid(200, 100, raster, degrees)


def test_pixels_of_a_raster_that_are_about_square_are_taken_for_squares():
    raster = Affine(0.3, 0, 500000, 0, -0.32, 5000000)
    pixels = PixelGrid.over(1000, 1000, raster, CRS.from_epsg(32633), 0.6)
    assert pixels.step_x == pixels.step_y == pixels.step == pytest.approx(0.6 / (0.3 * 0.32) ** 0.5, rel=1e-3)

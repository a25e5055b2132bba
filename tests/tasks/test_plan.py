"""A small place is one view, a large one is tiled without gaps, and doubts are told beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import get_card
from rsvlm.protocol import STYLES, Raster
from rsvlm.tasks.plan import GLANCE_GSD, LONGEST_SIDE, MOST_TILES, Plan, make_plan, one_view, view_size

CARD = get_card(None)
PIXELS = CARD.input.pixels


def plan(href: str, style: str = "brief", **raster: object) -> tuple[Plan, Scene]:
    with Scene.open(Raster(href=href, **raster)) as scene:  # type: ignore[arg-type]
        return make_plan(scene, CARD, style), scene


def assert_covered(found: Plan, extent: tuple[float, float, float, float]) -> None:
    """The tiles cover the extent exactly, row by row, neither overlapping nor leaving a gap."""
    assert len(found.tiles) == found.columns * found.rows
    edges = np.array(found.tiles).reshape(found.rows, found.columns, 4)
    assert (edges[:, :-1, 2] == edges[:, 1:, 0]).all(), "neighbours share their edges"
    assert (edges[:-1, :, 1] == edges[1:, :, 3]).all() or (edges[:-1, :, 3] == edges[1:, :, 1]).all()
    assert (edges[..., 0].min(), edges[..., 1].min(), edges[..., 2].max(), edges[..., 3].max()) == extent
    areas = (edges[..., 2] - edges[..., 0]) * (edges[..., 3] - edges[..., 1])
    assert areas.sum() == pytest.approx((extent[2] - extent[0]) * (extent[3] - extent[1]), rel=1e-9)
    assert areas.min() > 0


def test_small_place_is_one_view_at_its_ground_sample_distance(sparse):
    found, scene = plan(sparse(200, 200))
    assert (found.columns, found.rows, found.size) == (1, 1, (PIXELS, PIXELS))
    assert found.tiles == [scene.extent]
    assert found.gsd_m == pytest.approx(200 / PIXELS, rel=1e-3)
    assert found.reliable and found.warnings == []


@pytest.mark.parametrize(
    ("width", "height", "size"), [(300, 150, (256, 128)), (150, 300, (128, 256)), (240, 160, (192, 128))]
)
def test_oblong_place_is_seen_in_its_own_shape(sparse, width: int, height: int, size: tuple[int, int]):
    found, _ = plan(sparse(width, height))
    assert found.size == size and len(found.tiles) == 1


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("width", "height"), [(3000, 3000), (4000, 900), (500, 6000), (20000, 15000)])
def test_large_place_is_covered_by_tiles(sparse, style: str, width: int, height: int):
    found, scene = plan(sparse(width, height), style)
    assert 4 <= len(found.tiles) <= MOST_TILES[style]
    assert_covered(found, scene.extent)
    assert found.tiles[0][3] == scene.extent[3] and found.tiles[0][0] == scene.extent[0], "the first lies north-west"
    assert all(side % 32 == 0 for side in found.size) and min(found.size) == PIXELS


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(("width", "height"), [(100_000, 50), (30, 40_000), (5000, 1)])
def test_long_extent_is_cut_along_its_length(sparse, style: str, width: int, height: int):
    found, scene = plan(sparse(width, height), style)
    assert_covered(found, scene.extent)
    assert min(found.columns, found.rows) == 1 and max(found.columns, found.rows) > 8
    assert max(found.size) == LONGEST_SIDE * PIXELS


def test_one_view_is_enough_up_to_four_metres_a_pixel_and_no_further(sparse):
    glance = int(GLANCE_GSD * PIXELS * 0.99)  # UTM metres are slightly shorter than those on the ground
    beyond = int(GLANCE_GSD * PIXELS * 1.02)
    assert len(plan(sparse(glance, glance))[0].tiles) == 1
    assert len(plan(sparse(beyond, beyond))[0].tiles) > 1
    assert len(plan(sparse(beyond, int(glance * 0.6)))[0].tiles) > 1, "the longer side counts"


def test_small_place_is_looked_at_in_parts_where_parts_are_asked_for(sparse):
    path = sparse(200, 200)
    assert [len(plan(path, style)[0].tiles) for style in STYLES] == [1, 4, 4]


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_sides_of_a_view_are_steps_of_32_and_keep_the_shape(width: float, height: float):
    size = view_size(width, height, PIXELS)
    assert all(side % 32 == 0 for side in size) and min(size) == PIXELS and max(size) <= LONGEST_SIDE * PIXELS
    assert (size[0] >= size[1]) == (width >= height) or size[0] == size[1]
    ratio = min(max(width, height) / min(width, height), LONGEST_SIDE)
    assert abs(max(size) / PIXELS - ratio) <= 16 / PIXELS + 1e-9


def test_raster_without_coordinate_system_is_planned_in_pixels(write):
    path = write(np.zeros((3, 90, 120), np.uint8), crs=None, transform=None)
    found, scene = plan(path)
    assert found.gsd_m is None and found.reliable and found.tiles == [(0, 0, 120, 90)]
    assert len(found.warnings) == 1 and "no coordinate system" in found.warnings[0]
    large, scene = plan(path, "detailed")
    assert_covered(large, scene.extent)
    assert large.tiles[0][:2] == (0, 0), "the first tile is at the top left, y down"


def test_extent_too_large_for_the_model_is_told(sparse):
    found, _ = plan(sparse(40_000, 40_000, 2.0))
    assert found.gsd_m == pytest.approx(80_000 / found.columns / PIXELS, rel=0.01)
    assert not found.reliable and f"{found.gsd_m:.3g} m on the ground" in found.warnings[0]
    assert "0.3 to 8 m" in found.warnings[0] and "smaller extent" in found.warnings[0]


@pytest.mark.parametrize("size", [(300, 3000), (3000, 300)])
def test_view_of_a_strip_is_as_coarse_as_along_its_length(sparse, size: tuple[int, int]):
    with Scene.open(Raster(href=sparse(*size))) as scene:
        found = one_view(scene, CARD)
    assert found.gsd_m == pytest.approx(3000 / (LONGEST_SIDE * PIXELS), rel=1e-3)
    assert not found.reliable and f"{found.gsd_m:.3g} m on the ground" in found.warnings[0]


def test_raster_too_coarse_for_the_model_is_told_even_where_the_extent_is_small(sparse):
    found, _ = plan(sparse(200, 200, 30.0), extent=(500000, 5499400, 500600, 5500000))
    assert found.gsd_m == pytest.approx(600 / PIXELS, rel=1e-3)
    assert not found.reliable and "30 m on the ground" in found.warnings[0]


def test_extent_too_small_for_the_model_is_told(sparse):
    found, _ = plan(sparse(200, 200, 0.05))
    assert found.gsd_m == pytest.approx(10 / PIXELS, rel=1e-3) and not found.reliable
    assert "larger extent" in found.warnings[0]


def test_sensors_and_colours_that_the_model_does_not_know_are_told(write):
    noise = np.random.default_rng(0).normal(-12, 3, (1, 200, 200)).astype(np.float32)
    radar, _ = plan(write(noise, "radar.tif", names=["Sigma0_VV_db"]))
    assert not radar.reliable and any("radar" in warning for warning in radar.warnings)
    infrared = np.random.default_rng(0).integers(1, 3000, (3, 200, 200)).astype(np.uint16)
    false, _ = plan(write(infrared, "false.tif", names=["nir", "red", "green"]))
    assert not false.reliable and any("false colours" in warning for warning in false.warnings)


def test_warnings_are_sentences(sparse):
    for path, style in ((sparse(40_000, 40_000, 2.0), "brief"), (sparse(100, 100, 0.01), "detailed")):
        for warning in plan(path, style)[0].warnings:
            assert warning[0].isupper() and warning.endswith(".") and "\n" not in warning

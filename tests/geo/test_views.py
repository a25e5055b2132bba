"""Views: the right pixels in the right place, whatever the raster's grid."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer
from rasterio.transform import from_origin

from rsvlm.geo.resampling import resample
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster


def ramp(height: int, width: int, dtype: str = "uint16") -> np.ndarray:
    """(1, H, W): 1 + column + 1000 * row, so that a value says where it is from."""
    return (1 + np.arange(width)[None, None, :] + 1000 * np.arange(height)[None, :, None]).astype(dtype)


def test_view_at_native_resolution_is_the_raster_itself(write):
    pixels = ramp(30, 40)
    with Scene.open(Raster(href=write(pixels))) as scene:
        view = scene.view(scene.extent, (40, 30))
    np.testing.assert_array_equal(view.pixels, pixels)
    assert view.transform == Affine(10, 0, 500000, 0, -10, 5000000)
    assert view.crs.to_epsg() == 32633
    assert view.valid.all() and view.valid_share == 1.0


def test_window_of_a_view_is_the_same_pixels_as_in_the_whole(write):
    pixels = ramp(30, 40)
    with Scene.open(Raster(href=write(pixels))) as scene:
        view = scene.view((500100, 4999800, 500300, 4999900), (20, 10))
    np.testing.assert_array_equal(view.pixels, pixels[:, 10:20, 10:30])


def test_reduced_view_is_the_area_mean_even_for_stripes_as_fine_as_a_pixel(write):
    stripes = np.zeros((1, 64, 64), np.uint16)
    stripes[:, :, ::2] = 1000
    with Scene.open(Raster(href=write(stripes))) as scene:
        np.testing.assert_allclose(scene.view(scene.extent, (8, 8)).pixels, 500, atol=0.01)
        np.testing.assert_allclose(scene.view(scene.extent, (32, 16)).pixels, 500, atol=0.01)


def test_reduced_view_by_a_fraction_weighs_pixels_by_their_area(write):
    with Scene.open(Raster(href=write(np.array([[[0, 30, 60]]], np.float32)))) as scene:
        np.testing.assert_allclose(scene.view(scene.extent, (2, 1)).pixels[0, 0], [10, 50], atol=1e-4)


def test_enlarged_view_interpolates_between_pixels(write):
    with Scene.open(Raster(href=write(np.array([[[0, 100]]], np.float32)))) as scene:
        np.testing.assert_allclose(
            scene.view(scene.extent, (8, 1)).pixels[0, 0], [0, 0, 12.5, 37.5, 62.5, 87.5, 100, 100]
        )


def test_overviews_are_used_where_they_suffice_and_not_where_they_do_not(write):
    path = write(np.full((1, 512, 512), 10, np.uint8), tiled=True)
    with rasterio.open(path, "r+") as target:
        target.build_overviews([2, 4, 8], rasterio.enums.Resampling.average)
    with rasterio.open(path, "r+", OVERVIEW_LEVEL=2) as overview:  # tells the overview of 64 px from the raster
        overview.write(np.full((1, 64, 64), 99, np.uint8))
    with Scene.open(Raster(href=path)) as scene:
        assert np.unique(scene.view(scene.extent, (32, 32)).pixels).tolist() == [99]
        assert np.unique(scene.view(scene.extent, (512, 512)).pixels).tolist() == [10]


def test_view_over_the_edge_is_invalid_outside_and_true_inside(write):
    with Scene.open(Raster(href=write(ramp(30, 40)))) as scene:
        view = scene.view((499900, 4999900, 500100, 5000100), (20, 20))
    assert view.valid[10:, 10:].all() and view.valid.sum() == 100
    np.testing.assert_array_equal(view.pixels[:, 10:, 10:], ramp(30, 40)[:, :10, :10])
    assert (view.rgb()[~view.valid] == 0).all()


def test_view_beside_the_raster_has_nothing_valid(write):
    with Scene.open(Raster(href=write(ramp(30, 40)))) as scene:
        assert scene.view((600000, 4999900, 600100, 5000000), (8, 8)).valid_share == 0.0


def test_south_up_raster_is_seen_north_up(write):
    pixels = ramp(30, 40)
    path = write(pixels, transform=Affine(10, 0, 500000, 0, 10, 4999700))
    with Scene.open(Raster(href=path)) as scene:
        view = scene.view(scene.extent, (40, 30))
    assert scene.bounds == (500000, 4999700, 500400, 5000000)
    np.testing.assert_array_equal(view.pixels, pixels[:, ::-1])
    assert view.transform.e == -10


@pytest.mark.parametrize("angle", [30, 90, 200])
def test_rotated_raster_is_seen_north_up_with_empty_corners(write, angle):
    turned = Affine.translation(500000, 5000000) @ Affine.rotation(angle) @ Affine.scale(10, -10)
    pixels = np.zeros((1, 40, 40), np.uint16)
    pixels[0, 5:15, 20:30] = 4000  # its middle is at column 25, row 10
    pixels += 1
    with Scene.open(Raster(href=write(pixels, transform=turned))) as scene:
        view = scene.view(scene.extent, (200, 200))
    rows, columns = np.nonzero(view.pixels[0] > 2000)
    found = view.transform @ (columns.mean() + 0.5, rows.mean() + 0.5)
    np.testing.assert_allclose(found, turned @ (25, 10), atol=3)
    area = (scene.bounds[2] - scene.bounds[0]) * (scene.bounds[3] - scene.bounds[1])
    assert view.valid_share == pytest.approx(400 * 400 / area, abs=0.01)
    assert scene.gsd_m == pytest.approx(10, rel=0.001)


def test_raster_without_crs_is_measured_in_pixels_from_its_top_left(write):
    pixels = ramp(30, 40)
    with Scene.open(Raster(href=write(pixels, crs=None), extent=[10, 5, 30, 25])) as scene:
        view = scene.view(scene.extent, (20, 20))
    assert scene.bounds == (0, 0, 40, 30) and scene.extent == (10, 5, 30, 25)
    assert (
        scene.crs is None and scene.gsd_m is None and view.gsd_m is None and scene.ground_size_m(scene.extent) is None
    )
    np.testing.assert_array_equal(view.pixels, pixels[:, 5:25, 10:30])
    assert view.footprint()["coordinates"][0][2] == [30, 25]


def test_raster_without_crs_is_read_in_the_one_that_the_request_gives(write):
    path = write(ramp(30, 40), crs=None)
    with Scene.open(Raster(href=path, crs="EPSG:32633", extent=[500100, 4999800, 500200, 4999900])) as scene:
        assert scene.crs.to_epsg() == 32633
        assert scene.extent == (500100, 4999800, 500200, 4999900)
        assert scene.gsd_m == pytest.approx(10.004, abs=0.001)


def test_extent_in_another_crs_is_found_and_clipped_to_the_raster(write):
    path = write(ramp(300, 400))
    with Scene.open(Raster(href=path, crs="EPSG:4326", extent=[15.01, 45.14, 15.02, 46.0])) as scene:
        x0, y0, x1, y1 = scene.extent
    to_utm = Transformer.from_crs(4326, 32633, always_xy=True)
    west, south = to_utm.transform(15.01, 45.14)
    assert (y0, x1, y1) == (
        pytest.approx(south, abs=0.5),
        pytest.approx(to_utm.transform(15.02, 45.14)[0], abs=0.5),
        5e6,
    )
    assert x0 == pytest.approx(to_utm.transform(15.01, 46.0)[0], abs=0.5) and x0 < west


def test_extent_at_minus_longitudes_is_found_in_a_raster_from_0_to_360(write):
    path = write(ramp(18, 36), crs="EPSG:4326", transform=from_origin(0, 90, 10, 10))
    with Scene.open(Raster(href=path, crs="EPSG:4326", extent=[-60, -30, -40, 0])) as scene:
        assert scene.extent == (300, -30, 320, 0)
    square = {"type": "Polygon", "coordinates": [[[-60, -30], [-40, -30], [-40, 0], [-60, 0], [-60, -30]]]}
    with Scene.open(Raster(href=path, crs="EPSG:4326", area=square)) as scene:
        assert scene.extent == (300, -30, 320, 0)
        assert scene.view(scene.extent, (4, 6)).valid.all()


def test_area_hides_what_lies_outside_it(write):
    triangle = {
        "type": "Polygon",
        "coordinates": [[[500000, 5000000], [500200, 4999800], [500000, 4999800], [500000, 5000000]]],
    }
    with Scene.open(Raster(href=write(ramp(30, 40)), area=triangle)) as scene:
        view = scene.view(scene.extent, (20, 20))
    assert scene.extent == (500000, 4999800, 500200, 5000000)
    assert view.valid_share == pytest.approx(0.5, abs=0.03)
    assert view.valid[19, 0] and not view.valid[0, 19]


def test_one_pixel_raster_can_be_seen(write):
    with Scene.open(Raster(href=write(np.full((3, 1, 1), 77, np.uint8)))) as scene:
        view = scene.view(scene.extent, (16, 16))
    assert view.valid.all() and (view.rgb() == 77).all()


def test_rendered_picture_comes_as_base64_with_its_place(tmp_path: Path):
    path = tmp_path / "drawn.png"
    pixels = np.full((4, 6, 8), 255, np.uint8)
    pixels[:3] = np.array([10, 20, 30])[:, None, None]
    pixels[3, :, 4:] = 0
    with rasterio.open(path, "w", driver="PNG", width=8, height=6, count=4, dtype="uint8") as target:
        target.write(pixels)
    data = base64.b64encode(path.read_bytes()).decode()
    raster = Raster(data=data, transform=[2, 0, 1000, 0, -2, 2000], crs="EPSG:3857", name="Map", acquired="2020-05-01")
    with Scene.open(raster) as scene:
        view = scene.view(scene.extent, (8, 6))
    assert scene.extent == (1000, 1988, 1016, 2000) and view.source == "Map" and view.acquired == "2020-05-01"
    assert view.rgb()[0, 0].tolist() == [10, 20, 30] and view.rgb()[0, 7].tolist() == [0, 0, 0]
    assert view.valid_share == 0.5


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    size=st.tuples(st.integers(1, 23), st.integers(1, 23)),
    out=st.tuples(st.integers(1, 19), st.integers(1, 19)),
    step=st.tuples(st.floats(0.2, 4), st.floats(0.2, 4)),
    start=st.tuples(st.floats(-9, 20), st.floats(-9, 20)),
    turn=st.sampled_from([0.0, 0.0, 33.0]),
    seed=st.integers(0, 99),
)
def test_resampling_never_mixes_in_what_is_not_valid(size, out, step, start, turn, seed):
    random = np.random.default_rng(seed)
    values = random.uniform(10, 20, (2, *size)).astype(np.float32)
    valid = random.random(size) < 0.6
    values[:, ~valid] = 0
    placement = Affine.translation(*start) @ Affine.rotation(turn) @ Affine.scale(*step)
    got, share = resample(values, valid.astype(np.float32), placement, *out)
    assert got.shape == (2, out[1], out[0]) and share.min() >= 0 and share.max() <= 1 + 1e-5
    assert (got[:, share > 0] >= 10 - 1e-3).all() and (got[:, share > 0] <= 20 + 1e-3).all()
    assert (got[:, share == 0] == 0).all()


@settings(max_examples=80, deadline=None)
@given(
    step=st.sampled_from([1.0, 1.0 + 1e-10, 2.0, 3.0, 0.4]) | st.floats(0.2, 6),
    start=st.sampled_from([0.0, 3.0, 3.0 + 1e-9]) | st.floats(0, 5),
    seed=st.integers(0, 99),
)
def test_what_is_not_valid_far_away_changes_no_value(step, start, seed):
    whole = np.random.default_rng(seed).uniform(10, 20, (3, 50, 40)).astype(np.float32)
    count = int((38 - start) / step)
    placement = Affine.translation(start, start) @ Affine.scale(step)
    one = resample(whole, np.ones((50, 40), np.float32), placement, count, count)
    share = np.ones((50, 40), np.float32)
    share[45:] = 0
    other = resample(whole * share, share, placement, count, count)
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), out=st.tuples(st.integers(1, 12), st.integers(1, 12)))
def test_reducing_keeps_the_mean(height, width, out):
    out = min(out[0], width), min(out[1], height)
    values = np.random.default_rng(height * width).uniform(0, 1, (1, height, width)).astype(np.float32)
    got, share = resample(
        values, np.ones((height, width), np.float32), Affine.scale(width / out[0], height / out[1]), *out
    )
    assert got.mean() == pytest.approx(values.mean(), rel=1e-4)
    np.testing.assert_allclose(share, 1, atol=1e-5)

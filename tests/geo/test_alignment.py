"""Two dates on one grid: the same ground in the same pixel, whatever the coordinate systems and pixel sizes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import calculate_default_transform, reproject

from rsvlm.geo.alignment import common, pair
from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, RsvlmError


@pytest.fixture
def smooth(tmp_path: Path) -> Callable[..., Raster]:
    """smooth(name, x0, y0, pixel, side, crs) -> a raster whose values grow eastwards and southwards by the metre."""

    def make(name: str, x0: float = 500000, y0: float = 5500000, pixel: float = 1, side: int = 200) -> Raster:
        rows, columns = (np.mgrid[0:side, 0:side] + 0.5) * pixel
        values = np.stack([columns + x0 - 500000, rows + 5500000 - y0, columns * 0 + 7]).astype(np.float32)
        path = tmp_path / name
        with rasterio.open(
            path, "w", driver="GTiff", width=side, height=side, count=3, dtype="float32", crs="EPSG:32632",
            transform=from_origin(x0, y0, pixel, pixel),
        ) as target:  # fmt: skip
            target.write(values)
        return Raster(href=str(path), bands=(1, 2, 3))

    return make


def test_pixels_of_a_pair_show_the_same_ground(smooth: Callable[..., Raster]):
    with (
        Scene.open(smooth("a.tif")) as before,
        Scene.open(smooth("b.tif", x0=500050, y0=5499980, pixel=2, side=60)) as after,
    ):
        shared = common(before, after)
        assert shared.extent == (500050, 5499860, 500170, 5499980) and shared.resolution_ratio == pytest.approx(2)
        assert shared.overlap == pytest.approx(120 * 120 / (200 * 200))
        dates = pair(before, after, shared.extent, (60, 60))
    assert dates.before.transform == dates.after.transform and dates.before.valid.all()
    assert np.abs(dates.before.pixels - dates.after.pixels).max() < 0.6


def test_another_coordinate_system_is_brought_onto_the_grid(smooth: Callable[..., Raster], tmp_path: Path):
    own = smooth("a.tif")
    with rasterio.open(own.href) as source:
        transform, width, height = calculate_default_transform(source.crs, "EPSG:4326", 200, 200, *source.bounds)
        values = np.full((3, height, width), -1, np.float32)
        reproject(rasterio.band(source, [1, 2, 3]), values, dst_transform=transform, dst_crs="EPSG:4326", dst_nodata=-1)
    path = tmp_path / "degrees.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=3, dtype="float32", crs="EPSG:4326",
        transform=transform, nodata=-1,
    ) as target:  # fmt: skip
        target.write(values)
    with Scene.open(own) as before, Scene.open(Raster(href=str(path), bands=(1, 2, 3))) as after:
        shared = common(before, after)
        dates = pair(before, after, shared.extent, (100, 100))
    assert dates.after.crs == dates.before.crs and dates.before.valid_share > 0.95
    assert (dates.before.valid == dates.after.valid).all()
    inner = dates.before.valid
    assert np.abs(dates.before.pixels - dates.after.pixels)[:, inner].max() < 3


def test_longitudes_from_0_to_360_meet_those_from_minus_180(tmp_path: Path):
    def turned(name: str, x0: float) -> Raster:
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", width=40, height=30, count=1, dtype="float32", crs="EPSG:4326",
            transform=from_origin(x0, 10, 0.01, 0.01),
        ) as target:  # fmt: skip
            target.write(np.arange(1200, dtype=np.float32).reshape(1, 30, 40))
        return Raster(href=str(tmp_path / name), bands=(1,))

    for first, second in ((-179.5, 180.4), (180.5, -179.6)):
        with Scene.open(turned("a.tif", first)) as before, Scene.open(turned("b.tif", second)) as after:
            shared = common(before, after)
            dates = pair(before, after, shared.extent, (30, 30))
        assert shared.extent == pytest.approx((first, 9.7, first + 0.3, 10)) and shared.overlap == pytest.approx(0.75)
        assert dates.before.transform == dates.after.transform and dates.before.valid.all()
        assert dates.after.pixels - dates.before.pixels == pytest.approx(10, abs=1e-3)


def test_what_lacks_in_one_is_valid_in_none(smooth: Callable[..., Raster]):
    area = {
        "type": "Polygon",
        "coordinates": [[[500000, 5499800], [500100, 5499800], [500100, 5500000], [500000, 5500000]]],
    }
    left = smooth("a.tif")
    with Scene.open(left) as before, Scene.open(Raster(href=left.href, area=area, bands=(1, 2, 3))) as after:
        dates = pair(before, after, before.extent, (100, 100))
    assert dates.before.valid[:, :50].all() and not dates.before.valid[:, 51:].any()


def test_pictures_without_a_place_are_compared_if_they_are_of_one_size(tmp_path: Path):
    def picture(name: str, side: int) -> Raster:
        with rasterio.open(
            tmp_path / name, "w", driver="GTiff", width=side, height=side, count=3, dtype="uint8"
        ) as target:
            target.write(np.arange(3 * side * side, dtype=np.uint8).reshape(3, side, side))
        return Raster(href=str(tmp_path / name))

    with Scene.open(picture("a.tif", 50)) as one, Scene.open(picture("b.tif", 60)) as other:
        assert common(one, one).overlap == 1 and common(one, one).resolution_ratio is None
        with pytest.raises(RsvlmError, match="not georeferenced and differ in size"):
            common(one, other)

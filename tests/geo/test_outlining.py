"""From tiles of probabilities to features: whole over edges, in the right place, without overlap, of the right size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.crs import CRS

from rsvlm.geo.blending import blended
from rsvlm.geo.ground import area_m2
from rsvlm.geo.outlining import Cut, Feature, outlined
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid, Tiling
from rsvlm.protocol import Raster

UTM33 = CRS.from_epsg(32633)
NORTH_UP = Affine(0.5, 0, 500000, 0, -0.5, 6650000)
SIDE, OVERLAP = 64, 16
Sure = Callable[
    [np.ndarray, np.ndarray], np.ndarray
]  # x, y of pixels' middles on the whole raster -> (classes, ...) bool


def grid_of(width: int, height: int, transform: Affine = NORTH_UP, crs: CRS | None = UTM33) -> PixelGrid:
    return PixelGrid.over(width, height, transform, crs, None)


def found(inside: Sure, width: int, height: int, cut: Cut, grid: PixelGrid | None = None, at: int = 0) -> list[Feature]:
    """What a model finds that is sure of what is inside, less so near the edges of its tiles, where it errs at random.

    at: of the first pixel, along both axes.
    """
    generator = np.random.default_rng(at)
    edge = np.minimum(np.arange(SIDE), np.arange(SIDE)[::-1]) < 4
    doubt = 0.4 * (edge[:, None] | edge[None])

    def model() -> Iterator[np.ndarray]:
        for x0, y0, x1, y1 in tiling.windows():
            x, y = np.meshgrid(np.arange(x0, x1) + at + 0.5, np.arange(y0, y1) + at + 0.5)
            clear = np.where(inside(x, y), 0.95, 0.05)
            yield clear + (0.5 - clear) * doubt * generator.random(clear.shape)

    tiling = Tiling(width, height, SIDE, OVERLAP)
    return outlined(blended(tiling, model()), grid or grid_of(width, height), cut)


def discs(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(1, ...) in cells of 40 pixels, of different sizes."""
    radius = 6 + (x // 40 * 7 + y // 40 * 3) % 11
    return ((x % 40 - 20) ** 2 + (y % 40 - 20) ** 2 < radius**2)[None]


def stripes(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(3, ...) that cover everything and meet along curves."""
    which = (x + 12 * np.sin(y / 15) + 5 * np.sin(x / 6 + y / 9)) // 23 % 3
    return np.stack([which == number for number in range(3)])


def test_object_across_edges_and_corners_of_tiles_is_one_feature():
    ring = found(lambda x, y: (abs(np.hypot(x - 100, y - 100) - 70) < 6)[None], 200, 200, Cut())
    assert len(ring) == 1 and len(ring[0].polygon.interiors) == 1
    assert ring[0].polygon.area == pytest.approx(0.25 * math.pi * (76**2 - 64**2), rel=0.01)
    assert ring[0].label == 0 and 0.9 < ring[0].score <= 0.95
    cross = found(lambda x, y: ((abs(x - 56) < 3) | (abs(y - 56) < 3))[None], 160, 160, Cut(tolerance_m=1))
    assert len(cross) == 1


@pytest.mark.parametrize("tolerance", [0.0, 0.5])
def test_moving_the_origin_of_tiles_moves_no_outline_by_more_than_a_pixel(tolerance: float):
    cut = Cut(tolerance_m=tolerance)
    one = found(discs, 240, 240, cut)
    moved = Affine(0.5, 0, 500000 + 0.5 * 13, 0, -0.5, 6650000 - 0.5 * 13)
    other = found(discs, 227, 227, cut, grid_of(227, 227, moved), at=13)
    away = shapely.box(500000 + 7, 6650000 - 119, 500000 + 119, 6650000 - 7)  # from the cut of the raster
    ours, theirs = ([item.polygon for item in each if away.contains(item.polygon)] for each in (one, other))
    assert len(ours) == len(theirs) > 20
    tree = shapely.STRtree([shape.centroid for shape in theirs])
    for shape in ours:
        same = theirs[tree.nearest(shape.centroid)]
        assert shapely.hausdorff_distance(shape.exterior, same.exterior, densify=0.1) <= (0.5 if tolerance else 1e-6)


def test_neighbours_share_their_edges_after_simplification():
    features = found(stripes, 300, 250, Cut(tolerance_m=2))
    shapes = np.array([item.polygon for item in features], object)
    assert {item.label for item in features} == {0, 1, 2} and shapely.is_valid(shapes).all()
    exact = found(stripes, 300, 250, Cut())
    assert shapely.get_num_coordinates(shapes).sum() < 0.3 * sum(len(shapely.get_coordinates(f.polygon)) for f in exact)
    tree = shapely.STRtree(shapes)
    one, other = tree.query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))[one != other]
    assert len(shared) > 10 and shared.sum() == 0
    assert shapely.union_all(shapes).area == pytest.approx(shapely.area(shapes).sum(), rel=1e-9)


@pytest.mark.parametrize("angle", [0, 33])
def test_noise_gives_valid_outlines_without_overlap(angle: int):
    generator = np.random.default_rng(1)
    turned = Affine.translation(500000, 6650000) @ Affine.rotation(angle) @ Affine.scale(0.5, -0.5)
    for _round in range(40):
        band = generator.random((2, *generator.integers(20, 40, 2)), dtype=np.float32)
        cut = Cut(tolerance_m=generator.uniform(0.5, 3))
        features = outlined([band], grid_of(band.shape[2], band.shape[1], turned), cut)
        shapes = np.array([item.polygon for item in features], object)
        assert shapely.is_valid(shapes).all() and set(shapely.get_type_id(shapes)) == {3}
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))[one != other]
        assert shared.sum() <= (1e-6 if angle else 0)


def test_smallest_area_is_of_ground_and_holes_stay():
    def inside(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return (((x < 20) & (y < 20) & ~((x > 9) & (x < 12) & (y > 9) & (y < 12))) | ((x > 30) & (x < 36) & (y < 5)))[
            None
        ]

    assert sorted(item.polygon.area for item in found(inside, 50, 30, Cut())) == [7.5, 97.75]
    large = found(inside, 50, 30, Cut(smallest_m2=8))
    assert [item.polygon.area for item in large] == [97.75] and len(large[0].polygon.interiors) == 1


@pytest.mark.parametrize(
    "transform",
    [
        Affine(0.5, 0, 500000, 0, 0.5, 6650000),  # south up
        Affine.translation(500000, 6650000) @ Affine.rotation(33) @ Affine.scale(0.5, -0.5),
        Affine.translation(500000, 6650000) @ Affine.shear(10, 0) @ Affine.scale(0.5, 0.25),
    ],
)
def test_turned_rasters_put_outlines_where_their_pixels_are(transform: Affine):
    features = found(
        lambda x, y: ((x > 20) & (x < 90) & (y > 10) & (y < 40))[None], 120, 80, Cut(), grid_of(120, 80, transform)
    )
    corners = [transform @ corner for corner in ((20, 10), (90, 10), (90, 40), (20, 40))]
    assert len(features) == 1
    assert shapely.symmetric_difference(features[0].polygon, shapely.Polygon(corners)).area < 1e-6


@pytest.mark.parametrize("code", [32633, 3857, 4326])
def test_areas_and_tolerances_are_metres_in_any_crs_at_60_north(code: int):
    x, y = Transformer.from_crs(4326, code, always_xy=True).transform(15.02, 60.0)
    step = {32633: (1, 1), 3857: (2, 2), 4326: (1 / 55_800, 1 / 111_413)}[code]
    grid = grid_of(200, 200, Affine(step[0], 0, x, 0, -step[1], y), CRS.from_epsg(code))
    assert grid.sides_m == pytest.approx((1, 1), rel=0.01)
    features = found(discs, 200, 200, Cut(tolerance_m=1.5, smallest_m2=300), grid)
    equal_area = Transformer.from_crs(code, "+proj=laea +lat_0=60 +lon_0=15 +ellps=WGS84", always_xy=True)
    assert 10 < len(features) < 25
    for item in features:
        flat = shapely.transform(shapely.segmentize(item.polygon, step[0]), equal_area.transform, interleaved=False)
        assert area_m2(item.polygon, grid.crs) == pytest.approx(flat.area, rel=1e-3)
        assert flat.area > 290
        assert 8 <= len(item.polygon.exterior.coords) < 40


def test_likeliest_class_wins_and_no_data_is_none():
    band = np.array([[[0.6, 0.7, 0.2, np.nan]], [[0.8, 0.5, 0.3, np.nan]]], np.float32)
    features = outlined([band], grid_of(4, 1), Cut())
    assert [(item.label, round(item.score, 6), item.polygon.bounds[0] - 500000) for item in features] == [
        (1, 0.8, 0.0),
        (0, 0.7, 0.5),
    ]
    assert len(outlined([band], grid_of(4, 1), Cut(likely=0.75))) == 1
    assert outlined([np.full((2, 1, 4), np.nan, np.float32)], grid_of(4, 1), Cut()) == []
    assert outlined([], grid_of(4, 1), Cut(tolerance_m=1, right_angles=True)) == []


def test_without_a_crs_everything_is_in_pixels():
    features = outlined(
        [np.full((1, 4, 6), 0.9, np.float32)], grid_of(6, 4, Affine.identity(), None), Cut(smallest_m2=24)
    )
    assert [item.polygon.bounds for item in features] == [(0, 0, 6, 4)]


@pytest.mark.parametrize("gsd", [10.0, 15.0, 23.7, 4.0])
def test_same_pixel_gives_the_same_input_in_every_tile(write: Callable[..., str], gsd: float):
    pixels = np.random.default_rng(3).integers(100, 9000, (3, 150, 170)).astype(np.uint16)
    with Scene.open(Raster(href=write(pixels))) as scene:
        grid = PixelGrid.over(scene.width, scene.height, scene.transform, scene.crs, gsd)
        tiling = Tiling(grid.width, grid.height, 48, 20)
        seen = np.full((grid.height + 48, grid.width + 48, 3), -1)
        compared = 0
        for x0, y0, x1, y1 in tiling.windows():
            picture = scene.window(grid.in_raster((x0, y0, x1, y1)), (48, 48)).rgb().astype(int)
            before = seen[y0:y1, x0:x1]
            assert np.array_equal(np.where(before >= 0, before, picture), picture)
            compared += int((before >= 0).sum())
            seen[y0:y1, x0:x1] = picture
        assert compared > 1000 and (seen[: grid.height, : grid.width] >= 0).all()

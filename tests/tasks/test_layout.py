"""A model sees shapes as they are on the ground, whatever the pixels of the raster; what it finds of them lies where they do."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.io import MemoryFile
from rasterio.transform import from_origin
from shapely.geometry import shape

from rsvlm.geo.connected import part_at
from rsvlm.geo.ground import area_m2, pixel_sides_m
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.polygons import placed, polygons
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid
from rsvlm.models.cards import get_card
from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, GroundRequest, LocalizeRequest, Raster, SegmentRequest, Watch
from rsvlm.tasks import TASKS
from rsvlm.tasks.layout import OneView, Tiles, one_view_will_do
from rsvlm.tasks.outlines import speck_m2

Write = Callable[..., str]
# Pixels of 0.5 m from west to east and 1 m from north to south, and the other way round.
DEGREES: dict[str, Any] = {"crs": "EPSG:4326", "transform": from_origin(15, 60.0005, 1 / 111_413, 1 / 111_413)}
OBLONG: dict[str, Any] = {"crs": "EPSG:32632", "transform": from_origin(500000, 5500000, 1, 0.5)}
CELLS = [(DEGREES, (80, 40)), (OBLONG, (40, 80))]  # pixels along the sides of 40 m x 40 m
NAMES = ["degrees", "metres"]


def nine(cell: tuple[int, int]) -> np.ndarray:
    """(3, height, width) uint8: 3 x 3 cells, each with a light rectangle of two fifths of its sides in the middle."""
    width, height = cell
    y, x = np.mgrid[0 : 3 * height, 0 : 3 * width] + 0.5
    inside = (abs(x % width - width / 2) < width / 5) & (abs(y % height - height / 2) < height / 5)
    return np.repeat(np.where(inside, 220, 30).astype(np.uint8)[None], 3, axis=0)


def on_map(cell: tuple[int, int], transform: Affine) -> np.ndarray:
    """The light rectangles, as polygons on the map."""
    frames = [
        shapely.box((column + 0.3) * cell[0], (row + 0.3) * cell[1], (column + 0.7) * cell[0], (row + 0.7) * cell[1])
        for row in range(3)
        for column in range(3)
    ]
    return placed(np.array(frames), transform)


def assert_same_place(answer: Answer, wanted: np.ndarray) -> None:
    """One feature for each polygon, off by less than a twentieth, with its area on the ground."""
    assert len(answer.evidence) == len(wanted)
    for item in answer.evidence:
        found = shape(item.geometry)
        (same,) = (each for each in wanted if each.contains(found.centroid))
        assert shapely.symmetric_difference(found, same).area < 0.05 * same.area
        assert item.area_m2 == pytest.approx(16 * 16, rel=0.05)


@pytest.mark.parametrize(("place", "cell"), CELLS, ids=NAMES)
def test_squares_on_the_ground_are_seen_square_and_outlined_where_they_are(
    bright: Any, write: Write, place: dict[str, Any], cell: tuple[int, int]
):
    path, wanted = write(nine(cell), **place), on_map(cell, place["transform"])
    assert_same_place(TASKS["segment"].run(SegmentRequest(Raster(href=path), ("bright",)), bright, Watch()), wanted)
    whole = 0
    for picture in bright.predictor.pictures:
        for seen in polygons(picture.mean(axis=2) > 127, Affine.identity()):
            x0, y0, x1, y1 = seen.bounds
            if min(x0, y0) > 0 and max(x1, y1) < 64:
                whole += 1
                assert x1 - x0 == pytest.approx(y1 - y0, rel=0.1) and x1 - x0 == pytest.approx(32, rel=0.1)
    assert whole >= 9
    assert_same_place(TASKS["ground"].run(GroundRequest(Raster(href=path), ["bright"]), bright, Watch()), wanted)
    x0, y0, x1, y1 = shapely.union_all(wanted[[4, 5, 7, 8]]).bounds
    dx, dy = (x1 - x0) / 8, (y1 - y0) / 8  # some of the dark between them and the others
    part = Raster(href=path, extent=(x0 - dx, y0 - dy, x1 + dx, y1 + dy))
    assert_same_place(TASKS["segment"].run(SegmentRequest(part, ("bright",)), bright, Watch()), wanted[[4, 5, 7, 8]])


@pytest.mark.parametrize(("place", "cell"), CELLS, ids=NAMES)
def test_probabilities_are_kept_on_squares_of_the_ground(
    bright: Any,
    write: Write,
    place: dict[str, Any],
    cell: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    path, wanted = write(nine(cell), **place), on_map(cell, place["transform"])
    request = SegmentRequest(Raster(href=path), ("bright",), keep=True)
    (kept,) = TASKS["segment"].run(request, bright, Watch()).structured["probabilities"]
    with rasterio.open(kept["path"]) as stored, rasterio.open(path) as source:
        sides = pixel_sides_m(stored.transform, stored.crs, stored.width, stored.height)
        assert stored.crs == source.crs and stored.bounds == pytest.approx(source.bounds, rel=1e-6)
        assert sides == pytest.approx((0.5, 0.5), rel=0.01)
    shown = len(bright.predictor.pictures)
    assert_same_place(TASKS["segment"].run(request, bright, Watch()), wanted)
    assert len(bright.predictor.pictures) == shown, "cut again without the model"
    middle = wanted[4].centroid
    part = part_at(Raster(href=kept["path"]), "bright", (middle.x, middle.y), 0.5)
    assert part is not None
    (found,) = outlined([part.values], part.grid, Cut(part.likely))
    assert shapely.symmetric_difference(found.polygon, wanted[4]).area < 0.05 * wanted[4].area
    assert area_m2(found.polygon, part.grid.crs) == pytest.approx(16 * 16, rel=0.05)


@pytest.mark.parametrize(("finest", "stride", "seen"), [(1e-3, 1, 0.5), (1e-3, 2, 0.5), (0.8, 1, 0.8), (2, 1, 2)])
@pytest.mark.parametrize(("place", "cell"), CELLS, ids=NAMES)
def test_pixels_of_tiles_are_square_on_the_ground(
    write: Write, place: dict[str, Any], cell: tuple[int, int], finest: float, stride: int, seen: float
):
    with Scene.open(Raster(href=write(nine(cell), **place))) as scene:
        tiles = Tiles(scene, 64, finest, stride)
        assert tiles.grid.sides_m == pytest.approx((seen, seen), rel=0.01)
        assert tiles.gsd_m == pytest.approx(seen, rel=0.01)
        size = tiles.grid.width * tiles.grid.step_x, tiles.grid.height * tiles.grid.step_y
        assert size == pytest.approx((scene.width, scene.height), rel=0.02)
        assert speck_m2(tiles.grid) == pytest.approx(4 * max(0.5, seen**2), rel=0.02), "four pixels of what is coarser"


def test_pixels_that_are_about_square_are_seen_as_they_are(write: Write):
    pixels = nine((70, 70))
    for name, high in (("square.tif", 1.0), ("nearly.tif", 1.05)):
        path = write(pixels, name, transform=from_origin(500000, 5500000, 1, high))
        with Scene.open(Raster(href=path)) as scene:
            tiles = Tiles(scene, 64, 1e-3, 1)
            assert tiles.grid == PixelGrid(210, 210, scene.transform, scene.crs, 1.0, 1.0)
            np.testing.assert_array_equal(tiles.view(0).pixels, pixels[:, :64, :64])
            coarser = Tiles(scene, 64, 2.0, 1).grid
            assert coarser.step_x == coarser.step_y == 2.0 / scene.gsd_m


@pytest.mark.parametrize("size", [(100, 3000), (3000, 100)])
@pytest.mark.parametrize("place", [{}, {"crs": None, "transform": None}], ids=["placed", "nowhere"])
def test_strip_is_too_long_for_one_view_whichever_way_it_lies(
    sparse: Write, size: tuple[int, int], place: dict[str, Any]
):
    with Scene.open(Raster(href=sparse(*size, **place))) as scene:
        assert not one_view_will_do(scene, get_card(None), 0.5)


def test_view_of_a_strip_without_a_crs_is_measured_along_both_sides(write: Write):
    card = get_card(None)
    pixels = card.input.pixels
    strip = np.tile(nine((20, 20)), (1, 20, 1))  # 60 x 1200
    with Scene.open(Raster(href=write(strip, crs=None, transform=None))) as scene:
        assert OneView(scene, card).grid.sides_m == pytest.approx((60 / pixels, 1200 / (2 * pixels)))


@pytest.mark.parametrize("place", [DEGREES, OBLONG], ids=NAMES)
def test_tiles_of_a_search_for_places_are_square_on_the_ground(
    models: Models, write: Write, landscape: Callable[[int, int], np.ndarray], place: dict[str, Any]
):
    path = write(landscape(*((240, 480) if place is DEGREES else (480, 240))), **place)
    answer = TASKS["localize"].run(LocalizeRequest(Raster(href=path), "a river"), models, Watch())
    with MemoryFile(b64decode(answer.structured["heat"])) as memory, memory.open() as cells:
        assert (cells.width, cells.height) == (30, 30)
        assert pixel_sides_m(cells.transform, cells.crs, 30, 30) == pytest.approx((8, 8), rel=0.02)

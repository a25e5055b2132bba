"""What a search has found so far is told roughly, in its place, and at next to no cost."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS
from shapely import union_all
from shapely.geometry import box, shape

from rsvlm.geo.tiling import PixelGrid
from rsvlm.protocol import Raster, SegmentRequest, Watch
from rsvlm.tasks import TASKS, sketching
from rsvlm.tasks.sketching import sketched

WIDTH, HEIGHT, TILES = 128, 400, 3 * 8  # tiles of 64 that share 16
UTM = CRS.from_epsg(32632)


class Draws(Watch):
    """Keeps sketches, and of each how many pictures had been looked at before it came."""

    def __init__(self) -> None:
        self.sketches: list[Any] = []
        self.after: list[int] = []
        self.events: list[str] = []
        self._done = 0

    def progress(self, done: int, total: int, note: str) -> None:
        self._done = done

    def sketch(self, geometry: dict[str, Any]) -> None:
        self.sketches.append(shape(geometry))
        self.after.append(self._done)
        self.events.append("sketch")

    def evidence(self, item: Any) -> None:
        self.events.append("evidence")


@pytest.fixture
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row of tiles is worth a sketch."""
    monkeypatch.setattr(sketching, "SHARE", np.inf)


def blocks() -> np.ndarray:
    """(3, HEIGHT, WIDTH): bright squares of 20 pixels, 40 apart, and a bright river down all of it."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    bright = ((rows % 60 < 20) & (columns % 60 < 20) & (columns < 80)) | (abs(columns - 105) < 8)
    return np.where(bright, 230, 20).astype(np.uint8)[None].repeat(3, axis=0)


def test_sketches_come_on_the_way_and_lie_where_the_outlines_will(bright: Any, write: Any, always: None):
    watch = Draws()
    answer = TASKS["segment"].run(SegmentRequest(Raster(href=write(blocks())), ["bright"]), bright, watch)
    assert watch.events == ["sketch"] * 8 + ["evidence"] * len(answer.evidence)
    assert watch.after == sorted(watch.after) and 0 < watch.after[0] < TILES / 2
    found = union_all([shape(item.geometry) for item in answer.evidence])
    rough = union_all(watch.sketches)
    assert found.intersection(rough).area / found.union(rough).area > 0.8
    first = watch.sketches[0]
    assert first.geom_type == "MultiPolygon" and first.bounds[3] == pytest.approx(5_500_000, abs=4)
    assert first.bounds[1] == pytest.approx(5_500_000 - 48, abs=4)  # rows that no other tile covers


def test_places_are_told_to_a_tenth_of_a_cell_in_few_letters(always: None):
    watch, likely = Draws(), np.ones((1, 40, 40), np.float32)
    pixel = 2.4999999e-5  # degrees
    grid = PixelGrid(40, 40, Affine(pixel, 0, 20.4400001, 0, -pixel, -34.0100001), CRS.from_epsg(4326), 1.0)
    list(sketched([likely], grid, 0.5, watch))
    whole = box(20.4400001, -34.0100001 - 40 * pixel, 20.4400001 + 40 * pixel, -34.0100001)
    assert watch.sketches[0].bounds == pytest.approx(whole.bounds, abs=0.4 * pixel)
    assert all(len(str(value)) <= 10 for value in watch.sketches[0].bounds)


def test_where_rows_end_makes_no_difference(always: None, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sketching, "SMOOTH", 0)
    likely = np.random.default_rng(3).random((2, 90, 50)).astype(np.float32)
    likely[:, 20:30] = np.nan
    grid = PixelGrid(50, 90, Affine(2, 0, 500_000, 0, -2, 5_500_000), UTM, 1.0)
    whole, parts = Draws(), Draws()
    list(sketched([likely], grid, 0.7, whole))
    heights = np.cumsum([1, 2, 17, 3, 30, 5])
    bands = np.split(likely, heights, axis=1)
    assert all(one is other for one, other in zip(sketched(bands, grid, 0.7, parts), bands, strict=True))
    assert len(parts.sketches) > 3
    assert union_all(parts.sketches).equals(whole.sketches[0])
    assert whole.sketches[0].disjoint(box(500_000, 5_500_000 - 2 * 27, 500_100, 5_500_000 - 2 * 23))  # nothing to see


def test_a_hundredth_of_the_time_at_most_is_spent_on_it(monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(sketching.time, "perf_counter", lambda: now[0])

    class Slow(Draws):
        def sketch(self, geometry: dict[str, Any]) -> None:
            super().sketch(geometry)
            self.after[-1] = now[0]
            now[0] += 0.5

    watch = Slow()
    grid = PixelGrid(64, 64_000, Affine(1, 0, 500_000, 0, -1, 5_500_000), UTM, 1.0)

    def bands():
        for _ in range(1000):
            now[0] += 1
            yield np.ones((1, 64, 64), np.float32)

    list(sketched(bands(), grid, 0.5, watch))
    assert len(watch.sketches) >= 15 and 0.5 * len(watch.sketches) <= 0.01 * now[0]
    assert watch.after[0] == 1  # not before anybody would wait
    assert [item.geoms[0].bounds[3] for item in watch.sketches[:3]] == [5_500_000, 5_500_000 - 64, 5_500_000 - 64 * 100]


def test_many_things_are_told_by_the_largest_only(always: None):
    dots = np.kron(np.eye(2, dtype=np.float32), np.ones((4, 4), np.float32))
    likely = np.tile(dots, (1, 50, 50))[:, :, :-1].copy()
    likely[:, :40, :40] = 1
    watch = Draws()
    grid = PixelGrid(likely.shape[2], 400, Affine(1, 0, 500_000, 0, -1, 5_500_000), UTM, 1.0)
    list(sketched([likely] * 3, grid, 0.5, watch))
    assert sum(len(item.geoms) for item in watch.sketches) == sketching.MOST
    assert watch.sketches[0].geoms[0].area >= 1600


def test_rows_that_nobody_will_be_told_of_are_not_held(always: None):
    dots = np.tile(np.kron(np.eye(2, dtype=np.float32), np.ones((4, 4), np.float32)), (1, 50, 50))
    sketch = sketching._Sketch(PixelGrid(400, 4000, Affine(1, 0, 500_000, 0, -1, 5_500_000), UTM, 1.0), 0.5, Draws())
    for _ in range(10):
        sketch.add(dots)
    assert sketch._left == 0 and sketch._waiting == []


def test_without_a_crs_nothing_is_told(bright: Any, write: Any, always: None):
    watch = Draws()
    place = write(blocks(), crs=None, transform=None)
    answer = TASKS["segment"].run(SegmentRequest(Raster(href=place), ["bright"]), bright, watch)
    assert answer.evidence and watch.sketches == []

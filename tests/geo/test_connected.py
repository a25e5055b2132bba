"""What is about as likely around a place is found whole, and no more of the raster is read for it than a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from rsvlm.geo.connected import connected, part_at
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.probabilities import read, stored
from rsvlm.geo.tiling import PixelGrid
from rsvlm.protocol import Raster, RsvlmError

LEFT, TOP, SIDE = 500000, 5000000, 2.0
Keep = Callable[..., Raster]


def grid(width: int, height: int) -> PixelGrid:
    return PixelGrid(width, height, Affine(SIDE, 0, LEFT, 0, -SIDE, TOP), CRS.from_epsg(32633), 1.0)


@pytest.fixture
def keep(tmp_path: Path) -> Keep:
    """keep(probabilities (classes, H, W), *names) -> the file that holds them, pixels of 2 m."""

    def make(values: np.ndarray, *names: str) -> Raster:
        _, height, width = values.shape
        path = tmp_path / "sure.tif"
        for _ in stored((values[:, y : y + 256] for y in range(0, height, 256)), grid(width, height), path, names):
            pass
        return Raster(href=str(path))

    return make


def place(column: float, row: float) -> tuple[float, float]:
    return LEFT + SIDE * (column + 0.5), TOP - SIDE * (row + 0.5)


def neighbours(column: int, row: int) -> Iterator[tuple[int, int]]:
    yield from ((column - 1, row), (column + 1, row), (column, row - 1), (column, row + 1))


def filled(mask: np.ndarray, column: int, row: int) -> np.ndarray:
    """The same as `connected`, pixel by pixel."""
    found = np.zeros_like(mask)
    waiting = [(column, row)]
    while waiting:
        x, y = waiting.pop()
        if 0 <= x < mask.shape[1] and 0 <= y < mask.shape[0] and mask[y, x] and not found[y, x]:
            found[y, x] = True
            waiting += neighbours(x, y)
    return found


@pytest.mark.parametrize("share", [0.4, 0.6, 0.7, 1.0])
def test_pixels_that_share_edges_are_connected_and_no_others(share: float):
    for seed in range(5):
        mask = np.random.default_rng(seed).random((37, 53)) < share
        rows, columns = np.nonzero(mask)
        for number in (0, len(rows) // 2, len(rows) - 1):
            at = int(columns[number]), int(rows[number])
            np.testing.assert_array_equal(connected(mask, *at), filled(mask, *at))


def test_likely_place_is_cut_as_the_others_were_and_a_less_likely_one_at_half_its_probability(keep: Keep):
    x, y = np.meshgrid(np.arange(300), np.arange(200))
    sure = (1 - np.hypot(x - 100, y - 100) / 80).clip(0, 1)[None].astype(np.float32)  # 0.5 at 40 pixels
    raster = keep(sure, "lake")
    part = part_at(raster, "lake", place(110, 100), 0.5)
    (one,), (other,) = (
        outlined([part.values], part.grid, Cut(part.likely)),
        outlined(read(Path(raster.href)), grid(300, 200), Cut()),
    )
    assert (
        part.likely == 0.5 and one.polygon.equals(other.polygon) and one.score == pytest.approx(other.score, abs=2e-3)
    )
    part = part_at(raster, "lake", place(100 + 56, 100), 0.5)  # 0.3 likely
    assert part.likely == pytest.approx(0.15, abs=1e-6)
    (found,) = outlined([part.values], part.grid, Cut(part.likely))
    assert found.polygon.area / SIDE**2 == pytest.approx(np.pi * (0.85 * 80) ** 2, rel=0.01)
    assert part_at(raster, "lake", place(100 + 74, 100), 0.5) is None  # 0.075 likely
    assert part_at(raster, "lake", place(100 + 74, 100), 0.06).likely == pytest.approx(0.06)


def test_less_likely_part_does_not_leak_into_what_is_around_it(keep: Keep):
    sure = np.full((1, 200, 300), 0.25, np.float32)  # 0.6 times as likely as the house
    sure[0, 50:80, 60:100] = 0.36
    sure[0, 60:64, 70:74] = 0.4  # less than FEW: may grow as it likes
    raster = keep(sure, "roof")
    for at in ((71, 61), (95, 75)):
        part = part_at(raster, "roof", place(*at), 0.5)
        rows, columns = np.nonzero(part.values[0])
        assert part.pixels == 30 * 40 and (rows.min(), rows.max(), columns.min(), columns.max()) == (50, 79, 60, 99)
    assert part_at(raster, "roof", place(5, 5), 0.5).pixels == 200 * 300


def test_part_without_a_crs_is_measured_along_both_sides_of_its_pixels(tmp_path: Path):
    """As of a view of a long strip, whose pixels are longer along it."""
    sure = np.full((1, 30, 20), 0.9, np.float32)
    strip = PixelGrid(20, 30, Affine.scale(2, 5), None, 2.0, 5.0)
    for _ in stored([sure], strip, tmp_path / "sure.tif", ["a"]):
        pass
    part = part_at(Raster(href=str(tmp_path / "sure.tif")), "a", (10, 70), 0.5)
    assert part is not None and part.grid.sides_m == (2, 5) and part.pixels == 600


def test_window_grows_until_the_part_is_inside_and_no_further(keep: Keep):
    sure = np.full((1, 1500, 3000), 0.02, np.float32)
    sure[0, 700:703, 20:2900] = 0.8  # a river
    sure[0, 100:1400, 2890:2900] = 0.8
    sure[0, 300:310, 300:320] = 0.8
    raster = keep(sure, "water")
    river = part_at(raster, "water", place(25, 701), 0.5)
    assert (river.values > 0).sum() == (sure[0] > 0.5).sum() - 200
    assert outlined([river.values], river.grid, Cut(0.5))[0].polygon.bounds == (
        LEFT + 2 * 20, TOP - 2 * 1400, LEFT + 2 * 2900, TOP - 2 * 100
    )  # fmt: skip
    pond = part_at(raster, "water", place(305, 305), 0.5)
    assert (pond.values > 0).sum() == 200 and pond.values.size == 512**2


def test_classes_are_told_apart_and_what_was_not_looked_at_belongs_to_nothing(keep: Keep):
    sure = np.full((2, 60, 80), 0.2, np.float32)
    sure[0, 10:20, 10:40] = 0.9
    sure[1, 10:20, 10:30] = 0.7
    sure[:, :, 35:] = np.nan
    raster = keep(sure, "roof", "road")
    assert [(part_at(raster, name, place(12, 12), 0.5).values > 0).sum() for name in ("roof", "road")] == [250, 200]
    assert part_at(raster, "roof", place(50, 12), 0.5) is None


def test_places_and_classes_that_are_not_there_are_refused(keep: Keep, monkeypatch: pytest.MonkeyPatch):
    raster = keep(np.full((1, 600, 600), 0.9, np.float32), "roof")
    with pytest.raises(RsvlmError, match="“lake”") as told:
        part_at(raster, "lake", place(5, 5), 0.5)
    assert told.value.code == "bad_request"
    for at in (place(-1, 5), place(600, 5), place(5, -1), place(5, 600)):
        with pytest.raises(RsvlmError) as told:
            part_at(raster, "roof", at, 0.5)
        assert told.value.code == "bad_extent"
    with pytest.raises(RsvlmError) as told:
        part_at(Raster(href="gone.tif"), "roof", place(5, 5), 0.5)
    assert told.value.code == "not_found"
    assert part_at(raster, "roof", place(5, 5), 0.5).values.size == 600**2
    monkeypatch.setattr("rsvlm.geo.connected.MOST", 599**2)
    with pytest.raises(RsvlmError) as told:
        part_at(raster, "roof", place(5, 5), 0.5)
    assert told.value.code == "too_large"

"""Where a model looks in a scene to outline things: overlapping tiles of one grid over all of the raster, or one view.

Both say on which grid probabilities lie, cut the pictures, and put together what was found on them. Know no model but its card.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

import numpy as np
from affine import Affine

from rsvlm.geo.blending import blended
from rsvlm.geo.ground import pixel_sides_m
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid, Tiling, evened
from rsvlm.geo.view import View
from rsvlm.models.cards import ModelCard
from rsvlm.tasks.plan import one_view

OVERLAP = 4  # of a tile, a fourth
ENLARGED = 0.5  # metres per pixel; beyond that tiles would show too little ground to tell what it is
ALIKE = 1.05  # of a raster's own ground sample distance: its pixels are taken as they are, as these are sharpest
OBLONG = 4  # at most so many pixels are looked at for one that is long on one side, as all are near a pole in degrees
SHARP = 4  # times the pixel that could be seen: up to that, one view does for a model that needs long for each


class Layout(Protocol):
    """grid: of the pixels that are seen. count: of pictures, of `side` pixels along the longer side. gsd_m: metres per pixel,
    None without a CRS.
    """

    grid: PixelGrid
    count: int
    side: int
    gsd_m: float | None

    def view(self, number: int) -> View:
        """Picture `number`, from 0; pixels outside of what was asked for may be in it."""

    def wanted(self, view: View) -> np.ndarray:
        """(H, W) bool: pixels of the view that show something of what was asked for."""

    def bands(self, tiles: Iterable[np.ndarray | None]) -> Iterator[np.ndarray]:
        """Finished rows as `outlined` takes them, of what was found on each picture, in their order; None: nothing to see."""


class OneView:
    """All of the extent, however large, north up."""

    count = 1

    def __init__(self, scene: Scene, card: ModelCard) -> None:
        plan = one_view(scene, card)
        self._scene, self._size, self.gsd_m = scene, plan.size, plan.gsd_m
        view = self._seen = scene.view(scene.extent, plan.size)
        height, width = view.valid.shape
        self.side = max(height, width)
        seen, own = view.transform, scene.transform
        step_x = float(np.hypot(seen.a, seen.d) / np.hypot(own.a, own.d))
        step_y = float(np.hypot(seen.b, seen.e) / np.hypot(own.b, own.e))
        self.grid = PixelGrid(width, height, seen, scene.crs, step_x, step_y)

    def view(self, number: int) -> View:
        return self._seen

    def wanted(self, view: View) -> np.ndarray:
        return view.valid

    def bands(self, tiles: Iterable[np.ndarray | None]) -> Iterator[np.ndarray]:
        return (tile for tile in tiles if tile is not None)


class Tiles:
    """Squares of `side` pixels, at the raster's own ground sample distance or, where that is finer, at `finest` metres per pixel.

    stride: of a model's masks. Pixels are seen enlarged by so much, down to ENLARGED, so that masks are as fine as the raster;
    not those of a rendered picture, for which its own scale was chosen. Where the raster's pixels are not square on the ground,
    these are: as long as the shorter side of one, where that is its own ground sample distance.
    What is smaller than a tile is seen with what is around it.
    """

    def __init__(self, scene: Scene, side: int, finest: float, stride: int) -> None:
        self.side = side
        sides, gsd = pixel_sides_m(scene.transform, scene.crs, scene.width, scene.height), None
        if sides is not None:
            across, along = evened(sides)
            own = max(min(across, along), max(across, along) / OBLONG)
            wanted = max(finest, own if scene.rendered else min(own, max(ENLARGED, own / stride)))
            gsd = None if across == along and 1 / ALIKE < wanted / own < ALIKE else wanted
        whole = PixelGrid.over(scene.width, scene.height, scene.transform, scene.crs, gsd)
        x0, y0, x1, y1 = scene.extent
        corners = [~whole.transform @ corner for corner in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        columns = _span([x for x, _ in corners], whole.width, side)
        rows = _span([y for _, y in corners], whole.height, side)
        self._scene, self._whole, self._first = scene, whole, (columns[0], rows[0])
        self._all = scene.extent == scene.bounds
        place = whole.transform @ Affine.translation(*self._first)
        self.grid = PixelGrid(columns[1] - columns[0], rows[1] - rows[0], place, scene.crs, whole.step_x, whole.step_y)
        self.tiling = Tiling(self.grid.width, self.grid.height, side, side // OVERLAP)
        self._windows = self.tiling.windows()
        self.count = len(self._windows)
        self.gsd_m = None if scene.gsd_m is None else float(np.sqrt(np.prod(self.grid.sides_m)))

    def view(self, number: int) -> View:
        x, y = self._first
        x0, y0, x1, y1 = self._windows[number]
        return self._scene.window(
            self._whole.in_raster((x0 + x, y0 + y, x1 + x, y1 + y)), (self.tiling.side, self.tiling.side)
        )

    def wanted(self, view: View) -> np.ndarray:
        return view.valid if self._all else view.inside(self._scene.extent)

    def bands(self, tiles: Iterable[np.ndarray | None]) -> Iterator[np.ndarray]:
        return blended(self.tiling, tiles)


def one_view_will_do(scene: Scene, card: ModelCard, finest: float) -> bool:
    """Whether one view of all of the extent is nearly as sharp as tiles would be. finest: of these, metres per pixel."""
    view = one_view(scene, card)
    if view.gsd_m is not None and scene.gsd_m is not None:
        return view.gsd_m <= SHARP * max(finest, scene.gsd_m)
    x0, y0, x1, y1 = scene.extent
    return max((x1 - x0) / view.size[0], (y1 - y0) / view.size[1]) <= SHARP


def _span(places: list[float], length: int, side: int) -> tuple[int, int]:
    """First pixel and the one after the last between some places on an axis of `length` pixels; `side` or more, if there are."""
    first, last = int(np.floor(min(places) + 1e-6)), int(np.ceil(max(places) - 1e-6))
    first, last = max(0, min(first, length - 1)), min(length, max(last, 1))
    more = max(0, min(side, length) - (last - first))
    first = max(0, min(first - more // 2, length - min(side, length)))
    return first, max(last, min(first + side, length))

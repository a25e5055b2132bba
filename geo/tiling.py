"""An extent cut into tiles: equal ones side by side, so that their shares add up to one, or overlapping ones for masks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Optional

from affine import Affine
from rasterio.crs import CRS

from rsvlm.geo.ground import Extent, pixel_sides_m

Window = tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels, x right, y down; x1 and y1 are outside
SQUARE = 1.1  # times the shorter side of a pixel on the ground: with a longer side up to that, it is taken for a square


def grid(width: float, height: float, side: float, at_most: int) -> tuple[int, int]:
    """Columns and rows of tiles nearest to `side` x `side` that cover width x height (all in one unit).

    Tiles grow when there would be more than `at_most` of them. At least one column and one row.
    """
    side = max(side, 1e-12)
    columns, rows = max(1, round(width / side)), max(1, round(height / side))
    while columns * rows > max(1, at_most):
        side *= max(1.02, (columns * rows / max(1, at_most)) ** 0.5)
        columns, rows = max(1, round(width / side)), max(1, round(height / side))
    return columns, rows


def tiles(extent: Extent, columns: int, rows: int, y_down: bool = False) -> list[Extent]:
    """Extents of a grid over `extent`, row by row from the top, left to right; neighbours share their edges exactly.

    y_down: the top is the smallest y, as in pixel coordinates (a scene without a CRS).
    """
    x0, y0, x1, y1 = extent
    xs = [x0 + (x1 - x0) * column / columns for column in range(columns)] + [x1]
    ys = [y0 + (y1 - y0) * row / rows for row in range(rows)] + [y1]
    order = range(rows) if y_down else range(rows - 1, -1, -1)
    return [(xs[column], ys[row], xs[column + 1], ys[row + 1]) for row in order for column in range(columns)]


def evened(sides: tuple[float, float]) -> tuple[float, float]:
    """Sides of a pixel along x and y; where they are about as long, both are their geometric mean."""
    mean = math.sqrt(sides[0] * sides[1])
    return (mean, mean) if max(sides) < SQUARE * min(sides) else sides


@dataclass(frozen=True)
class PixelGrid:
    """The pixels that a model sees of a raster: one grid over all of it, so that a pixel is the same in every tile.

    width, height: pixels.   transform: from them (x right, y down) to `crs`.   crs: None where coordinates are in pixels of the
    raster.   step_x, step_y: pixels of the raster along the sides of one.
    """

    width: int
    height: int
    transform: Affine
    crs: Optional[CRS]
    step_x: float = 1.0
    step_y: float = 1.0

    @classmethod
    def over(cls, width: int, height: int, transform: Affine, crs: Optional[CRS], gsd_m: Optional[float]) -> PixelGrid:
        """Over a raster of width x height pixels at `gsd_m` metres per pixel; its own pixels where that is None or without a CRS.

        Pixels of `gsd_m` are square on the ground, also where the raster's are not (see `evened`). The first corner is the
        raster's; at the other end, a pixel may reach out.
        """
        own = pixel_sides_m(transform, crs, width, height)
        step_x, step_y = 1.0, 1.0
        if gsd_m is not None and own is not None:
            step_x, step_y = (gsd_m / side for side in evened(own))
        axes = (width, step_x), (height, step_y)
        columns, rows = (max(1, math.ceil(length / step - 1e-6)) for length, step in axes)
        return cls(columns, rows, transform @ Affine.scale(step_x, step_y), crs, step_x, step_y)

    @property
    def step(self) -> float:
        """Pixels of the raster along the side of a square as large as one."""
        return math.sqrt(self.step_x * self.step_y)

    @cached_property
    def sides_m(self) -> tuple[float, float]:
        """Metres on the ground along x and y of the pixel in the middle; pixels of the raster where that cannot be measured."""
        return pixel_sides_m(self.transform, self.crs, self.width, self.height) or (self.step_x, self.step_y)

    def in_raster(self, window: Window) -> Extent:
        """The same place in pixels of the raster, as Scene.window takes it."""
        x0, y0, x1, y1 = window
        return x0 * self.step_x, y0 * self.step_y, x1 * self.step_x, y1 * self.step_y


@dataclass(frozen=True)
class Tiling:
    """Squares of `side` pixels over width x height pixels, of which neighbours share at least `overlap` < side pixels.

    The last of a row or column ends at the edge; only where all is smaller than a tile does that reach out.
    """

    width: int
    height: int
    side: int
    overlap: int

    @cached_property
    def columns(self) -> list[int]:
        """Where tiles begin along x."""
        return self._starts(self.width)

    @cached_property
    def rows(self) -> list[int]:
        """Where tiles begin along y."""
        return self._starts(self.height)

    def windows(self) -> list[Window]:
        """Row by row from the top, left to right."""
        return [(x, y, x + self.side, y + self.side) for y in self.rows for x in self.columns]

    def _starts(self, length: int) -> list[int]:
        last = max(0, length - self.side)
        return [*range(0, last, self.side - self.overlap), last]

"""Rough outlines of what was found so far, for a map that shows a search as it goes on. Nothing is measured on them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.polygons import placed, polygons
from rsvlm.geo.tiling import PixelGrid
from rsvlm.protocol import Watch

SHARE = 0.01  # of the time that a search takes
FIRST_S = 0.01  # what the first sketch is taken to cost: there is none before a second has passed
STEP = 4  # pixels along the side of a cell, or more where rows are long
MOST_CELLS = 2**15  # of rows that are finished together
SMOOTH = 0.8  # cells that outlines are simplified by
MOST = 1000  # polygons of a search: more would hold up a map


def sketched(bands: Iterable[np.ndarray], grid: PixelGrid, likely: float, watch: Watch) -> Iterator[np.ndarray]:
    """The same bands (see `outlined`); `watch` is told what is in those that are finished, all classes as one.

    Now and then only, so that it costs next to nothing: what went over rows that were told before comes in two parts.
    Nothing is told without a CRS.
    """
    sketch = _Sketch(grid, likely, watch)
    for band in bands:
        if grid.crs is not None:
            sketch.add(band)
        yield band


class _Sketch:
    """Cells are pixels of the grid, one of so many along x and y, whatever bands they came in."""

    def __init__(self, grid: PixelGrid, likely: float, watch: Watch) -> None:
        self._grid, self._likely, self._watch = grid, likely, watch
        self._began, self._spent, self._expected = time.perf_counter(), 0.0, FIRST_S
        self._step, self._rows, self._told, self._left = 0, 0, 0, MOST
        self._waiting: list[np.ndarray] = []  # (cells down, cells across) bool

    def add(self, band: np.ndarray) -> None:
        """band: (classes, rows, width), below those before."""
        if not self._left:
            return
        now = time.perf_counter()
        self._step = self._step or max(STEP, math.ceil(math.sqrt(band[0].size / MOST_CELLS)))
        middle = self._step // 2
        cells = band[:, (middle - self._rows) % self._step :: self._step, middle :: self._step]
        self._waiting.append(np.any(cells >= self._likely, axis=0))
        self._rows += band.shape[1]
        if self._spent + self._expected <= SHARE * (now - self._began):
            self._tell(np.concatenate(self._waiting))
            self._expected = time.perf_counter() - now
            self._spent += self._expected

    def _tell(self, cells: np.ndarray) -> None:
        shapes = np.array([*polygons(cells, Affine.identity()), None], object)[:-1]
        shapes = shapes[np.argsort(-shapely.area(shapes), kind="stable")][: self._left]  # the largest
        if len(shapes):
            to_map = self._grid.transform @ Affine.scale(self._step) @ Affine.translation(0, self._told)
            digits = 1 - math.floor(math.log10(math.sqrt(abs(to_map.determinant))))  # a tenth of a cell, or less
            rough = shapely.transform(placed(shapely.simplify(shapes, SMOOTH), to_map), lambda xy: np.round(xy, digits))
            self._watch.sketch(shapely.geometry.mapping(shapely.multipolygons(rough)))
        self._told += len(cells)
        self._left -= len(shapes)
        self._waiting = []

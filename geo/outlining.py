"""Probabilities become features on the map: cut at a threshold, traced, simplified with shared edges, squared where asked.

The one way from a model's tiles to polygons, of any raster in bounded memory (polygons apart):

    features = outlined(blended(tiling, tiles), grid, Cut())

or from what geo/probabilities.py stored of an earlier run, with another cut. Features of one call share no area.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.polygons import placed
from rsvlm.geo.right_angles import squared
from rsvlm.geo.stairs import Slopes
from rsvlm.geo.tiling import PixelGrid
from rsvlm.geo.tracing import ROWS, Traced, Tracer

# Steps of how many heights a pixel is wide: coordinates stay numbers that add up exactly, so that an outline is simplified in
# the same way wherever in the raster it lies.
_EXACT = 1 / 256


@dataclass(frozen=True)
class Cut:
    """likely: probability from which on a pixel belongs to a class; where several are, to the likeliest.

    smallest_m2: on the ground; what is smaller is left out.   tolerance_m: how much outlines are simplified, as the side of a
    square that may be cut off or filled; 0: along the edges of pixels.   right_angles: as buildings have, where that fits.
    In pixels where there is no CRS.
    """

    likely: float = 0.5
    smallest_m2: float = 0.0
    tolerance_m: float = 0.0
    right_angles: bool = False


@dataclass(frozen=True)
class Feature:
    """polygon: in the CRS of the grid.   label: number of the class.   score: mean probability within, along the pixels."""

    polygon: shapely.Polygon
    label: int
    score: float


def outlined(bands: Iterable[np.ndarray], grid: PixelGrid, cut: Cut) -> list[Feature]:
    """bands: (classes, rows, grid.width) float in [0, 1] from the top, nan where there is no data.

    An object is one feature, however many tiles and bands it goes over. Holes are kept. They come from the top.
    """
    across, along = grid.sides_m
    smallest = max(1, int(np.ceil(cut.smallest_m2 / (across * along) - 1e-9)))
    longest = 2 * cut.tolerance_m**2 / (across * along)  # pixels of a triangle one wide, of as much as may be cut off
    tracer = Tracer(grid.width, smallest, Slopes(longest, *_first(grid.transform)))
    whole = Traced.together(list(_traced(bands, cut.likely, tracer)))
    # Rows before columns: outlines come from the top, and GEOS keeps vertices ordered by their first coordinate, so that those it
    # looks for lie near each other in memory (two thirds of the time for millions of vertices, the same outlines).
    square = Affine(0, 1, 0, round(across / along / _EXACT) * _EXACT or _EXACT, 0, 0)
    shapes = placed(whole.polygons, square)
    if cut.tolerance_m > 0:
        shapes = shapely.coverage_simplify(shapes, cut.tolerance_m / along)
    shapes, of = _mended(shapes)
    if cut.right_angles:
        shapes = squared(shapes, max(cut.tolerance_m / along, 1.5 * max(across / along, 1)))
    shapes, of_shapes = _mended(placed(shapes, grid.transform @ ~square))
    of = of[of_shapes]
    rows = zip(shapes, (whole.labels[of] - 1).tolist(), whole.means[of].tolist(), strict=True)
    return [Feature(shape, label, min(1.0, score)) for shape, label, score in rows]


def _first(transform: Affine) -> tuple[int, int]:
    """Column and row of the first pixel, counted from the origin of the coordinates; the same for grids that are moved by whole
    pixels. Grids often begin at halves of a pixel, so that these are no limit.
    """
    a, b, c, d, e, f = transform[:6]
    column, row = ~Affine(a, b, 0, d, e, 0) @ (c, f)
    return math.floor(column + 0.3), math.floor(row + 0.3)


def _traced(bands: Iterable[np.ndarray], likely: float, tracer: Tracer) -> Iterator[Traced]:
    for band in bands:
        for row in range(0, band.shape[1], ROWS):
            yield from tracer.add(*_labelled(band[:, row : row + ROWS], likely))
        del band  # before the next is made
    yield tracer.finish()


def _mended(shapes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Valid polygons, and which one each comes from: where simplified rings touch, what is left of an object may be two."""
    broken = ~shapely.is_valid(shapes)
    if not broken.any():
        return shapes, np.arange(len(shapes))
    mended = shapes.copy()
    mended[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    parts, of = shapely.get_parts(mended, return_index=True)
    whole = shapely.area(parts) > 0
    return parts[whole], of[whole]


def _labelled(band: np.ndarray, likely: float) -> tuple[np.ndarray, np.ndarray]:
    """(rows, width) of 1 + the likeliest class, 0 where none is likely; and its probability."""
    best, label = band[0].copy(), np.ones(band.shape[1:], np.min_scalar_type(len(band)))
    for number, sure in enumerate(band[1:], 2):
        np.maximum(label, (sure > best) * label.dtype.type(number), out=label)
        np.maximum(best, sure, out=best)
    there = best >= likely
    label *= there
    np.copyto(best, 0, where=~there)
    return label, best

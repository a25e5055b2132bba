"""Where in a picture something is likely: overlapping tiles of several sizes, each with one value, become a map.

Semantic localisation (SeLo, arXiv 2209.06515), with the tiles by which GeoRSCLIP (RS5M, arXiv 2306.11300) is measured. Knows
arrays only, (rows, columns), x right and y down; nothing of rasters, models or words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsvlm.geo.tiling import Window

SIDES = (256, 512, 768)  # of tiles
MEDIAN = 251  # side of the window that takes the edges of tiles out of a map


def pyramid(width: int, height: int, sides: Sequence[int] = SIDES) -> list[Window]:
    """Tiles of each side, side by side, and again half a side on; one that would reach out is pushed back inside.

    Each is there once, the smallest first. Together they cover every pixel, also of what is smaller than a tile.
    """
    found: dict[Window, None] = {}
    for side in sides:
        for start in (0, side // 2):
            for y in range(start, height, side):
                for x in range(start, width, side):
                    x0, y0 = max(0, min(x, width - side)), max(0, min(y, height - side))
                    found[x0, y0, min(x0 + side, width), min(y0 + side, height)] = None
    return list(found)


def heat(values: Sequence[float], tiles: Sequence[Window], width: int, height: int) -> np.ndarray:
    """(height, width) float64: the mean of the values of all tiles over a pixel; nan where there is none."""
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for value, (x0, y0, x1, y1) in zip(values, tiles, strict=True):
        total[y0:y1, x0:x1] += value
        count[y0:y1, x0:x1] += 1
    return np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0)


def likeliness(heat: np.ndarray, window: int = MEDIAN) -> np.ndarray:
    """(rows, columns) uint8: 0 where the heat is least (or nan), 255 where it is most, smoothed by a median of `window`².

    All 0 where the heat is the same everywhere.
    """
    spread = np.nan_to_num(heat - np.nanmin(heat))
    most = spread.max()
    return median((spread / most * 255 if most > 0 else spread).astype(np.uint8), window)


def median(values: np.ndarray, window: int) -> np.ndarray:
    """Median of the `window` x `window` pixels around each, of uint8; beyond the edge, pixels are those at the edge.

    window: odd. Exact: one sum over the windows for each value that occurs.
    """
    padded = np.pad(values, window // 2, mode="edge")
    own = np.unique(values)
    place = np.zeros(values.shape, np.intp)
    for value in own[:-1]:  # the median is the first that at least half of the window do not exceed
        place += window_sums(padded <= value, window) <= window * window // 2
    return own[place]


def window_sums(values: np.ndarray, window: int) -> np.ndarray:
    """int32 sums of all windows of `window` x `window` that lie within: smaller by window - 1 along each side."""
    sums = values
    for axis in (0, 1):
        added = np.cumsum(sums, axis=axis, dtype=np.int32)
        before = np.insert(added, 0, 0, axis=axis).take(range(added.shape[axis] - window + 1), axis=axis)
        sums = added.take(range(window - 1, added.shape[axis]), axis=axis) - before
    return sums

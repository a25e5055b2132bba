"""Labels become outlines, row by row from the top: regions that go on over many bands of rows come out whole, with their holes.

Nothing is cut at the edge of a band and put together again. Regions are 4-connected. Of each only the corners are kept until its
last row has passed; then corners are linked along rows and columns. A corner where other regions meet on a straight edge counts
too, so that neighbours have all vertices in common. Knows arrays and pixels only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from rsvlm.geo.corners import Corners, corners
from rsvlm.geo.rings import outlines
from rsvlm.geo.stairs import Slopes

NONE = Slopes()
ROWS = 128  # at once: enough for numpy to be quick, few enough to take little memory


@dataclass(frozen=True)
class Traced:
    """polygons: (n,) shapely, in pixels (x right, y down), valid.   labels: (n,) of them.   pixels: (n,) how many of them.

    means: (n,) of the values of their pixels.
    """

    polygons: np.ndarray
    labels: np.ndarray
    pixels: np.ndarray
    means: np.ndarray

    @classmethod
    def together(cls, parts: list[Traced]) -> Traced:
        """From the top, then from the left, whatever the parts were."""
        left, top, *_ = shapely.bounds(np.concatenate([part.polygons for part in parts])).T
        order = np.lexsort([left, top])
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts])[order] for name in cls.__dataclass_fields__)
        )


class Tracer:
    """Memory: what ROWS rows take, and the corners of regions that are still open.

    smallest: pixels; regions with fewer are left out.   slopes: of stairs; none: along the edges of pixels.
    """

    def __init__(self, width: int, smallest: int = 1, slopes: Slopes = NONE) -> None:
        self._smallest, self._slopes = smallest, slopes
        self._y = 0
        self._last = np.zeros(width, np.uint8)  # labels of the row above
        self._last_regions = np.zeros(width, np.int32)
        self._labels = np.zeros(0, np.int64)  # of open regions, as are the next two
        self._pixels: np.ndarray = np.zeros(0)
        self._sums: np.ndarray = np.zeros(0)
        self._corners = Corners.none()

    def add(self, labels: np.ndarray, values: np.ndarray) -> list[Traced]:
        """Regions that end in these rows. labels: (rows, width) unsigned, 0 is no region. values: (rows, width)."""
        parts = range(0, len(labels), ROWS)
        return [self._add(labels[part : part + ROWS], values[part : part + ROWS]) for part in parts]

    def finish(self) -> Traced:
        """Regions that reach the last row."""
        return self._add(np.zeros((1, len(self._last)), np.uint8), np.zeros((1, len(self._last)), np.float32))

    def _add(self, labels: np.ndarray, values: np.ndarray) -> Traced:
        rows = np.vstack([self._last, labels])
        first = np.ones(rows.shape, bool)  # pixel of a run
        first[:, 1:] = rows[:, 1:] != rows[:, :-1]
        begins = np.flatnonzero(first)
        runs = np.cumsum(first.ravel(), dtype=np.int32).reshape(rows.shape)
        runs -= 1
        run_labels = rows.ravel()[begins]
        regions, count = self._regions(rows, first, runs, run_labels)
        of_runs, of_open = regions[: len(begins)], regions[len(begins) :]

        lengths, sums = (
            np.diff(begins, append=rows.size),
            np.add.reduceat(values.ravel(), self._inside(begins, rows.shape[1])),
        )
        new = begins >= rows.shape[1]
        there = new & (run_labels > 0)
        every = np.concatenate([of_open, of_runs[there]])
        self._pixels = np.bincount(every, np.concatenate([self._pixels, lengths[there]]), count)
        self._sums = np.bincount(every, np.concatenate([self._sums, sums[run_labels[new] > 0]]), count)
        names = np.zeros(count, np.int64)
        names[of_open], names[of_runs[there]] = self._labels, run_labels[there]
        self._labels = names

        self._corners = Corners.together([self._corners.renumbered(of_open), corners(rows, runs, of_runs, self._y)])
        self._y += len(labels)
        return self._close(rows[-1], of_runs[runs[-1]])

    @staticmethod
    def _inside(begins: np.ndarray, width: int) -> np.ndarray:
        """Where runs begin in rows without the first, which was there before."""
        return begins[begins >= width] - width

    def _regions(
        self, rows: np.ndarray, first: np.ndarray, runs: np.ndarray, run_labels: np.ndarray
    ) -> tuple[np.ndarray, int]:
        """Numbers of the regions of all runs, then of all regions that were open (0 for what is none); how many there are."""
        over = (rows[1:] == rows[:-1]) & (rows[1:] > 0) & (first[1:] | first[:-1])
        carried = first[0] & (rows[0] > 0)
        one = np.concatenate([runs[:-1][over], runs[0][carried]])
        other = np.concatenate([runs[1:][over], len(run_labels) + self._last_regions[carried]])
        root = roots(len(run_labels) + len(self._labels), one, other)
        real = root == np.arange(len(root))
        real[: len(run_labels)] &= run_labels > 0
        return np.maximum(np.cumsum(real, dtype=np.int32) - 1, 0)[root], int(real.sum())

    def _close(self, last: np.ndarray, regions: np.ndarray) -> Traced:
        """Outlines of what does not reach the last row; the others stay, with new numbers."""
        still = np.zeros(len(self._labels), bool)
        still[regions[last > 0]] = True
        wanted = ~still & (self._pixels >= self._smallest)
        region = self._corners.region
        polygons, which = outlines(self._corners, np.flatnonzero(wanted[region]), self._slopes)
        traced = Traced(polygons, self._labels[which], self._pixels[which], self._sums[which] / self._pixels[which])
        renumbered = np.maximum(np.cumsum(still, dtype=np.int32) - 1, 0)
        self._corners = self._corners.only(np.flatnonzero(still[region])).renumbered(renumbered)
        self._labels, self._pixels, self._sums = self._labels[still], self._pixels[still], self._sums[still]
        self._last, self._last_regions = last.copy(), renumbered[regions] if len(still) else np.zeros_like(regions)
        return traced


def roots(count: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(count,) the least number that each can reach over the links between `one` and `other`."""
    root = np.arange(count)
    while len(one):
        low, high = np.minimum(root[one], root[other]), np.maximum(root[one], root[other])
        apart = low != high
        one, other = one[apart], other[apart]
        np.minimum.at(root, high[apart], low[apart])
        while not np.array_equal(root, further := root[root]):
            root = further
    return root

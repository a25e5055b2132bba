"""Labels become outlines, row by row from the top: regions that go on over many bands of rows come out whole, with their holes.

Nothing is cut at the edge of a band and put together again. Regions are 4-connected. Of each only the corners are kept until its
last row has passed; then corners are linked along rows and columns. A corner where other regions meet on a straight edge counts
too, so that neighbours have all vertices in common. Knows arrays and pixels only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

RIGHT, DOWN, LEFT, UP = range(4)  # directions of an edge; the region is on its right-hand side
_ROWS = 64  # at once: enough for numpy to be quick, few enough to take little memory


@dataclass(frozen=True)
class Traced:
    """polygons: (n,) shapely, in pixels (x right, y down), valid.   labels: (n,) of them.   pixels: (n,) how many of them.

    means: (n,) of the values of their pixels. Ordered by the first pixel of each.
    """

    polygons: np.ndarray
    labels: np.ndarray
    pixels: np.ndarray
    means: np.ndarray


@dataclass(frozen=True)
class _Corners:
    """x, y: of the vertex.   into, out: directions of the edges that arrive there and leave.   region: number."""

    x: np.ndarray
    y: np.ndarray
    into: np.ndarray
    out: np.ndarray
    region: np.ndarray

    def only(self, chosen: np.ndarray) -> _Corners:
        return _Corners(self.x[chosen], self.y[chosen], self.into[chosen], self.out[chosen], self.region[chosen])

    @classmethod
    def together(cls, parts: list[_Corners]) -> _Corners:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))


class Tracer:
    """Memory: what _ROWS rows take, and the corners of regions that are still open.

    smallest: pixels; regions with fewer are left out.
    """

    def __init__(self, width: int, smallest: int = 1) -> None:
        self._smallest = smallest
        self._y = 0
        self._last = np.zeros(width, np.uint8)  # labels of the row above
        self._last_regions = np.zeros(width, np.int32)
        self._labels = np.zeros(0, np.int64)  # of open regions, as are the next two
        self._pixels: np.ndarray = np.zeros(0)
        self._sums: np.ndarray = np.zeros(0)
        self._corners = _Corners(*(np.zeros(0, kind) for kind in (np.int32, np.int32, np.int8, np.int8, np.int32)))

    def add(self, labels: np.ndarray, values: np.ndarray) -> list[Traced]:
        """Regions that end in these rows. labels: (rows, width) unsigned, 0 is no region. values: (rows, width)."""
        parts = range(0, len(labels), _ROWS)
        return [self._add(labels[part : part + _ROWS], values[part : part + _ROWS]) for part in parts]

    def finish(self) -> Traced:
        """Regions that reach the last row."""
        return self._add(np.zeros((1, len(self._last)), np.uint8), np.zeros((1, len(self._last)), np.float32))

    def _add(self, labels: np.ndarray, values: np.ndarray) -> Traced:
        rows = np.vstack([self._last, labels])
        first = np.ones(rows.shape, bool)  # pixel of a run
        first[:, 1:] = rows[:, 1:] != rows[:, :-1]
        begins = np.flatnonzero(first)
        runs = (np.cumsum(first.ravel(), dtype=np.int32) - 1).reshape(rows.shape)
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

        found = _corners(rows, of_runs[runs], self._y)
        before = self._corners
        self._corners = _Corners.together(
            [_Corners(before.x, before.y, before.into, before.out, of_open[before.region]), found]
        )
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
        root = _roots(len(run_labels) + len(self._labels), one, other)
        real = root == np.arange(len(root))
        real[: len(run_labels)] &= run_labels > 0
        return np.maximum(np.cumsum(real, dtype=np.int32) - 1, 0)[root], int(real.sum())

    def _close(self, last: np.ndarray, regions: np.ndarray) -> Traced:
        """Outlines of what does not reach the last row; the others stay, with new numbers."""
        still = np.zeros(len(self._labels), bool)
        still[regions[last > 0]] = True
        wanted = ~still & (self._pixels >= self._smallest)
        corners = self._corners
        polygons, which = _polygons(corners.only(wanted[corners.region]))
        traced = Traced(polygons, self._labels[which], self._pixels[which], self._sums[which] / self._pixels[which])
        renumbered = np.maximum(np.cumsum(still, dtype=np.int32) - 1, 0)
        kept = corners.only(still[corners.region])
        self._corners = _Corners(kept.x, kept.y, kept.into, kept.out, renumbered[kept.region])
        self._labels, self._pixels, self._sums = self._labels[still], self._pixels[still], self._sums[still]
        self._last, self._last_regions = last.copy(), renumbered[regions] if len(still) else np.zeros_like(regions)
        return traced


def _roots(count: int, one: np.ndarray, other: np.ndarray) -> np.ndarray:
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


def _corners(rows: np.ndarray, regions: np.ndarray, y: int) -> _Corners:
    """Between the rows, of which the second is row `y`. regions: number of each pixel's."""
    padded, numbers = np.pad(rows, ((0, 0), (1, 1))), np.pad(regions, ((0, 0), (1, 1)))
    views = (padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:])
    mixed = np.nonzero((views[0] != views[1]) | (views[0] != views[2]) | (views[0] != views[3]))
    a, b, c, d = (view[mixed] for view in views)  # above left and right, below left and right
    row, column = mixed
    found = []

    def note(chosen: np.ndarray, down: int, right: int, into: int, out: int) -> None:
        at = np.flatnonzero(chosen)
        vertices = column[at].astype(np.int32), (row[at] + y).astype(np.int32)
        number = numbers[row[at] + down, column[at] + right].astype(np.int32)
        found.append(_Corners(*vertices, np.full(len(at), into, np.int8), np.full(len(at), out, np.int8), number))

    for own, beside, under, opposite, down, right, into, out in (
        (a, b, c, d, 0, 0, DOWN, LEFT),
        (b, a, d, c, 0, 1, LEFT, UP),
        (c, d, a, b, 1, 0, RIGHT, DOWN),
        (d, c, b, a, 1, 1, UP, RIGHT),
    ):
        level, upright, there = own == beside, own == under, own > 0
        note(there & ~level & ~upright, down, right, into, out)
        note(there & level & upright & (own != opposite), down, right, out, into)
    for own, ahead, other_one, other_two, down, right, way in (
        (a, b, c, d, 0, 0, LEFT),
        (c, d, a, b, 1, 0, RIGHT),
        (a, c, b, d, 0, 0, DOWN),
        (b, d, a, c, 0, 1, UP),
    ):
        meet = (own > 0) & (own == ahead) & (own != other_one) & (own != other_two) & (other_one != other_two)
        note(meet, down, right, way, way)
    return _Corners.together(found)


def _polygons(corners: _Corners) -> tuple[np.ndarray, np.ndarray]:
    """Shapely polygons of whole regions, and the number of each one's region."""
    if not len(corners.x):
        return np.zeros(0, object), np.zeros(0, np.int32)
    corners = corners.only(np.lexsort((corners.region, corners.x, corners.y)))
    order, ring = _rings(_links(corners))
    xy = np.column_stack([corners.x[order], corners.y[order]]).astype(float)
    begins = np.flatnonzero(np.diff(ring, prepend=-1))
    follows = np.arange(1, len(order) + 1)
    follows[np.append(begins[1:], len(order)) - 1] = begins
    turned = np.add.reduceat(xy[:, 0] * xy[follows, 1] - xy[follows, 0] * xy[:, 1], begins)  # positive: not a hole
    regions = corners.region[order[begins]]
    outer = np.flatnonzero(turned > 0)
    rank = np.zeros(regions.max() + 1, int)
    rank[regions[outer]] = np.arange(len(outer))
    sequence = np.lexsort((turned < 0, rank[regions]))
    rings = shapely.linearrings(xy, indices=ring)
    return shapely.polygons(rings[sequence], indices=rank[regions][sequence]), regions[outer]


def _links(corners: _Corners) -> np.ndarray:
    """Number of the next corner along the outline. corners: by y, then x, then region."""
    following = np.empty(len(corners.x), np.int64)
    for way in (RIGHT, DOWN, LEFT, UP):
        leave, arrive = np.flatnonzero(corners.out == way), np.flatnonzero(corners.into == way)
        if way in (DOWN, UP):
            leave = leave[np.argsort(corners.x[leave], kind="stable")]
            arrive = arrive[np.argsort(corners.x[arrive], kind="stable")]
        following[leave] = (
            arrive  # edges of one direction in one line do not overlap: the n-th ends where the n-th does
        )
    # Where a region meets itself in a corner, outer and inner ring touch; each has to go straight past the other.
    same = (np.diff(corners.x) == 0) & (np.diff(corners.y) == 0) & (np.diff(corners.region) == 0)
    one = np.flatnonzero(same)
    following[one], following[one + 1] = following[one + 1], following[one].copy()
    return following


def _rings(following: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners in the order of their rings, and the number of each one's ring."""
    ahead = following.tolist()
    order: list[int] = []
    ends: list[int] = []
    for corner in range(len(ahead)):
        after = ahead[corner]
        if after < 0:  # passed already
            continue
        while after >= 0:
            order.append(corner)
            ahead[corner] = -1
            corner, after = after, ahead[after]
        ends.append(len(order))
    return np.array(order), np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))

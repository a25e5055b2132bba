"""Corners of regions in a grid of labels: where their outlines turn, or pass a place where other regions meet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

RIGHT, DOWN, LEFT, UP = range(4)  # directions of an edge; the region is on its right-hand side


@dataclass(frozen=True)
class Corners:
    """x, y: of the vertex.   into, out: directions of the edges that arrive there and leave.   lone: whether the outline turns
    where no more than two regions meet, so that a neighbour has the same corner or none has.   region: number.
    """

    x: np.ndarray
    y: np.ndarray
    into: np.ndarray
    out: np.ndarray
    lone: np.ndarray
    region: np.ndarray

    def only(self, chosen: np.ndarray) -> Corners:
        """chosen: their numbers, in this order."""
        return Corners(*(getattr(self, name).take(chosen) for name in self.__dataclass_fields__))

    def renumbered(self, numbers: np.ndarray) -> Corners:
        return replace(self, region=numbers[self.region])

    @classmethod
    def together(cls, parts: list[Corners]) -> Corners:
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in cls.__dataclass_fields__))

    @classmethod
    def none(cls) -> Corners:
        return cls(*(np.zeros(0, kind) for kind in (np.int32, np.int32, np.int8, np.int8, bool, np.int32)))


def corners(rows: np.ndarray, runs: np.ndarray, regions: np.ndarray, y: int) -> Corners:
    """Between the rows of labels (0: no region), of which the second is row `y`.

    runs: (rows, width) number of the run that each pixel belongs to.   regions: number of the region of each run.
    """
    padded = np.pad(rows, ((0, 0), (1, 1)))
    upright, level = padded[:, :-1] != padded[:, 1:], padded[:-1] != padded[1:]  # edges between pixels
    row, column = np.nonzero((upright[:-1] | upright[1:]) & (level[:, :-1] | level[:, 1:]))
    a, b, c, d = (
        padded[row + down, column + right] for down in (0, 1) for right in (0, 1)
    )  # above left and right, below
    found = []

    def note(chosen: np.ndarray, down: int, right: int, into: int, out: int, lone: np.ndarray) -> None:
        at = np.flatnonzero(chosen)
        vertices = column[at].astype(np.int32), (row[at] + y).astype(np.int32)
        number = regions[runs[row[at] + down, column[at] + right - 1]].astype(np.int32)
        ways = np.full(len(at), into, np.int8), np.full(len(at), out, np.int8)
        found.append(Corners(*vertices, *ways, lone[at], number))

    for own, beside, under, opposite, down, right, into, out in (
        (a, b, c, d, 0, 0, DOWN, LEFT),
        (b, a, d, c, 0, 1, LEFT, UP),
        (c, d, a, b, 1, 0, RIGHT, DOWN),
        (d, c, b, a, 1, 1, UP, RIGHT),
    ):
        there, alone = own > 0, (beside == under) & (beside == opposite)
        note(there & (own != beside) & (own != under), down, right, into, out, alone)
        note(there & (own == beside) & (own == under) & (own != opposite), down, right, out, into, there)
    for own, ahead, other_one, other_two, down, right, way in (
        (a, b, c, d, 0, 0, LEFT),
        (c, d, a, b, 1, 0, RIGHT),
        (a, c, b, d, 0, 0, DOWN),
        (b, d, a, c, 0, 1, UP),
    ):
        meet = (own > 0) & (own == ahead) & (own != other_one) & (own != other_two) & (other_one != other_two)
        note(meet, down, right, way, way, ~meet)
    return Corners.together(found)

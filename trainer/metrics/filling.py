"""An outline as a mask, pixel for pixel as OpenCV's fillPoly draws it: figures that were published rest on that.

Corners are whole pixels. A pixel belongs to the mask if its middle lies within, or if one of the sides passes through it as
Bresenham draws a line; sides that reach out of the picture are first cut to whole pixels at its edge, which turns them a
little. Knows arrays only, x right and y down.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

Point = tuple[int, int]  # x, y


def filled(corners: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) bool of `size`. corners: (n, 2) int, of a closed outline; where it crosses itself, odd parts are in."""
    inside = np.zeros(size, bool)
    crossings: dict[int, list[Fraction]] = {}
    points = [(int(x), int(y)) for x, y in corners]
    for start, end in zip(points, [*points[1:], points[0]], strict=True):
        (x0, y0), (x1, y1), seen = _cut(start, end, size)
        if seen:
            xs, ys = _line((x0, y0), (x1, y1))
            inside[ys, xs] = True
        if y0 == y1:
            (x0, y0), (x1, y1) = start, end
        for y in range(max(0, min(start[1], end[1])), min(size[0], max(start[1], end[1]))):
            crossings.setdefault(y, []).append(x0 + Fraction((y - y0) * (x1 - x0), y1 - y0))
    for y, across in crossings.items():
        across.sort()
        for left, right in zip(across[::2], across[1::2], strict=True):
            inside[y, max(0, math.ceil(left)) : max(0, math.floor(right) + 1)] = True
    return inside


def _cut(start: Point, end: Point, size: tuple[int, int]) -> tuple[Point, Point, bool]:
    """The part of a side within the picture, and whether there is one."""
    ends = [list(start), list(end)]
    last = (size[1] - 1, size[0] - 1)
    seen = not any(_beyond(ends, axis, last[axis]) for axis in (0, 1))
    for axis in (1, 0):
        seen = seen and not _beyond(ends, axis, last[axis])
        for here, there in (ends, ends[::-1]) if seen else ():
            edge = min(max(here[axis], 0), last[axis])
            if edge != here[axis]:
                aside, along = there[1 - axis] - here[1 - axis], there[axis] - here[axis]
                here[1 - axis] += int((edge - here[axis]) * aside / along)
                here[axis] = edge
    (x0, y0), (x1, y1) = ends
    return (x0, y0), (x1, y1), seen


def _beyond(ends: list[list[int]], axis: int, last: int) -> bool:
    """Whether both ends are out of the picture on one side."""
    places = [end[axis] for end in ends]
    return max(places) < 0 or min(places) > last


def _line(start: Point, end: Point) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the pixels between two, from left to right; half-way between two rows it stays in its own."""
    (x0, y0), (x1, y1) = sorted((start, end), key=lambda point: point[0])
    across, down = x1 - x0, abs(y1 - y0)
    long, short = max(across, down, 1), min(across, down)
    steps = np.arange(max(across, down) + 1)
    aside = -((long - 2 * short * steps) // (2 * long))
    way = 1 if y1 >= y0 else -1
    return (x0 + steps, y0 + way * aside) if across >= down else (x0 + aside, y0 + way * steps)

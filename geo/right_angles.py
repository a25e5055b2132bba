"""Outlines with right angles, as most buildings have: every edge is turned along or across the building's main direction.

Knows polygons in metres only, x and y at the same scale.
"""

from __future__ import annotations

import math

import numpy as np
import shapely

ALIKE = 0.85  # intersection over union with the outline as it was, below which that is kept


def squared(shapes: np.ndarray, tolerance: float) -> np.ndarray:
    """Polygons that share no area, with right angles where that changes little; they share no area afterwards.

    tolerance: deviations of an outline up to this are not taken for edges. What would overlap a neighbour is left as it was, and
    so is most of what touches one.
    """
    after = np.array([_squared(shape, tolerance) for shape in shapes], object).reshape(len(shapes))
    changed = after != shapes
    while changed.any():
        tree = shapely.STRtree(after)
        one, other = tree.query(after[changed], predicate="intersects")
        one = np.flatnonzero(changed)[one]
        one, other = one[one != other], other[one != other]
        over = shapely.area(shapely.intersection(after[one], after[other])) > 0
        back = np.zeros(len(after), bool)
        back[one[over]] = back[other[over]] = True
        back &= changed
        if not back.any():
            break
        after[back], changed[back] = shapes[back], False
    return after


def _squared(shape: shapely.Polygon, tolerance: float) -> shapely.Polygon:
    plain = shape.simplify(tolerance)
    turn = _direction(plain)
    rings = [
        _along_axes(shapely.get_coordinates(ring)[:-1] @ _rotation(-turn).T)
        for ring in (plain.exterior, *plain.interiors)
    ]
    found = [ring @ _rotation(turn).T for ring in rings if ring is not None]
    if len(found) < len(rings):
        return shape
    new = shapely.Polygon(found[0], found[1:])
    if not new.is_valid or new.intersection(shape).area < ALIKE * new.union(shape).area:
        return shape
    return new


def _direction(shape: shapely.Polygon) -> float:
    """Radians of the direction, of four at right angles to each other, that most of the outline runs in."""
    edges = np.diff(shapely.get_coordinates(shape.exterior), axis=0)
    lengths, angles = np.hypot(*edges.T), np.arctan2(edges[:, 1], edges[:, 0])
    return float(np.angle(np.sum(lengths**2 * np.exp(4j * angles)))) / 4


def _rotation(angle: float) -> np.ndarray:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])


def _along_axes(points: np.ndarray) -> np.ndarray | None:
    """A ring (n, 2), not closed, of edges along x and y in turn; None where it has not four of them."""
    edges = np.roll(points, -1, axis=0) - points
    level = np.abs(edges[:, 0]) >= np.abs(edges[:, 1])
    begins = np.flatnonzero(level != np.roll(level, 1))
    if len(begins) < 4:
        return None
    order = np.roll(np.arange(len(points)), -begins[0])
    middles, lengths = (points + edges / 2)[order], np.hypot(*edges.T)[order]
    sides = begins - begins[0]
    across = np.where(level[order], middles[:, 1], middles[:, 0])  # what all of a side has in common
    offsets = np.add.reduceat(across * lengths, sides) / np.add.reduceat(lengths, sides)
    before = np.roll(offsets, 1)
    return np.where(level[begins][:, None], np.column_stack([before, offsets]), np.column_stack([offsets, before]))

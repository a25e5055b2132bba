"""Outlines of several parts: published formats mean all that lies in any of them, records count by the even-odd rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

SAME = 1e-6  # of an area, that rounding may take

Ring = Sequence[Sequence[float]]


def united(parts: Sequence[Ring]) -> list[list[list[float]]]:
    """Rings that by the even-odd rule hold all that lies in any part; those of parts that do not overlap are as they were.

    A part of fewer than three corners is left out. Raises ValueError for corners that are no finite numbers.
    """
    rings = [[[x, y] for x, y in part] for part in parts if len(part) >= 3]
    if len(rings) < 2:
        return rings
    if not np.isfinite([xy for ring in rings for xy in ring]).all():
        raise ValueError("a corner is nowhere")
    if not overlapping(rings):
        return rings
    whole = shapely.union_all(_polygons(rings))
    return [_corners(ring) for part in shapely.get_parts(whole) for ring in (part.exterior, *part.interiors)]


def overlapping(rings: Sequence[Ring]) -> bool:
    """Whether any two share ground, as a hole does with what it is in."""
    valid = _polygons(rings)
    return bool(shapely.area(valid).sum() > shapely.union_all(valid).area * (1 + SAME))


def _polygons(rings: Sequence[Ring]) -> Any:
    """Array of valid ones that cover the same; a ring that crosses itself gives several, one without ground none."""
    found = shapely.get_parts(shapely.get_parts(shapely.make_valid([shapely.Polygon(ring) for ring in rings])))
    return found[shapely.get_type_id(found) == shapely.GeometryType.POLYGON]


def _corners(ring: shapely.LinearRing) -> list[list[float]]:
    return [[x, y] for x, y in ring.coords[:-1]]

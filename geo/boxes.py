"""Boxes on the pixels that a model sees: around outlines, and of overlapping tiles without those that mean the same thing.

Knows shapes and pixels (x right, y down); nothing of models.
"""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.polygons import placed
from rsvlm.geo.tiling import PixelGrid

SAME = 0.5  # intersection over union from which on two boxes mean one thing
WITHIN = 0.8  # of the smaller one's area inside the other, from which on it is a part of the same thing


def around(shapes: np.ndarray, grid: PixelGrid, oriented: bool) -> np.ndarray:
    """The smallest rectangles around shapes in the CRS of the grid: along its pixels, or turned with each shape on the ground."""
    across, along = grid.sides_m
    metres = placed(shapes, Affine.scale(across, along) @ ~grid.transform)
    found = shapely.oriented_envelope(metres) if oriented else shapely.envelope(metres)
    return placed(found, grid.transform @ Affine.scale(1 / across, 1 / along))


def suppressed(shapes: np.ndarray, scores: np.ndarray, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shapes and scores that are left of those that overlapping tiles gave of one phrase, the best first.

    Non-maximum suppression, by score (R-CNN, arXiv 1311.2524, section 2.1), but what is `cut` by the edge of its tile gives way
    to what is not. Cut ones that are left and overlap are parts of what is larger than the overlap: they become one box.
    """
    areas = shapely.area(shapes)
    order = np.lexsort((-areas, -scores, cut))
    shapes, scores, cut, areas = shapes[order], scores[order], cut[order], areas[order]
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[one], shapes[other]))
    alike = (shared > SAME * (areas[one] + areas[other] - shared)) | (
        shared > WITHIN * np.minimum(areas[one], areas[other])
    )
    left = np.ones(len(shapes), bool)
    for better, worse in sorted(zip(one[alike].tolist(), other[alike].tolist(), strict=True)):
        if better < worse and left[better]:
            left[worse] = False
    joins = left[one] & left[other] & cut[one] & cut[other] & (one < other) & (shared > 0)
    shapes = shapes.copy()
    for first, second in sorted(zip(one[joins].tolist(), other[joins].tolist(), strict=True), reverse=True):
        shapes[first] = shapely.envelope(shapely.union(shapes[first], shapes[second]))
        left[second] = False
    return shapes[left], scores[left]

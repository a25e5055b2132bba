"""Masks and boxes of a view as evidence on the map, measured along the ellipsoid. Knows no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo import ground
from rsvlm.geo.polygons import polygons
from rsvlm.geo.tiling import PixelGrid
from rsvlm.geo.view import View
from rsvlm.models.boxes import Box, to_map
from rsvlm.protocol import Evidence

LIKELY = 0.5  # probability from which on a pixel belongs to a mask
SPECK = 4  # pixels; what is smaller is noise of the mask
SMOOTH = 1.25  # pixels that an outline is simplified by: takes the stairs off slanting edges, leaves a square of four pixels one


def speck_m2(grid: PixelGrid) -> float:
    """Area of what is taken for noise: in pixels of the raster where a model sees them enlarged."""
    return SPECK * float(np.prod(grid.sides_m)) / min(1.0, grid.step) ** 2


def outlined(mask: np.ndarray, view: View, label: str, score: float | None = None) -> list[Evidence]:
    """One evidence for each connected part. mask: (h, w) float in [0, 1], of all of the view; pixels without data count
    for nothing. score: of the mask as the model guesses it; else the mean probability within each part.
    """
    height, width = mask.shape
    rows, columns = view.valid.shape
    transform = view.transform @ Affine.scale(columns / width, rows / height)
    inside = (mask >= LIKELY) & valid_on(view, width, height)
    mean = float(mask[inside].mean()) if inside.any() else 0.0
    sure = round(min(1.0, max(0.0, mean if score is None else score)), 3)
    return [
        Evidence("mask", shapely.geometry.mapping(shape), label, sure, ground.area_m2(shape, view.crs))
        for shape in polygons(inside, transform, SPECK)
    ]


def valid_on(view: View, width: int, height: int) -> np.ndarray:
    """(height, width) bool: what is valid of a view, on another grid over the same ground."""
    rows, columns = view.valid.shape
    return view.valid[np.arange(height) * rows // height][:, np.arange(width) * columns // width]


def boxed(boxes: Sequence[Box], view: View, score: float, label: str = "") -> list[Evidence]:
    """One evidence for each box (in pixels of the view). label: where the model has none of its own."""
    found = []
    for number, box in enumerate(boxes, 1):
        geometry = to_map(box, view.transform)
        name = label or box.label or f"[{number}]"
        found.append(Evidence("box", geometry, name, round(score, 3), ground.area_m2(geometry, view.crs)))
    return found

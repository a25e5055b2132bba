"""Masks become polygons on the map: 4-connected, valid, along the edges of pixels."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine
from rasterio.features import shapes


def polygons(mask: np.ndarray, transform: Affine, smallest: int = 1) -> list[shapely.Polygon]:
    """One for each part of `mask` (H, W), bool, whose pixels share edges, of `smallest` pixels or more; row by row.

    transform: from pixels (x right, y down) to the coordinates of the polygons. They share no area.
    """
    found = []
    for geometry, _ in shapes(mask.astype(np.uint8), mask=mask, connectivity=4):
        shape = shapely.geometry.shape(geometry)  # in pixels
        if shape.area < smallest:
            continue
        # Where two holes meet in a corner, tracing may go through the corner twice.
        shape = shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)
        parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]
        found += [shapely.transform(part, lambda xy: _placed(xy, transform)) for part in parts]
    return found


def _placed(xy: np.ndarray, transform: Affine) -> np.ndarray:
    """(n, 2) pixels -> (n, 2) coordinates."""
    matrix = np.array([[transform.a, transform.b], [transform.d, transform.e]])
    return xy @ matrix.T + (transform.c, transform.f)

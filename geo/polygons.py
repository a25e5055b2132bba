"""Masks become polygons on the map: 4-connected, valid, along the edges of pixels."""

from __future__ import annotations

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.tracing import Tracer


def polygons(mask: np.ndarray, transform: Affine, smallest: int = 1) -> list[shapely.Polygon]:
    """One for each part of `mask` (H, W), bool, whose pixels share edges, of `smallest` pixels or more; from the top.

    transform: from pixels (x right, y down) to the coordinates of the polygons. They share no area.
    """
    tracer = Tracer(mask.shape[1], smallest)
    traced = [*tracer.add(mask.astype(np.uint8), mask.astype(np.float32)), tracer.finish()]
    return list(placed(np.concatenate([part.polygons for part in traced]), transform))


def placed(shapes: np.ndarray, transform: Affine) -> np.ndarray:
    """Polygons in pixels, as an array, in the coordinates that `transform` leads to."""
    matrix = np.array([[transform.a, transform.b], [transform.d, transform.e]])
    return np.asarray(shapely.transform(shapes, lambda xy: xy @ matrix.T + (transform.c, transform.f)))

"""Regions of records as masks: COCO's run lengths, polygons, boxes. Knows pixels only, no map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rasterio.features import rasterize

from rsvlm.geo.run_lengths import bbox_of as bbox_of
from rsvlm.geo.run_lengths import decode as decode
from rsvlm.geo.run_lengths import encode as encode
from rsvlm.protocol import RsvlmError


def mask_of(region: Mapping[str, Any], height: int, width: int) -> np.ndarray | None:
    """(height, width) bool: pixels whose middle is inside; None for a region that has only a box.

    Raises RsvlmError (bad_request) for run lengths that are damaged or of another size.
    """
    if "rle" in region:
        mask = decode(region["rle"])
        if mask.shape != (height, width):
            raise RsvlmError(
                "bad_request",
                f"A mask of {mask.shape[1]} x {mask.shape[0]} pixels lies over a picture of {width} x {height}.",
                "Make them one size, or leave the region out.",
            )
        return mask
    return filled(region["polygon"], height, width) if "polygon" in region else None


def filled(rings: Sequence[Sequence[Sequence[float]]], height: int, width: int) -> np.ndarray:
    """(height, width) bool: what is inside an odd number of rings of (x, y) in pixels."""
    inside = np.zeros((height, width), bool)
    for ring in rings:
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        inside ^= rasterize([shape], (height, width), dtype="uint8").astype(bool)
    return inside

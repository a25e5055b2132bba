"""Regions of records as masks and back: COCO's run lengths, polygons, boxes. Knows pixels only, no map.

Run lengths go down the columns, first the zeros; as text, each is told as its difference to the one before the last, in
groups of five bits (COCO, arXiv 1405.0312; maskApi of its API).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rasterio.features import rasterize

import rsvlm.geo  # noqa: F401 # its limits, before rasterio is used
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


def decode(rle: Mapping[str, Any]) -> np.ndarray:
    """(height, width) bool from {"size": [height, width], "counts": text or numbers}. Raises RsvlmError (bad_request)."""
    height, width = rle["size"]
    counts = rle["counts"]
    runs = np.array(_runs(counts) if isinstance(counts, str) else counts, np.int64)
    if (runs < 0).any() or runs.sum() != height * width:
        raise RsvlmError(
            "bad_request",
            f"The run lengths of a mask do not cover its {width} x {height} pixels.",
            "The annotation is damaged: leave the region out.",
        )
    ones = np.arange(len(runs)) % 2 == 1
    return np.repeat(ones, runs).reshape(width, height).T


def encode(mask: np.ndarray) -> dict[str, Any]:
    """{"size": [height, width], "counts": text} of (height, width) bool."""
    flat = np.asarray(mask, bool).T.ravel()
    edges = np.flatnonzero(np.diff(flat, prepend=False))
    runs = np.diff(edges, prepend=0, append=flat.size).tolist()
    return {"size": [int(side) for side in mask.shape], "counts": _text(runs)}


def bbox_of(mask: np.ndarray) -> list[int] | None:
    """x0, y0, x1, y1 around the pixels that are set, the last ones included; None where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def _runs(text: str) -> list[int]:
    runs: list[int] = []
    value = shift = 0
    for code in text.encode():
        group = code - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs


def _text(runs: Sequence[int]) -> str:
    letters = []
    for at, run in enumerate(runs):
        value = run - (runs[at - 2] if at > 2 else 0)
        more = True
        while more:
            group = value & 31
            value >>= 5
            more = value != (-1 if group & 16 else 0)
            letters.append(chr((group | 32 if more else group) + 48))
    return "".join(letters)

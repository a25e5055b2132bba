"""Masks as COCO's run lengths, and back. Knows pixels only.

Run lengths go down the columns, first the zeros; as text, each is told as its difference to the one before the last, in
groups of five bits (COCO, arXiv 1405.0312; maskApi of its API).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rsvlm.protocol import RsvlmError


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
    return encode_within(mask, 0, 0, *map(int, mask.shape))


def bbox_of(mask: np.ndarray) -> list[int] | None:
    """x0, y0, x1, y1 around the pixels that are set, the last ones included; None where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return [int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1]


def encode_within(mask: np.ndarray, left: int, top: int, height: int, width: int) -> dict[str, Any]:
    """As `encode`, of a picture of height x width pixels that is empty but for `mask`, (h, w) bool, at left and top."""
    columns = np.pad(np.asarray(mask, bool), ((1, 1), (0, 0))).T  # of which runs begin and end within
    column, row = np.nonzero(columns[:, 1:] != columns[:, :-1])
    edges = (left + column) * height + top + row
    meets = np.flatnonzero(edges[1:] == edges[:-1])  # a run down to the edge goes on at the top of the next column
    edges = np.delete(edges, np.concatenate([meets, meets + 1]))
    edges = edges[edges < height * width]
    runs = np.diff(edges, prepend=0, append=height * width).tolist()
    return {"size": [height, width], "counts": _text(runs)}


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

"""One grid of values onto another, counting only what is valid: area average to shrink, bilinear to enlarge.

Arrays and geometry only: nothing of files or CRS. Written with shares (how much of a cell is valid) so that nodata
never mixes into a value, however small the share of good pixels is.
"""

from __future__ import annotations

import math

import numpy as np
from affine import Affine

# (count, few) int and float32: the inputs that an output pixel takes along one axis, and how much of each.
_Weights = tuple[np.ndarray, np.ndarray]
_NOTHING = 1e-6  # of an output pixel: no more than coordinates are rounded by
_SUPERSAMPLE = 4  # positions per output pixel and axis on a rotated grid


def resample(
    values: np.ndarray, share: np.ndarray, placement: Affine, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """values (bands, h, w) float32 and share (h, w) in [0, 1] -> values (bands, height, width), share (height, width).

    placement: from output pixel coordinates to input pixel coordinates. What lies outside the input has share 0.
    """
    turned = abs(placement.b) * height > 0.01 or abs(placement.d) * width > 0.01
    whole = share.min() == 1  # as most pictures are; the shorter ways give the same numbers
    same = _pixels(placement, share.shape, width, height)
    if whole and same is not None:
        return values[:, same[0], same[1]].copy(), np.ones((height, width), np.float32)
    weighted = values if whole else values * share
    if turned:
        return _gathered(weighted, share, placement, width, height)
    across = _weights(width, placement.c, placement.a, share.shape[1])
    down = _weights(height, placement.f, placement.e, share.shape[0])
    shares = _covered(share.shape, down, across) if whole else _summed(share[None], down, across)
    return _normalised(_summed(weighted, down, across), shares[0])


def _pixels(placement: Affine, shape: tuple[int, ...], width: int, height: int) -> tuple[slice, slice] | None:
    """Rows and columns of the input of `shape` that the output is, pixel for pixel; None where it is not."""
    a, b, c, d, e, f = placement[:6]
    x, y = round(c), round(f)
    off = max(map(abs, (c - x, f - y, (a - 1) * width, (e - 1) * height, b * height, d * width)))
    if off > _NOTHING or not (0 <= x <= shape[1] - width and 0 <= y <= shape[0] - height):
        return None
    return slice(y, y + height), slice(x, x + width)


def _summed(values: np.ndarray, down: _Weights, across: _Weights) -> np.ndarray:
    """(n, h, w) -> (n, height, width): along the columns first, then along the rows."""
    rows = _mixed(values, down[0], down[1][:, :, None], axis=1)
    return _mixed(rows, *across, axis=2)


def _covered(shape: tuple[int, ...], down: _Weights, across: _Weights) -> np.ndarray:
    """(1, height, width): what `_summed` makes of ones in (1, *shape), to the last bit, without as many of them."""
    rows = _mixed(np.ones((1, shape[0], 1), np.float32), down[0], down[1][:, :, None], axis=1)
    return _mixed(np.broadcast_to(rows, (1, rows.shape[1], shape[1])), *across, axis=2)


def _mixed(values: np.ndarray, cells: np.ndarray, weights: np.ndarray, axis: int) -> np.ndarray:
    """cells, weights: (count, few), or (count, few, 1) for weights along another axis than the last."""
    total = values.take(cells[:, 0], axis)
    if cells.shape[1] > 1 or (weights != 1).any():
        total *= weights[:, 0]
    one = np.empty_like(total)
    for part in range(1, cells.shape[1]):
        values.take(cells[:, part], axis, out=one, mode="clip")  # they are inside; other modes would take a copy
        one *= weights[:, part]
        total += one
    return total


def _normalised(sums: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """sums: (bands, height, width) float32, overwritten.   share: (height, width) float32."""
    known = share > 1e-4
    sums *= known
    sums /= np.where(known, share, np.float32(1))
    return sums, share * known


def _weights(count: int, start: float, step: float, inputs: int) -> _Weights:
    """Output pixel i covers start + i*step to start + (i+1)*step of the input; step may be < 0."""
    if abs(step) >= 1.0:
        edges = start + step * np.arange(count + 1)
        low = np.minimum(edges[:-1], edges[1:])[:, None]
        high = np.maximum(edges[:-1], edges[1:])[:, None]
        cells = np.floor(low).astype(int) + np.arange(math.ceil(abs(step)) + 1)
        overlap = np.minimum(high, cells + 1) - np.maximum(low, cells)
        weights = np.clip(overlap, 0.0, None) / abs(step)
    else:
        centres = (start + step * (np.arange(count) + 0.5))[:, None]
        inside = (centres >= 0) & (centres <= inputs)
        position = np.clip(centres - 0.5, 0, inputs - 1)
        cells = position.astype(int) + np.arange(2)
        weights = np.clip(1.0 - abs(position - cells), 0.0, None) * inside
    weights *= (cells >= 0) & (cells < inputs) & (weights > _NOTHING)
    taken = weights.any(axis=0)
    taken[0] |= not taken.any()
    return np.clip(cells, 0, inputs - 1)[:, taken], weights[:, taken].astype(np.float32)


def _gathered(
    weighted: np.ndarray, share: np.ndarray, placement: Affine, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """For turned grids: the mean over a few positions inside each output pixel."""
    sums = np.zeros((weighted.shape[0], height, width), np.float32)
    total = np.zeros((height, width), np.float32)
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    offsets = (np.arange(_SUPERSAMPLE) + 0.5) / _SUPERSAMPLE
    for right in offsets:
        for down in offsets:
            x = placement.a * (columns + right) + placement.b * (rows + down) + placement.c
            y = placement.d * (columns + right) + placement.e * (rows + down) + placement.f
            inside = (x >= 0) & (y >= 0) & (x < share.shape[1]) & (y < share.shape[0])
            column, row = np.where(inside, x, 0).astype(int), np.where(inside, y, 0).astype(int)
            sums += weighted[:, row, column] * inside
            total += share[row, column] * inside
    return _normalised(sums / _SUPERSAMPLE**2, total / _SUPERSAMPLE**2)

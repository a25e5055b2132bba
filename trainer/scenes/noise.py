"""Natural irregularity: smooth noise on grids and along lines, and cheap blurring. Knows numbers only."""

from __future__ import annotations

from typing import Tuple

import numpy as np
from numpy.typing import NDArray

Grid = NDArray[np.float32]


def enlarge(grid: Grid, shape: Tuple[int, int], step: float) -> Grid:
    """Read `grid` (rows, cols) bilinearly every 1/step of a cell: (H, W) of `shape`, float32."""

    def axis(count: int, limit: int) -> Tuple[NDArray[np.intp], Grid]:
        at = np.arange(count, dtype=np.float32) / step
        low = np.minimum(at.astype(np.intp), limit - 2)
        part = np.clip(at - low, 0, 1)
        return low, part.astype(np.float32)

    rows, down = axis(shape[0], grid.shape[0])
    cols, right = axis(shape[1], grid.shape[1])
    across = grid[:, cols] * (1 - right) + grid[:, cols + 1] * right
    between = across[rows] * (1 - down)[:, None] + across[rows + 1] * down[:, None]
    return between.astype(np.float32, copy=False)


def noise(rng: np.random.Generator, shape: Tuple[int, int], cell: float, octaves: int = 3) -> Grid:
    """Value noise (H, W), zero mean, unit deviation; largest features `cell` pixels wide, halving with each octave."""
    total = np.zeros(shape, np.float32)
    weight = 1.0
    for _ in range(octaves):
        fine = cell < 4
        step = max(cell / (1.5 if fine else 3), 1.0)
        nodes = (int(np.ceil(shape[0] / step)) + 2, int(np.ceil(shape[1] / step)) + 2)
        grid = rng.standard_normal(nodes, dtype=np.float32)
        if not fine:  # blurred over neighbouring nodes, or the grid would show through as squares
            grid = box_blur(box_blur(grid, 1), 1) * 3
        total += weight * enlarge(grid, shape, step)
        weight *= 0.6
        cell = max(cell / 2.1, 1.0)
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def wander(rng: np.random.Generator, at: NDArray[np.float64], length: float, octaves: int = 2) -> NDArray[np.float64]:
    """Smooth noise along a line, in about [-1, 1]: values for positions `at` (n,), bends about `length` apart."""
    total = np.zeros(len(at))
    for octave in range(octaves):
        phase, stretch = rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.7, 1.4, 3)
        waves = np.sin(2 * np.pi * stretch[:, None] * at[None] * 2**octave / length / 2 + phase[:, None])
        total += waves.mean(axis=0) / 2**octave
    return total


def box_blur(grid: Grid, radius: int) -> Grid:
    """Mean over a (2 * radius + 1) square, edges repeated; (H, W) -> (H, W)."""
    if radius < 1:
        return grid
    for axis in (0, 1):
        pad = [(0, 0), (0, 0)]
        pad[axis] = (radius + 1, radius)
        sums = np.cumsum(np.pad(grid, pad, mode="edge"), axis=axis, dtype=np.float64)
        width = 2 * radius + 1
        upper, lower = (sums[width:], sums[:-width]) if axis == 0 else (sums[:, width:], sums[:, :-width])
        grid = ((upper - lower) / width).astype(np.float32)
    return grid


def soften(image: Grid, strength: float) -> Grid:
    """Optics: a 3 x 3 binomial blur mixed in by `strength` in [0, 1]; (H, W, C) -> (H, W, C)."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] * 0.25 + padded[1:-1] * 0.5 + padded[2:] * 0.25
    return image * (1 - strength) + strength * (rows[:, :-2] * 0.25 + rows[:, 1:-1] * 0.5 + rows[:, 2:] * 0.25)

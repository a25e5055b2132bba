"""Pictures as no camera above the ground takes them, of which the bundled family learns to be sure of nothing.

Outlier exposure (Hendrycks et al., arXiv 1812.04606, section 3): where none of the classes is right, all are equally likely.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Grid = np.ndarray


def strange(count: int, height: int, width: int, generator: np.random.Generator) -> np.ndarray:
    """(count, height, width, 3) uint8: noise, stripes and boards, waves, in any colours and sizes."""
    side = max(height, width)
    kinds: tuple[Callable[[int, np.random.Generator], np.ndarray], ...] = (_noise, _board, _waves)
    found = [kinds[generator.integers(len(kinds))](side, generator) for _ in range(count)]
    whole = np.stack(found).clip(0, 255).astype(np.uint8) if found else np.zeros((0, side, side, 3), np.uint8)
    return whole[:, :height, :width]


def _noise(side: int, generator: np.random.Generator) -> np.ndarray:
    """Of single pixels or of blocks, grey or in colours, of any contrast."""
    block, channels = 2 ** int(generator.integers(0, 4)), 1 if generator.random() < 0.4 else 3
    cells = -(-side // block)
    grid = generator.random((cells, cells, channels))
    if generator.random() < 0.3:  # salt and pepper
        grid = np.where(grid > generator.uniform(0.2, 0.8), 1.0, 0.0)
    low, high = np.sort(generator.uniform(0, 255, 2)) + np.array([-40, 40])
    grown = (low + (high - low) * grid).repeat(block, 0).repeat(block, 1)[:side, :side]
    return np.broadcast_to(grown, (side, side, 3))


def _board(side: int, generator: np.random.Generator) -> np.ndarray:
    """Two colours in stripes, or in squares, of any width and direction."""
    along, across = _turned(side, generator)
    width = generator.uniform(2, side / 3)
    dark = np.floor(along / width) % 2
    if generator.random() < 0.6:
        dark = (dark + np.floor(across / width)) % 2
    one, other = generator.uniform(0, 255, (2, 3))
    if generator.random() < 0.3:
        one, other = np.zeros(3), np.full(3, 255.0)
    return np.where(dark[..., None] > 0, one, other)


def _waves(side: int, generator: np.random.Generator) -> np.ndarray:
    """In each channel waves of its own."""
    planes = []
    for _ in range(3):
        along, across = _turned(side, generator)
        first, second = generator.uniform(2, side / 2, 2)
        planes.append(np.sin(along / first + generator.uniform(0, 6)) * np.cos(across / second))
    return 127.5 + generator.uniform(60, 128) * np.stack(planes, axis=-1)


def _turned(side: int, generator: np.random.Generator) -> tuple[Grid, Grid]:
    """Coordinates of each pixel along and across some direction; often that of the rows."""
    rows, columns = np.mgrid[0:side, 0:side]
    angle = 0.0 if generator.random() < 0.4 else generator.uniform(0, np.pi)
    return columns * np.cos(angle) + rows * np.sin(angle), rows * np.cos(angle) - columns * np.sin(angle)

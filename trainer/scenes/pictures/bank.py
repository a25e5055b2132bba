"""Smooth noise that is made once for a size of picture and cut out at random, so that thousands of pictures cost little."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from rsvlm.trainer.scenes.noise import Grid, noise

ROOM = 256  # pixels that a cut may lie elsewhere
_SIZES = tuple(2**power for power in range(10))  # of features, pixels


class Bank:
    """side: pixels along a side of what is cut out."""

    def __init__(self, side: int) -> None:
        self.side = side
        whole = (side + ROOM, side + ROOM)
        self._fields = [noise(np.random.default_rng([side, size]), whole, float(size), 1) for size in _SIZES]

    def cut(self, rng: np.random.Generator, cell: float) -> Grid:
        """(side, side): one octave, features about `cell` pixels wide; weaker where they are smaller than a pixel."""
        power = int(np.clip(round(np.log2(max(cell, 1e-3))), 0, len(_SIZES) - 1))
        row, column = rng.integers(0, ROOM + 1, 2)
        found = self._fields[power][row : row + self.side, column : column + self.side]
        turn = int(rng.integers(8))
        found = found.T if turn & 1 else found
        found = found[::-1] if turn & 2 else found
        found = found[:, ::-1] if turn & 4 else found
        return found * np.float32(min(1.0, max(cell, 0.15)))

    def mix(self, rng: np.random.Generator, cell: float, octaves: int = 3) -> Grid:
        """(side, side): octaves that halve in size, unit deviation in all."""
        total = self.cut(rng, cell).copy()
        weight, power = 1.0, 1.0
        for _ in range(octaves - 1):
            cell, weight = cell / 2.1, weight * 0.6
            total += np.float32(weight) * self.cut(rng, cell)
            power += weight**2
        return total * np.float32(power**-0.5)


@lru_cache(maxsize=2)
def bank_of(side: int) -> Bank:
    return Bank(side)

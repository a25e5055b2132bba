"""Which records a step sees: a function of the seed and the step alone, so that a resumed run goes on as if it had not stopped.

Epochs are shuffled one by one and laid end to end. Knows numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def spread(length: int, count: int) -> list[int]:
    """`count` of the numbers below `length`, evenly over all of them."""
    return [length * place // count for place in range(count)]


def _places(length: int, times: float) -> int:
    """Of a source in an epoch."""
    return max(min(1, length), round(length * times))


class Order:
    """lengths: records of each source; repeats: how often a record of it is seen in an epoch, 1.5 = every second one twice. Of
    each source one is, at least.
    """

    def __init__(self, seed: int, lengths: Sequence[int], repeats: Sequence[float]) -> None:
        self.seed, self.lengths, self.repeats = seed, tuple(lengths), tuple(repeats)
        self.epoch = sum(map(_places, self.lengths, self.repeats))
        self._latest = (-1, np.empty(0, np.int64))

    def at(self, first: int, count: int) -> np.ndarray:
        """(count,) numbers of records, those of all sources counted through, at the places from `first` on."""
        places = np.arange(first, first + count)
        chosen = np.empty(count, np.int64)
        for epoch in np.unique(places // self.epoch):
            here = places // self.epoch == epoch
            chosen[here] = self._shuffled(int(epoch))[places[here] % self.epoch]
        return chosen

    def _shuffled(self, epoch: int) -> np.ndarray:
        """(places,) int64: every record as often as its source says; which ones the fractions give is drawn in each epoch."""
        if self._latest[0] != epoch:
            generator = np.random.default_rng([self.seed, epoch])
            start, parts = 0, []
            for length, times in zip(self.lengths, self.repeats, strict=True):
                numbers = np.arange(start, start + length)
                whole = int(times)
                parts += [
                    np.tile(numbers, whole),
                    generator.permutation(numbers)[: _places(length, times) - length * whole],
                ]
                start += length
            self._latest = epoch, generator.permutation(np.concatenate(parts))
        return self._latest[1]

"""Stand-ins for what looks at pictures: one that knows by brightness alone, and one that counts the time of another."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from rsvlm.tasks.sights import Seer, Sight


class Brightness:
    """What is brighter than half of white is what the only phrase names."""

    method, together, whole, side, finest, stride = "probabilities", True, True, 512, 0.1, 1
    warnings: list[str] = []  # noqa: RUF012 # none, ever

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        maps = [(picture.mean(axis=2) >= 128).astype(np.float32)[None] for picture in pictures]
        return [Sight(one, one.max(axis=(1, 2))) for one in maps]


class Timed:
    """As `seer`. seconds: that it has taken so far."""

    def __init__(self, seer: Seer) -> None:
        self._seer, self.seconds = seer, 0.0
        self.method, self.together, self.whole, self.warnings = seer.method, seer.together, seer.whole, seer.warnings
        self.side, self.finest, self.stride = seer.side, seer.finest, seer.stride

    def see(self, pictures: Sequence[np.ndarray], phrases: Sequence[str]) -> list[Sight]:
        begin = time.perf_counter()
        found = self._seer.see(pictures, phrases)
        self.seconds += time.perf_counter() - begin
        return found

"""How far a download is, from what pip or uv print. Knows lines of text only."""

from __future__ import annotations

import re
from typing import Dict

UNITS = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class Downloads:
    """Fed with lines; `fraction` is what has come of what is known to come.

    pip tells its files one by one, so that `expected_bytes` stands for what it has not told yet; uv tells them all.
    """

    def __init__(self, expected_bytes: float) -> None:
        self._expected = expected_bytes
        self._announced: Dict[str, float] = {}
        self._done = 0.0
        self._current = 0.0

    @property
    def fraction(self) -> float:
        """Between 0 and 1."""
        total = sum(self._announced.values()) or max(self._expected, self._done + self._current)
        return min(1.0, (self._done + self._current) / total) if total else 0.0

    def feed(self, line: str) -> bool:
        """Take a line; False if it is for programs alone and not worth a place in a log."""
        step = re.fullmatch(r"Progress (\d+) of (\d+)", line.strip())
        if step:  # pip
            self._current = float(step[1])
            if step[1] == step[2]:
                self._done, self._current = self._done + self._current, 0.0
            return False
        coming = re.fullmatch(r"Downloading (\S+) \(([\d.]+)(KiB|MiB|GiB)\)", line)
        if coming:  # uv
            self._announced[coming[1]] = float(coming[2]) * UNITS[coming[3]]
        came = re.fullmatch(r" Downloaded (\S+)", line)
        if came:
            self._done += self._announced.get(came[1], 0.0)
        return True

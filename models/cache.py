"""What was worked out before, up to a number of bytes; what was not used for longest goes first. Knows no model."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any


class Cache:
    """Values by key, from any thread. budget_bytes: of all values together; 0 keeps nothing."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._lock = Lock()
        self.used_bytes = 0

    def get(self, key: Hashable) -> Any:
        """The value, None where there is none (any more)."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            return self._kept[key][0]

    def put(self, key: Hashable, value: Any, size: int) -> None:
        """size: bytes that the value holds; one over the whole budget is not kept."""
        with self._lock:
            self._drop(key)
            if size > self._budget:
                return
            while self.used_bytes + size > self._budget:
                self._drop(next(iter(self._kept)))
            self._kept[key] = value, size
            self.used_bytes += size

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self.used_bytes = 0

    def _drop(self, key: Hashable) -> None:
        if key in self._kept:
            self.used_bytes -= self._kept.pop(key)[1]

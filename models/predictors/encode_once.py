"""What predictors share, whatever they answer: pictures are encoded once and kept by their pixels, calls go through the engine,
each caller has a wish to stop and a count of tokens of its own.

Knows pixels; nothing of words, rasters or files.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import Cancelled, RsvlmError

Key = tuple[object, ...]
Own = TypeVar("Own", bound="EncodesOnce")


class EncodesOnce:
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens of this caller.

    networks: moved to the device; calls of the first one that wait together become one batch. Methods may be called from any
    thread.
    """

    def __init__(
        self, card: ModelCard, device: str, engine: Engine | None, cache: Cache | None, *networks: Any
    ) -> None:
        self.card, self.device = card, device
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self._network = networks[0]
        for network in networks:
            network.to(device)
        self.size_bytes = sum(
            tensor.nbytes for network in networks for tensor in (*network.parameters(), *network.buffers())
        )

    def until(self: Own, stop: Callable[[], bool]) -> Own:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def _key(self, pictures: Sequence[np.ndarray]) -> Key:
        """Tells the pixels that belong together, and who looks at them."""
        return (self.card.id, self.card.revision, *map(_digest, pictures))

    def _encoded(
        self, rows: Sequence[tuple[np.ndarray, ...]], work: Callable[[Sequence[Any]], Sequence[Any]], *kind: object
    ) -> list[tuple[Key, Any]]:
        """The key of each row of pictures, and what `work` makes of it: kept, or worked out now.

        work: gets rows of pictures, returns for each what has `nbytes`. kind: as in `_answered`.
        """
        keys = [self._key(row) for row in rows]
        kept = {key: self._cache.get(("encoded", *key)) for key in keys}
        new = {key: row for key, row in zip(keys, rows, strict=True) if kept[key] is None}
        if new:
            found = self._engine.run((self._network, "encode", *kind), work, list(new.values()), self._stop)
            for key, made in zip(new, found, strict=True):
                kept[key] = made
                self._cache.put(("encoded", *key), made, made.nbytes)
        return [(key, kept[key]) for key in keys]

    def _answered(
        self, rows: Sequence[Any], work: Callable[[Sequence[Any]], Sequence[Any]], *kind: object
    ) -> list[Reply]:
        """A reply for each row, counted as this caller's. work: gives for a row its reply, or why it has none.

        kind: rows of other calls join only where this is the same. Raises Cancelled, and what a row was refused for.
        """
        found = self._engine.run((self._network, "ask", *kind), work, rows, self._stop)
        if self._stop():
            raise Cancelled()
        for refused in (result for result in found if isinstance(result, RsvlmError)):
            raise refused
        self.usage["prompt_tokens"] += sum(reply.read for reply in found)
        self.usage["completion_tokens"] += sum(reply.written for reply in found)
        return found


def _digest(picture: np.ndarray) -> Key:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()

"""The models that are loaded: each once, as many as memory allows, for as long as they are used.

Imports torch only when it is made.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any
from weakref import ref

from rsvlm.models.cache import Cache
from rsvlm.models.cards import BUNDLED, ModelCard, get_card
from rsvlm.models.engine import Engine
from rsvlm.models.heap import return_freed
from rsvlm.models.ladder import climb, out_of_memory
from rsvlm.models.memory import free_bytes, in_units, predicted_bytes
from rsvlm.protocol import RsvlmError

if TYPE_CHECKING:
    from rsvlm.models.predictors.abilities import Predictor

SHARE_OF_FREE = 0.8  # of the memory that is free at the start, for models, where nobody says otherwise


@dataclass(eq=False)
class _Loaded:
    predictor: Predictor
    users: int = 0
    used_at: float = 0.0  # monotonic
    timer: Timer | None = None


class Models:
    """Predictors by card id, loaded when first needed.

    wish: auto | cpu | cuda. memory_bytes: that models may take; cache_bytes: for what was seen of images.
    keep_alive_s: how long a model stays after its last use, for ever if negative; the bundled one always does.
    changed: called after a model came or went. device: "cpu" or "cuda"; note: why it is not the GPU, if one was expected.
    Raises RsvlmError: bad_request, or unavailable for a device that is not there.
    """

    def __init__(
        self,
        wish: str = "auto",
        memory_bytes: int | None = None,
        cache_bytes: int = 256 * 2**20,
        keep_alive_s: float = 600,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        from rsvlm.models.load import fallback_note, pick_device

        self.device, self.note = pick_device(wish), fallback_note(wish)
        self._budget = int(free_bytes(self.device) * SHARE_OF_FREE) if memory_bytes is None else memory_bytes
        self._keep_alive_s, self._changed = keep_alive_s, changed
        self._engine, self._cache = Engine(self.relieve, self.device), Cache(cache_bytes)
        self._loaded: dict[str, _Loaded] = {}
        self._lock = Lock()
        self._loading = Lock()  # one at a time: two would count on the same memory

    def get(self, model_id: str | None) -> Predictor:
        """Raises RsvlmError for an unknown model, missing weights, and out_of_memory before it is loaded."""
        return self._find(get_card(model_id), users=0).predictor

    @contextmanager
    def using(self, model_id: str | None, stop: Callable[[], bool]) -> Iterator[Predictor]:
        """The predictor for one task, which ends when `stop` says so; meanwhile the model stays. Raises as `get` does."""
        loaded = self._find(get_card(model_id), users=1)
        try:
            yield loaded.predictor.until(stop)
        finally:
            self._release(loaded)

    def usage(self) -> dict[str, Any]:
        """What is loaded and how much memory that takes, as the worker tells it."""
        with self._lock:
            models = [{"id": name, "bytes": item.predictor.size_bytes} for name, item in self._loaded.items()]
            used = self._used_bytes()
        free = free_bytes(self.device)
        return {"models": models, "used_bytes": used, "free_bytes": free, "device": self.device, "note": self.note}

    def relieve(self) -> None:
        """Give up all that can be had again: idle models and caches."""
        while self._give_up():
            pass

    def _find(self, card: ModelCard, users: int) -> _Loaded:
        loaded = self._there(card, users)
        if loaded:
            return loaded
        with self._loading:
            loaded = self._there(card, users)  # perhaps somebody else has loaded it meanwhile
            if loaded:
                return loaded
            self._make_room(card)
            predictor = climb(lambda cards: [self._load(cards[0])], [card], self.relieve, self.device)[0]
            with self._lock:
                loaded = self._loaded[card.id] = _Loaded(predictor, users, time.monotonic())
        self._return_memory()
        return loaded

    def _there(self, card: ModelCard, users: int) -> _Loaded | None:
        """The loaded model of this very card, marked as used."""
        with self._lock:
            loaded = self._loaded.get(card.id)
            if loaded is None or loaded.predictor.card != card:
                return None
            loaded.users += users
            loaded.used_at = time.monotonic()
            return loaded

    def _load(self, card: ModelCard) -> Predictor:
        from rsvlm.models.load import load_model

        return load_model(card, self.device, self._engine, self._cache)

    def _make_room(self, card: ModelCard) -> None:
        """Give up what is idle until `card` fits. Raises RsvlmError (out_of_memory) if it does not fit then."""
        needed, what = predicted_bytes(card), f"The model “{card.title}”"
        if needed > self._budget:  # no use in giving up what others have
            raise _over_limit(needed, self._budget, what)
        while needed > min(room := self._room_bytes()):
            if not self._give_up():
                allowed, free = room
                raise out_of_memory(needed, free, what) if free < needed else _over_limit(needed, max(0, allowed), what)

    def _room_bytes(self) -> tuple[int, int]:
        """What the limit still leaves to models, and what the machine does."""
        with self._lock:
            return self._budget - self._used_bytes(), free_bytes(self.device)

    def _used_bytes(self) -> int:
        return sum(item.predictor.size_bytes for item in self._loaded.values()) + self._cache.used_bytes

    def _release(self, loaded: _Loaded) -> None:
        with self._lock:
            loaded.users -= 1
            loaded.used_at = time.monotonic()
            if loaded.timer:
                loaded.timer.cancel()
            if loaded.users == 0 and self._keep_alive_s >= 0 and loaded.predictor.card.id != BUNDLED:
                loaded.timer = Timer(self._keep_alive_s, self._expire, [ref(loaded)])
                loaded.timer.daemon = True
                loaded.timer.start()

    def _expire(self, kept: ref[_Loaded]) -> None:
        """Evict a model that nobody has used for as long as it is kept; not the same one that was loaded again since."""
        with self._lock:
            loaded = kept()
            if loaded is None or loaded.users or self._loaded.get(loaded.predictor.card.id) is not loaded:
                return
            del self._loaded[loaded.predictor.card.id], loaded
        self._return_memory()

    def _give_up(self) -> bool:
        """Evict the model that was idle for longest, else empty the caches; False if there was nothing to give up."""
        with self._lock:
            idle = {name: item.used_at for name, item in self._loaded.items() if not item.users}
            if not idle and not self._cache.used_bytes:
                return False
            if idle:
                del self._loaded[min(idle, key=lambda name: idle[name])]
            else:
                self._cache.clear()
        self._return_memory()
        return True

    def _return_memory(self) -> None:
        """Give what nothing refers to any more to other programs, and say that something changed."""
        gc.collect()  # networks refer to themselves
        if self.device == "cuda":
            import torch

            torch.cuda.empty_cache()
        return_freed()
        self._changed()


def _over_limit(needed: int, left: int, what: str) -> RsvlmError:
    """Memory is free, but not for models."""
    return RsvlmError(
        "out_of_memory",
        f"{what} needs {in_units(needed)} of memory; the limit for models leaves {in_units(left)}.",
        "Raise the limit in Settings ▸ Options ▸ rsvlm or in RSVLM_MEMORY, or choose a smaller model.",
        {"free_bytes": float(left), "needed_bytes": float(needed)},
    )

"""SAM and SAM 2 at work: a picture and boxes or points in, masks out.

Knows pixels; nothing of rasters, maps or words. What was seen of a picture is kept for the next box. Every call of the
network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.huggingface.sam import Looked, Prompt, Sam
from rsvlm.protocol import Cancelled, RsvlmError


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the network has looked at. key: tells its pixels."""

    key: tuple[object, ...]
    looked: Looked


@dataclass(frozen=True, eq=False)
class Outlines:
    """masks: (things, H, W) float32 in [0, 1], on the pixels of the picture; quality: (things,) IoU as guessed."""

    masks: np.ndarray
    quality: np.ndarray


@dataclass
class Counts:
    """Pictures that went through the encoder, and prompts that were answered."""

    encodes: int = 0
    prompts: int = 0


class MaskPredictor:
    """card, device: what answers and where. counts: of the network's work. size_bytes: of the weights in memory.

    usage: no tokens, whatever is asked.
    """

    def __init__(
        self, card: ModelCard, model: Sam, device: str, engine: Engine | None = None, cache: Cache | None = None
    ) -> None:
        self.card, self.device = card, device
        model.network.to(device)
        self._model = model
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.counts = Counts()
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.network.parameters(), *model.network.buffers()))

    def until(self, stop: Callable[[], bool]) -> MaskPredictor:
        """The same for one caller, whose calls raise Cancelled once `stop` says so."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size."""
        keys = [(self.card.id, self.card.revision, "looked", *_digest(picture)) for picture in pictures]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if seen[key] is None}
        if new:
            found = self._engine.run((self._model, "encode"), self._encode, list(new.values()), self._stop)
            for key, looked in zip(new, found, strict=True):
                seen[key] = looked
                self._cache.put(key, looked, looked.nbytes)
        return [Seen(key, seen[key]) for key in keys]

    def masks(self, seen: Sequence[Seen], prompts: Sequence[Sequence[Prompt]]) -> list[Outlines]:
        """A mask for each prompt of each picture. Raises RsvlmError (bad_request) for a prompt of nothing."""
        for prompt in (prompt for own in prompts for prompt in own):
            if (prompt.box is None and True not in prompt.inside) or len(prompt.points) != len(prompt.inside):
                raise RsvlmError(
                    "bad_request", "What to outline is not said.", "Give a box, or at least one point inside of it."
                )
        rows = list(zip(seen, prompts, strict=True))
        found = self._engine.run((self._model, "masks"), self._masks, rows, self._stop)
        if self._stop():
            raise Cancelled()
        return found

    def _encode(self, pictures: Sequence[np.ndarray]) -> list[Looked]:
        self.counts.encodes += len(pictures)
        return [self._model.look(picture) for picture in pictures]

    def _masks(self, rows: Sequence[tuple[Seen, Sequence[Prompt]]]) -> list[Outlines]:
        outlines = []
        for seen, prompts in rows:
            logits, quality = self._model.outline(seen.looked, prompts)
            outlines.append(Outlines(logits.sigmoid().cpu().numpy(), quality.cpu().numpy()))
            self.counts.prompts += len(prompts)
        return outlines


def _digest(picture: np.ndarray) -> tuple[object, ...]:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()

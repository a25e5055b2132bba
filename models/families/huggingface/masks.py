"""SAM and SAM 2 at work: a picture and boxes or points in, masks out.

Knows pixels; nothing of rasters, maps or words. What was seen of a picture is kept for the next box. Every call of the
network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.huggingface.sam import Looked, Sam
from rsvlm.models.predictors.abilities import Outlines, Prompt
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.protocol import Cancelled, RsvlmError


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the network has looked at. key: tells its pixels."""

    key: Key
    looked: Looked


@dataclass
class Counts:
    """Pictures that went through the encoder, and prompts that were answered."""

    encodes: int = 0
    prompts: int = 0


class MaskPredictor(EncodesOnce):
    """As for EncodesOnce. counts: of the network's work. usage: no tokens, whatever is asked."""

    def __init__(
        self, card: ModelCard, model: Sam, device: str, engine: Engine | None = None, cache: Cache | None = None
    ) -> None:
        super().__init__(card, device, engine, cache, model.network)
        self._model, self.counts = model, Counts()

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size."""
        return [Seen(*found) for found in self._encoded([(picture,) for picture in pictures], self._encode)]

    def masks(self, seen: Sequence[Seen], prompts: Sequence[Sequence[Prompt]]) -> list[Outlines]:
        """A mask for each prompt of each picture. Raises RsvlmError (bad_request) for a prompt of nothing."""
        for prompt in (prompt for own in prompts for prompt in own):
            if (prompt.box is None and True not in prompt.inside) or len(prompt.points) != len(prompt.inside):
                raise RsvlmError(
                    "bad_request", "What to outline is not said.", "Give a box, or at least one point inside of it."
                )
        rows = list(zip(seen, prompts, strict=True))
        found = self._engine.run((self._network, "masks"), self._masks, rows, self._stop)
        if self._stop():
            raise Cancelled()
        return found

    def _encode(self, rows: Sequence[tuple[np.ndarray]]) -> list[Looked]:
        self.counts.encodes += len(rows)
        return [self._model.look(picture) for (picture,) in rows]

    def _masks(self, rows: Sequence[tuple[Seen, Sequence[Prompt]]]) -> list[Outlines]:
        outlines = []
        for seen, prompts in rows:
            logits, quality = self._model.outline(seen.looked, prompts)
            outlines.append(Outlines(logits.sigmoid().cpu().numpy(), quality.cpu().numpy()))
            self.counts.prompts += len(prompts)
        return outlines

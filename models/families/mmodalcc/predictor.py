"""MModalCC at work: two pictures, and two maps of land cover if there are any; one sentence on what changed.

Knows pixels and strings; nothing of rasters, maps' coordinates or files.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.mmodalcc.files import END, START, load_mmodalcc
from rsvlm.models.families.mmodalcc.network import MModalCC
from rsvlm.models.families.mmodalcc.pixels import pixels_of
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.encode_once import EncodesOnce
from rsvlm.models.predictors.words import sentence

BEAMS = 4  # as the paper evaluates
WITHOUT_MAPS = (
    "The model was asked without land cover maps; it takes black maps for “unchanged”, and may overlook changes."
)


@dataclass(frozen=True, eq=False)
class Change:
    """Two dates of one place. before, after: (H, W, 3) uint8. maps: the same of land cover in colours, white or black
    where nothing changed; None where there are none.
    """

    before: np.ndarray
    after: np.ndarray
    maps: tuple[np.ndarray, np.ndarray] | None = None


class MModalCCPredictor(EncodesOnce):
    """It takes no questions: whatever it is asked, it says what changed."""

    def __init__(
        self, card: ModelCard, model: MModalCC, tokenizer: Tokenizer, device: str, engine: Engine | None = None
    ) -> None:
        super().__init__(card, device, engine, None, model)
        self._model, self._tokenizer = model, tokenizer
        words = tokenizer.get_vocab()
        self._start, self._end = words[START], words[END]

    def encode(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[Change]:
        """(H, W, 3) uint8 each; looked at when they are asked about, since there is one thing to ask."""
        return [Change(*dates) for dates in zip(before, after, strict=True)]

    def ask(self, seen: Sequence[Change], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """A sentence for each pair, all of it at once."""
        replies = self.captions(seen)
        if on_text:
            for reply in replies:
                on_text(reply.text)
        return replies

    def captions(self, changes: Sequence[Change], beams: int = BEAMS) -> list[Reply]:
        """A sentence for each pair. Pictures of any size; they are resized to that of the model."""
        return self._answered([(change, beams, self._stop) for change in changes], self._captions)

    @torch.inference_mode()
    def _captions(self, rows: Sequence[tuple[Change, int, Callable[[], bool]]]) -> list[Reply]:
        pixels = torch.cat([self._pixels(change) for change, _, _ in rows])
        rgb, semantic = self._model.encode(pixels)
        captions = []
        for index, (change, beams, stop) in enumerate(rows):
            memories = rgb[index : index + 1], semantic[index : index + 1]
            found = self._model.search(*memories, self._start, self._end, beams, stop)
            text = sentence(self._tokenizer.decode(list(found.ids), skip_special_tokens=True).rstrip(" ."))
            written = len(found.ids) - 1
            warnings: tuple[str, ...] = () if change.maps else (WITHOUT_MAPS,)
            if not found.ended:
                warnings += ("The sentence was cut off before it came to its end.",)
            confidence = math.exp(found.score / max(written, 1))
            captions.append(Reply(text, confidence, read=0, written=written, warnings=warnings))
        return captions

    def _pixels(self, change: Change) -> Tensor:
        """(1, 4, 3, pixels, pixels) in [0, 1]: rgb before, rgb after, map before, map after."""
        found = pixels_of((change.before, change.after), change.maps or (), self._model.config.pixels)
        return found.to(self.device, self._model.decoder.words.weight.dtype)


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> MModalCCPredictor:
    """device: "cuda" or "cpu". Raises RsvlmError (model_failed)."""
    model, tokenizer = load_mmodalcc(card.folder, card.id, card.mend)
    return MModalCCPredictor(card, model.float(), tokenizer, device, engine)

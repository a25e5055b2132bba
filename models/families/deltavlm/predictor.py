"""DeltaVLM at work: two pictures and a question in, an answer in words or a mask of change out.

Knows pixels and strings; nothing of rasters, maps or files. What was seen of two dates is kept for the next question. Every
call of the network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.deltavlm.files import load_deltavlm
from rsvlm.models.families.deltavlm.network import DeltaVlm, Pair
from rsvlm.models.families.deltavlm.words import Batch, put
from rsvlm.models.families.deltavlm.words import Words as Vocabulary
from rsvlm.models.language_files import kept_in
from rsvlm.models.parts.clip_pixels import whole_square
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.answering import Hearing
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.models.predictors.replies import refuse_too_long, replies
from rsvlm.models.predictors.words import Words
from rsvlm.protocol import RsvlmError

REPETITION = 1.5  # what was said is less likely by this, as in the release


@dataclass(frozen=True, eq=False)
class Seen:
    """Two dates that the model has looked at. pair: a batch of one; key: tells their pixels."""

    key: Key
    pair: Pair


class DeltaVlmPredictor(EncodesOnce):
    """Questions are put in the style of the model's configuration, after the turns before them."""

    def __init__(
        self,
        card: ModelCard,
        model: DeltaVlm,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        super().__init__(card, device, engine, cache, model)
        self._model, self._words = model, words

    def encode(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model, both dates alike."""
        return [Seen(*found) for found in self._encoded(list(zip(before, after, strict=True)), self._encode)]

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each pair. on_text streams the words of the only one.

        Raises RsvlmError (too_large) for a question that leaves no room for an answer.
        """
        config, room = self._model.config, self._model.llm_model.config.max_position_embeddings
        read = [config.queries + self._put([question]).ids.shape[1] for question in questions]
        refuse_too_long(self.card, read, config.answer, room)
        rows = [
            (pair, question, Words(self._words.language, on_text, self._stop))
            for pair, question in zip(seen, questions, strict=True)
        ]
        return self._answered(rows, self._ask)

    def change_masks(self, pairs: Sequence[Seen], pixels: int) -> np.ndarray:
        """(n, pixels, pixels) float32: probability of change. Raises RsvlmError (bad_request) where no masks were learnt."""
        if self._model.mask_decoder is None:
            raise RsvlmError(
                "bad_request", f"The model {self.card.id} answers in words and draws no masks.", "Choose another model."
            )
        kind = (self._model, "change_masks", pixels)
        return np.stack(self._engine.run(kind, lambda work: self._change_masks(work, pixels), pairs, self._stop))

    @torch.inference_mode()
    def _encode(self, rows: Sequence[tuple[np.ndarray, ...]]) -> list[Pair]:
        like, side = self._model.ln_vision.weight, self._model.config.pixels
        before, after = (torch.cat([whole_square(row[date], side, like) for row in rows]) for date in (0, 1))
        both = self._model.look(before, after)
        dates = zip(both.before.split(1), both.after.split(1), strict=True)
        return [Pair(first.clone(), second.clone()) for first, second in dates]

    @torch.inference_mode()
    def _ask(self, rows: Sequence[tuple[Seen, Question, Words]]) -> list[Reply]:
        pairs, questions, words = zip(*rows, strict=True)
        config, batch = self._model.config, self._put(questions).to(self.device)
        memory, hearing = self._model.relate(_together(pairs)), Hearing(words, batch.end)
        heard = hearing.tokens, hearing.stopped
        spoken = self._model.generate(memory, batch, config.answer, *heard, config.beams, REPETITION)
        hearing.finish()
        read = config.queries + batch.mask.sum(dim=1)
        return replies(self._said, spoken.ids, spoken.confidence, read, batch.padding, [batch.end])

    def _said(self, ids: Sequence[int]) -> str:
        """The release learns sentences with a space before their full stop."""
        return self._words.text(ids).rstrip(" .")

    def _put(self, questions: Sequence[Question]) -> Batch:
        style = self._model.config.style
        return self._words.questions([put(question.text, question.earlier, style) for question in questions])

    @torch.inference_mode()
    def _change_masks(self, pairs: Sequence[Seen], pixels: int) -> np.ndarray:
        return self._model.change_mask(_together(pairs), pixels)[:, 0].float().cpu().numpy()


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> DeltaVlmPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_deltavlm(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return DeltaVlmPredictor(card, model, words, device, engine, cache)


def _together(pairs: Sequence[Seen]) -> Pair:
    return Pair(torch.cat([seen.pair.before for seen in pairs]), torch.cat([seen.pair.after for seen in pairs]))

"""DeltaVLM at work: two pictures and a question in, an answer in words or a mask of change out.

Knows pixels and strings; nothing of rasters, maps or files. What was seen of two dates is kept for the next question. Every
call of the network goes through the engine; methods may be called from any thread.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate
from transformers import StoppingCriteriaList

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.deltavlm.files import LARGE, load_deltavlm
from rsvlm.models.families.deltavlm.network import DeltaVlm, Pair
from rsvlm.models.families.deltavlm.words import Style, put
from rsvlm.models.families.deltavlm.words import Words as Vocabulary
from rsvlm.models.predictors import abilities
from rsvlm.models.predictors.abilities import Reply
from rsvlm.models.predictors.words import Listeners, Stop, Words, sentence
from rsvlm.protocol import Cancelled, RsvlmError

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's
REPETITION = 1.5  # what was said is less likely by this, as in the release


@dataclass(frozen=True, eq=False)
class Seen:
    """Two dates that the model has looked at. pair: a batch of one; key: tells their pixels."""

    key: tuple[object, ...]
    pair: Pair


@dataclass(frozen=True)
class Question(abilities.Question):
    """style: how it is put to the model; questions of other kinds are put as most of the training data reads."""

    style: Style = "dialogue"


class StopAllBeams(Stop):
    """Ends every sentence that is tried for a row once its caller wants no more."""

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        rows = super().__call__(input_ids, scores, **kwargs)
        return rows.repeat_interleave(len(input_ids) // len(rows))


class DeltaVlmPredictor:
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens of this caller."""

    def __init__(
        self,
        card: ModelCard,
        model: DeltaVlm,
        words: Vocabulary,
        device: str,
        engine: Engine | None = None,
        cache: Cache | None = None,
    ) -> None:
        self.card, self.device = card, device
        self._model, self._words = model.to(device), words
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))

    def until(self, stop: Callable[[], bool]) -> DeltaVlmPredictor:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, before: Sequence[np.ndarray], after: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model, both dates alike."""
        pairs = list(zip(before, after, strict=True))
        keys = [(self.card.id, self.card.revision, "pair", *map(_digest, pair)) for pair in pairs]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: pair for key, pair in zip(keys, pairs, strict=True) if seen[key] is None}
        if new:
            found = self._engine.run((self._model, "encode"), self._encode, list(new.values()), self._stop)
            for key, pair in zip(new, found, strict=True):
                seen[key] = pair
                self._cache.put(key, pair, pair.before.nbytes + pair.after.nbytes)
        return [Seen(key, seen[key]) for key in keys]

    def ask(
        self,
        pairs: Sequence[Seen],
        questions: Sequence[abilities.Question],
        on_text: Callable[[str], None] | None = None,
        beams: int = 1,
    ) -> list[Reply]:
        """An answer to one question for each pair. on_text streams the words of the only one; several beams say all at once."""
        rows = [
            (pair, question, Words(self._words.language, on_text, self._stop))
            for pair, question in zip(pairs, questions, strict=True)
        ]
        found = self._engine.run((self._model, "ask", beams), lambda work: self._ask(work, beams), rows, self._stop)
        if self._stop():
            raise Cancelled()
        self.usage["prompt_tokens"] += sum(reply.read for reply in found)
        self.usage["completion_tokens"] += sum(reply.written for reply in found)
        return found

    def change_masks(self, pairs: Sequence[Seen], pixels: int) -> np.ndarray:
        """(n, pixels, pixels) float32: probability of change. Raises RsvlmError (bad_request) where no masks were learnt."""
        if self._model.mask_decoder is None:
            raise RsvlmError(
                "bad_request", f"The model {self.card.id} answers in words and draws no masks.", "Choose another model."
            )
        kind = (self._model, "change_masks", pixels)
        return np.stack(self._engine.run(kind, lambda work: self._change_masks(work, pixels), pairs, self._stop))

    @torch.inference_mode()
    def _encode(self, pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[Pair]:
        before, after = (torch.cat([self._pixels(pair[date]) for pair in pairs]) for date in (0, 1))
        both = self._model.look(before, after)
        dates = zip(both.before.split(1), both.after.split(1), strict=True)
        return [Pair(first.clone(), second.clone()) for first, second in dates]

    def _pixels(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, pixels, pixels), normalised."""
        values = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device).permute(2, 0, 1)[None].float() / 255
        side = (self._model.config.pixels,) * 2
        if values.shape[-2:] != side:
            values = interpolate(values, side, mode="bicubic", antialias=True).clamp(0, 1)
        mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, DEVIATION))
        return ((values - mean) / deviation).to(self._model.ln_vision.weight.dtype)

    @torch.inference_mode()
    def _ask(self, rows: Sequence[tuple[Seen, abilities.Question, Words]], beams: int) -> list[Reply]:
        pairs, questions, words = zip(*rows, strict=True)
        for row in words:
            row.begin()
        styles = [question.style if isinstance(question, Question) else "dialogue" for question in questions]
        prompts = [
            put(question.text, question.earlier, style) for question, style in zip(questions, styles, strict=True)
        ]
        batch = self._words.questions(prompts).to(self.device)
        options: dict[str, Any] = {"stopping_criteria": StoppingCriteriaList([StopAllBeams(words)])}
        if beams == 1:
            options["streamer"] = Listeners(words, batch.end)
        memory = self._model.relate(_together(pairs))
        most = self._model.config.answer
        spoken = self._model.generate(memory, batch, most, beams, repetition_penalty=REPETITION, **options)
        replies = []
        for index, (ids, row) in enumerate(zip(spoken.ids.tolist(), words, strict=True)):
            if beams > 1:
                for token in ids:
                    row.put(token, batch.end)
                row.finish()
            read = self._model.config.queries + int(batch.mask[index].sum())
            written = sum(token != batch.padding for token in ids)
            text = sentence(self._words.text(ids).rstrip(" ."))
            replies.append(Reply(text, spoken.confidence[index].item(), read, written))
        return replies

    @torch.inference_mode()
    def _change_masks(self, pairs: Sequence[Seen], pixels: int) -> np.ndarray:
        return self._model.change_mask(_together(pairs), pixels)[:, 0].float().cpu().numpy()


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> DeltaVlmPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    dtype = torch.bfloat16 if card.size_bytes > 2 * LARGE else torch.float32
    model, words = load_deltavlm(card.folder, card.id, card.mend, dtype)
    return DeltaVlmPredictor(card, model, words, device, engine, cache)


def _digest(picture: np.ndarray) -> tuple[object, ...]:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()


def _together(pairs: Sequence[Seen]) -> Pair:
    return Pair(torch.cat([seen.pair.before for seen in pairs]), torch.cat([seen.pair.after for seen in pairs]))

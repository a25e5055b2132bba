"""What every predictor does that answers questions about one picture: it looks once, keeps what it saw, and tells words as they
come.

Knows pixels and strings; nothing of rasters, maps or files. Every call of the network goes through the engine; methods may be
called from any thread.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn.functional import interpolate

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.words import Words
from rsvlm.protocol import Cancelled

MEAN, DEVIATION = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)  # CLIP's


Own = TypeVar("Own", bound="Answering")


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. looked: a batch of one; key: tells its pixels."""

    key: tuple[object, ...]
    looked: Tensor


class Hearing:
    """The listeners of a batch, one for each row. end: id that ends a row."""

    def __init__(self, rows: Sequence[Words], end: int) -> None:
        self._rows, self._end = rows, end
        for row in rows:
            row.begin()

    def tokens(self, ids: list[int]) -> None:
        """The next id of every row."""
        for row, token in zip(self._rows, ids, strict=True):
            row.put(token, self._end)

    def stopped(self, row: int) -> bool:
        """Whether nobody wants more of a row."""
        return self._rows[row].stopped()

    def finish(self) -> None:
        """All is said."""
        for row in self._rows:
            row.finish()


class Answering(ABC):
    """card, device: what answers and where. size_bytes: of the weights in memory. usage: tokens of this caller.

    A family says how it looks (`_look`) and answers (`_answers`); pixels: along each side of the picture that it looks at.
    """

    def __init__(
        self,
        card: ModelCard,
        model: nn.Module,
        tokenizer: Tokenizer,
        pixels: int,
        device: str,
        engine: Engine | None,
        cache: Cache | None,
    ) -> None:
        self.card, self.device = card, device
        self._network, self._tokenizer, self._side = model.to(device), tokenizer, pixels
        self._engine, self._cache = engine or Engine(device=device), cache or Cache(0)
        self._stop: Callable[[], bool] = lambda: False
        self.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        self.size_bytes = sum(tensor.nbytes for tensor in (*model.parameters(), *model.buffers()))

    def until(self: Own, stop: Callable[[], bool]) -> Own:
        """The same for one caller, whose calls raise Cancelled once `stop` says so: at the next word, or before they begin."""
        own = copy.copy(self)
        own._stop = stop
        own.usage = {"prompt_tokens": 0, "completion_tokens": 0}
        return own

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model."""
        keys = [(self.card.id, self.card.revision, "looked", *_digest(picture)) for picture in pictures]
        seen = {key: self._cache.get(key) for key in keys}
        new = {key: picture for key, picture in zip(keys, pictures, strict=True) if seen[key] is None}
        if new:
            found = self._engine.run((self._network, "encode"), self._encode, list(new.values()), self._stop)
            for key, looked in zip(new, found, strict=True):
                seen[key] = looked
                self._cache.put(key, looked, looked.nbytes)
        return [Seen(key, seen[key]) for key in keys]

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one."""
        rows = [
            (picture, question, Words(self._tokenizer, on_text, self._stop))
            for picture, question in zip(seen, questions, strict=True)
        ]
        found: list[Reply] = self._engine.run((self._network, "ask"), self._ask, rows, self._stop)
        if self._stop():
            raise Cancelled()
        self.usage["prompt_tokens"] += sum(reply.read for reply in found)
        self.usage["completion_tokens"] += sum(reply.written for reply in found)
        return found

    @torch.inference_mode()
    def _encode(self, pictures: Sequence[np.ndarray]) -> list[Tensor]:
        looked = self._look(torch.cat([self._pixels(picture) for picture in pictures]))
        return [row.clone() for row in looked.split(1)]

    @torch.inference_mode()
    def _ask(self, rows: Sequence[tuple[Seen, Question, Words]]) -> list[Reply]:
        pictures, questions, words = zip(*rows, strict=True)
        return self._answers(torch.cat([picture.looked for picture in pictures]), questions, words)

    @abstractmethod
    def _look(self, pixels: Tensor) -> Tensor:
        """pixels: (n, 3, side, side), normalised -> (n, ...), what is kept of each picture."""

    @abstractmethod
    def _answers(self, looked: Tensor, questions: Sequence[Question], words: Sequence[Words]) -> list[Reply]:
        """looked: (n, ...), of `_look`; words: the listeners."""

    def _pixels(self, picture: np.ndarray) -> Tensor:
        """(H, W, 3) uint8 -> (1, 3, side, side), normalised."""
        values = torch.from_numpy(np.ascontiguousarray(picture)).to(self.device).permute(2, 0, 1)[None].float() / 255
        if values.shape[-2:] != (self._side, self._side):
            values = interpolate(values, (self._side, self._side), mode="bicubic", antialias=True).clamp(0, 1)
        mean, deviation = (values.new_tensor(numbers).view(1, 3, 1, 1) for numbers in (MEAN, DEVIATION))
        return ((values - mean) / deviation).to(next(self._network.parameters()).dtype)


def _digest(picture: np.ndarray) -> tuple[Any, ...]:
    return picture.shape, blake2b(np.ascontiguousarray(picture).data, digest_size=20).digest()

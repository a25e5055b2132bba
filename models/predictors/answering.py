"""What every predictor does that answers questions about one picture: it looks once, keeps what it saw, and tells words as they
come.

Knows pixels and strings; nothing of rasters, maps or files. Every call of the network goes through the engine; methods may be
called from any thread.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.parts.clip_pixels import whole_square
from rsvlm.models.predictors.abilities import OnText, Question, Reply
from rsvlm.models.predictors.encode_once import EncodesOnce, Key
from rsvlm.models.predictors.words import Words


@dataclass(frozen=True, eq=False)
class Seen:
    """One picture that the model has looked at. looked: a batch of one; key: tells its pixels."""

    key: Key
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


class Answering(EncodesOnce, ABC):
    """A family says how it looks (`_look`) and answers (`_answers`).

    model: a network of torch; pixels: along each side of the picture that it looks at; listens: what hears the words of a row.
    """

    listens: type[Words] = Words

    def __init__(
        self,
        card: ModelCard,
        model: Any,
        tokenizer: Tokenizer,
        pixels: int,
        device: str,
        engine: Engine | None,
        cache: Cache | None,
    ) -> None:
        super().__init__(card, device, engine, cache, model)
        self._tokenizer, self._side = tokenizer, pixels

    def encode(self, pictures: Sequence[np.ndarray]) -> list[Seen]:
        """(H, W, 3) uint8 each, of any size; they are resized to that of the model."""
        return [Seen(*found) for found in self._encoded([(picture,) for picture in pictures], self._encode)]

    def ask(self, seen: Sequence[Seen], questions: Sequence[Question], on_text: OnText | None = None) -> list[Reply]:
        """An answer to one question for each picture. on_text streams the words of the only one."""
        rows = [
            (picture, question, self.listens(self._tokenizer, on_text, self._stop))
            for picture, question in zip(seen, questions, strict=True)
        ]
        return self._answered(rows, self._ask)

    @torch.inference_mode()
    def _encode(self, rows: Sequence[tuple[np.ndarray]]) -> list[Tensor]:
        looked = self._look(torch.cat([self._pixels(picture) for (picture,) in rows]))
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
        return whole_square(picture, self._side, next(self._network.parameters()))

"""Words on their way out of a decoder: one listener and one wish to stop for each row of a batch.

Knows token ids and strings; nothing of pictures or models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream
from torch import Tensor
from transformers import StoppingCriteria
from transformers.generation import BaseStreamer

ENDS = (".", "!", "?")  # of a sentence


def sentence(words: str) -> str:
    """As a reader expects it: a capital first and a full stop last."""
    words = words.strip()
    return f"{words[:1].upper()}{words[1:]}{'' if words.endswith(ENDS) else '.'}" if words else ""


class Words:
    """One sentence in the making: told to `on_text` as it comes, until its end or until `stop` says so."""

    def __init__(self, tokenizer: Tokenizer, on_text: Callable[[str], None] | None, stop: Callable[[], bool]) -> None:
        self._tokenizer, self._on_text, self._stop = tokenizer, on_text, stop
        self._told = 0  # characters
        self.begin()

    def begin(self) -> None:
        """From the first word, perhaps for the second time, if memory ran out; what was told is not told again."""
        self._stream, self._text, self._ended = DecodeStream(skip_special_tokens=True), "", False

    def put(self, token: int, end: int) -> None:
        """The next token; nothing is heard of it after the sentence has ended with the token `end`."""
        if self._on_text is None or self._ended:
            return
        if token == end:
            self.finish()
            return
        piece = self._piece(token)
        if not self._text:
            piece = piece.lstrip()
            piece = f"{piece[:1].upper()}{piece[1:]}"
        self._tell(piece)

    def finish(self) -> None:
        if self._text and not self._ended and not self._text.rstrip().endswith(ENDS):
            self._tell(".")
        self._ended = True

    def stopped(self) -> bool:
        wanted = self._stop()
        self._ended = self._ended or wanted
        return wanted

    def _piece(self, token: int) -> str:
        """What the next token adds to the text."""
        return self._stream.step(self._tokenizer, token) or ""

    def _tell(self, piece: str) -> None:
        self._text += piece
        if self._on_text and len(self._text) > self._told:
            self._on_text(self._text[self._told :])
            self._told = len(self._text)


class Listeners(BaseStreamer):
    """Gives each row's tokens to its words. end: the token that ends a row; what follows it is padding."""

    def __init__(self, rows: Sequence[Words], end: int) -> None:
        self._rows, self._end, self._prompt_seen = rows, end, False

    def put(self, value: Tensor) -> None:
        if not self._prompt_seen:  # generate() begins with what it was given
            self._prompt_seen = True
            return
        for words, token in zip(self._rows, value.tolist(), strict=True):
            words.put(token, self._end)

    def end(self) -> None:
        for words in self._rows:
            words.finish()


class Stop(StoppingCriteria):
    """Ends each row at the next step once its own caller wants no more."""

    def __init__(self, rows: Sequence[Words]) -> None:
        self._rows = rows

    def __call__(self, input_ids: Tensor, scores: Tensor, **kwargs: object) -> Tensor:
        return torch.tensor([words.stopped() for words in self._rows], device=input_ids.device)

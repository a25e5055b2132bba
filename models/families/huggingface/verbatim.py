"""The words of a model that has its own way of writing: told as they are, without capitals or full stops of ours."""

from __future__ import annotations

from collections.abc import Callable

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from rsvlm.models.predictors.words import Words


class Verbatim(Words):
    """ends: tokens of which each is the last one of an answer; silent: tokens that are not told."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        on_text: Callable[[str], None] | None,
        stop: Callable[[], bool],
        ends: frozenset[int],
        silent: frozenset[int],
    ) -> None:
        self._ends, self._silent = ends, silent
        super().__init__(tokenizer, on_text, stop)

    def begin(self) -> None:
        super().begin()
        self._stream = DecodeStream(skip_special_tokens=False)
        self._ids: list[int] = []

    def put(self, token: int, end: int) -> None:
        """The next token; nothing is heard of it after the answer has ended."""
        if self._ended:
            return
        if token in self._ends:
            self.finish()
        elif token not in self._silent:
            self._ids.append(token)
            piece = self._stream.step(self._tokenizer, token) if self._on_text else None
            if piece:
                self._tell(piece if self._text else piece.lstrip())

    def finish(self) -> None:
        """Tell what was kept back, if bytes of its last letter are missing."""
        rest = self.text[len(self._text) :]
        if rest and self._on_text and not self._ended:
            self._tell(rest)
        self._ended = True

    @property
    def text(self) -> str:
        """All that was said so far."""
        return self._tokenizer.decode(self._ids, skip_special_tokens=False).strip()

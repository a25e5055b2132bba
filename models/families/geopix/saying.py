"""What GeoPix says, token by token: words, with [1], [2] and so on where it points at the first, second and further targets.

Six tokens in their order are one target. Where they come in another order, or break off, nothing is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from tokenizers import Tokenizer
from tokenizers.decoders import DecodeStream

from rsvlm.models.families.geopix.words import SEGS
from rsvlm.models.predictors import words


class Saying:
    """parts: the words before the first target, between each two, and after the last."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer, self._stream = tokenizer, DecodeStream(skip_special_tokens=True)
        self._segs, self._run = [tokenizer.token_to_id(token) for token in SEGS], 0
        self.parts = [""]

    def more(self, token: int) -> str:
        """What the next token adds to the text."""
        if token in self._segs:
            self._run = self._run + 1 if token == self._segs[self._run] else int(token == self._segs[0])
            if self._run < len(SEGS):
                return ""
            self._run = 0
            self.parts.append("")
            return f" [{len(self.parts) - 1}]"
        self._run = 0
        piece = self._stream.step(self._tokenizer, token) or ""
        if piece[:1].isalnum() and len(self.parts) > 1 and not any(self.parts):
            piece = f" {piece}"  # the first word has no space of its own
        self.parts[-1] += piece
        return piece


class Words(words.Words):
    """One answer in the making, as its listener hears it."""

    def begin(self) -> None:
        super().begin()
        self._saying = Saying(self._tokenizer)

    def _piece(self, token: int) -> str:
        return self._saying.more(token)


def said(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, list[str]]:
    """The whole text of an answer without its padding, and its parts."""
    saying = Saying(tokenizer)
    return "".join(saying.more(token) for token in ids).strip(), saying.parts

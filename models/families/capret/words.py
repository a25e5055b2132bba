"""Words of the family capret: captions that end in [RET], and questions with pictures anywhere in them, as ids.

RS-CapRet (arXiv 2402.06475) on FROMAGe (arXiv 2301.13823, section 3). Knows text only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.parts.language import IMAGE, padded

PICTURE = "<image>"  # in a question: here stands a picture
RET = "[RET]"


@dataclass(frozen=True)
class Batch:
    """Words as the model takes them.

    ids, mask: (batch, length); of captions padded on the right, each with [RET] as its last; of questions on the left, IMAGE
    where a token of a picture stands. prompt: (words,), between picture and caption. end, padding: ids of those tokens.
    """

    ids: Tensor
    mask: Tensor
    prompt: Tensor
    end: int
    padding: int

    def to(self, device: str | torch.device) -> Batch:
        ids, mask, prompt = (tensor.to(device) for tensor in (self.ids, self.mask, self.prompt))
        return replace(self, ids=ids, mask=mask, prompt=prompt)


class Words:
    """tokenizer: of the language model, with [RET]. prefix: tokens of one picture. The rest as in the configuration."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        prefix: int,
        caption: int,
        begin: str,
        end: str,
        padding: str,
        released: bool = False,
    ) -> None:
        """Raises ValueError where a token is missing."""
        self.tokenizer, self.prefix, self.caption, self.released = tokenizer, prefix, caption, released
        self.begin, self.end, self.padding = (self._id(token) for token in (begin, end, padding))
        self.retrieval = self._id(RET)

    def captions(self, texts: Sequence[str], prompt: str = "") -> Batch:
        """To be learnt from. A text that is too long loses its last words, not [RET]."""
        rows = [[self.begin, *self._ids(text)[: self.caption - 2], self.retrieval] for text in texts]
        return self._batch(*padded(rows, self.padding), self._ids(prompt))

    def texts(self, texts: Sequence[str]) -> Batch:
        """To be embedded: as captions, but whole."""
        rows = [[self.begin, *self._ids(text), self.retrieval] for text in texts]
        return self._batch(*padded(rows, self.padding), [])

    def questions(self, prompts: Sequence[str]) -> Batch:
        """To be answered. A prompt without PICTURE has one in front."""
        return self._batch(*padded([self._asked(prompt) for prompt in prompts], self.padding, left=True), [])

    def text(self, ids: Sequence[int]) -> str:
        """What the language model said, without what asks for pictures."""
        spoken = [token for token in ids if token not in (self.padding, self.retrieval)]
        return self.tokenizer.decode(spoken, skip_special_tokens=True).strip()

    def _batch(self, ids: Tensor, mask: Tensor, prompt: list[int]) -> Batch:
        return Batch(ids, mask, torch.tensor(prompt, dtype=torch.long), self.end, self.padding)

    def _asked(self, prompt: str) -> list[int]:
        """An answer begins as captions do in training; in the release, the first text of a prompt does."""
        parts = (prompt if PICTURE in prompt else PICTURE + prompt).split(PICTURE)
        row: list[int] = []
        begun = False
        for number, part in enumerate(parts):
            row += [IMAGE] * self.prefix if number else []
            if part and self.released and not begun:
                row.append(self.begin)
                begun = True
            row += self._ids(part)
        return row if self.released else [*row, self.begin]

    def _ids(self, text: str) -> list[int]:
        """Without tokens that mean something: they are taken for words neither in captions nor in questions."""
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [token for token in ids if token not in (self.begin, self.end, self.padding, self.retrieval)]

    def _id(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token}")
        return found

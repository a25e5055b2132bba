"""Words of families that answer a question about one picture: how turns and the picture become ids.

Each family's form says where the picture stands and what stands around a question (see the families). What a user types is
never taken for a token that means something. Knows text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.parts.language import IGNORED, IMAGE, padded

_PLACES = re.compile(r"(\{picture\}|\{begin\})")

Turn = tuple[str, str]  # a question and its answer


@dataclass(frozen=True)
class Form:
    """begin, end, padding: names of those tokens. first: the first turn up to its answer, with {picture}, {begin} and
    {question} in it; later: the turns after it, "" for a model that knows of one turn alone.
    """

    begin: str
    end: str
    padding: str
    first: str
    later: str = ""


@dataclass(frozen=True)
class Batch:
    """Words as the model takes them, one row for each picture.

    ids: (batch, length), IMAGE where a token of the picture stands; mask: (batch, length); labels: (batch, length), -100
    where nothing is learnt. end, padding: ids of those tokens.
    """

    ids: Tensor
    mask: Tensor
    labels: Tensor
    end: int
    padding: int

    def to(self, device: str | torch.device) -> Batch:
        ids, mask, labels = (tensor.to(device) for tensor in (self.ids, self.mask, self.labels))
        return replace(self, ids=ids, mask=mask, labels=labels)


class PictureWords:
    """tokenizer: of the language model. picture: tokens of one picture. answer: most of its tokens read in training."""

    def __init__(self, tokenizer: Tokenizer, form: Form, picture: int, answer: int) -> None:
        """Raises ValueError where a token is missing."""
        self.tokenizer, self.form, self.picture, self.answer = tokenizer, form, picture, answer
        self.begin, self.end, self.padding = (self._id(token) for token in (form.begin, form.end, form.padding))

    def questions(self, prompts: Sequence[str], earlier: Sequence[Sequence[Turn]] = ()) -> Batch:
        """To be answered: padded on the left. earlier: turns before each prompt, the first of which has the picture."""
        turns = earlier or [()] * len(prompts)
        rows = [self._conversation([*before, (prompt, None)])[0] for before, prompt in zip(turns, prompts, strict=True)]
        return self.unlearnt(rows, left=True)

    def lessons(self, conversations: Sequence[Sequence[Turn]]) -> Batch:
        """To learn from: every answer in a conversation about a picture is learnt. Padded on the right."""
        return self.learnt([self._conversation(turns) for turns in conversations])

    def text(self, ids: Sequence[int]) -> str:
        """What the language model said."""
        spoken = [token for token in ids if token not in (self.padding, self.end)]
        return self.tokenizer.decode(spoken, skip_special_tokens=True).strip()

    def unlearnt(self, rows: Sequence[Sequence[int]], left: bool = False) -> Batch:
        """Rows of ids as a batch."""
        ids, mask = padded(rows, self.padding, left)
        return Batch(ids, mask, torch.full_like(ids, IGNORED), self.end, self.padding)

    def learnt(self, rows: Sequence[tuple[list[int], list[int]]]) -> Batch:
        """Rows of ids and labels as a batch, padded on the right."""
        ids, mask = padded([row for row, _ in rows], self.padding)
        labels, _ = padded([learnt for _, learnt in rows], IGNORED)
        return Batch(ids, mask, labels, self.end, self.padding)

    def ids(self, text: str) -> list[int]:
        """Without tokens that mean something."""
        found = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [token for token in found if token not in (self.begin, self.end, self.padding)]

    def turn(self, asked: str, question: str, answer: str | None, picture: int) -> tuple[list[int], list[int]]:
        """ids and labels of one turn of the form `asked`; without an answer it is left open. picture: tokens of it.

        Question and answer are cut into tokens together where that leaves the question's as they are.
        """
        ids: list[int] = []
        *before, last = _PLACES.split(asked)
        for part in before:
            if part == "{picture}":
                ids += [IMAGE] * picture
            elif part == "{begin}":
                ids.append(self.begin)
            else:
                ids += self.ids(part.replace("{question}", question))
        closing = last.replace("{question}", question)
        put = self.ids(closing)
        ids += put
        if answer is None:
            return ids, [IGNORED] * len(ids)
        joined = self.ids(f"{closing} {answer}")
        said = joined[len(put) :] if put and joined[: len(put)] == put else self.ids(answer)
        said = [*said[: self.answer - 1], self.end]
        return ids + said, [IGNORED] * len(ids) + said

    def _conversation(self, turns: Sequence[tuple[str, str | None]]) -> tuple[list[int], list[int]]:
        """ids and labels. Raises ValueError for a second turn where the form has none."""
        if len(turns) > 1 and not self.form.later:
            raise ValueError("this model knows of one turn alone")
        ids: list[int] = []
        labels: list[int] = []
        for number, (question, answer) in enumerate(turns):
            read, learnt = self.turn(self.form.later if number else self.form.first, question, answer, self.picture)
            ids += read
            labels += learnt
        return ids, labels

    def _id(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"the tokenizer has no {token}")
        return found

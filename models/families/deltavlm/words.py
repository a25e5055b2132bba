"""Words of the family deltavlm: how questions are put, and how they and their answers become ids.

DeltaVLM (arXiv 2507.22346, section 4) was trained on questions behind “q:”, cleaned of punctuation and cut after fifty
words, and asked without either. All of that can be had here; by default nothing is cut. Knows text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.parts.language import IGNORED, padded

Style = Literal["dialogue", "released", "plain", "raw"]
PUNCTUATION = re.compile(r'[.!"()*#:;~]')
RELEASED_WORDS = 50  # of a question, after which the release cuts it
PADDING, END = "[PAD]", "</s>"  # the latter begins a question as well
QUERY_PADDING = 0


def clean(text: str, words: int | None = None) -> str:
    """Lower case, most punctuation gone, single spaces; the first `words` alone where that is given."""
    spaced = PUNCTUATION.sub(" ", text.lower())
    kept = re.sub(r"\s{2,}", " ", spaced).rstrip("\n").strip(" ").split(" ")
    return " ".join(kept[:words])


def put(question: str, earlier: Sequence[tuple[str, str]] = (), style: Style = "dialogue") -> str:
    """The question as the model reads it.

    earlier: questions and answers before this one. style: "dialogue" as most of the training data reads; "released" the
    same, cut after fifty words, so that a long dialogue loses its question; "plain" as the questions for captions read
    when they are tested; "raw" as it was typed. The latter two know of no earlier turns.
    """
    if style == "raw":
        return question
    if style == "plain":
        return clean(question)
    turns = "".join(f"q: {asked} a: {answered} " for asked, answered in earlier)
    return clean(f"{turns}q: {question}", RELEASED_WORDS if style == "released" else None)


@dataclass(frozen=True)
class Batch:
    """Words as the model takes them, one row per question.

    query_ids, query_mask: (batch, words) of the instruction for the Q-Former. ids, mask: (batch, tokens) for the language
    model; labels: (batch, tokens), -100 where nothing is learnt. padding, end: ids of the language model's tokens.
    """

    query_ids: Tensor
    query_mask: Tensor
    ids: Tensor
    mask: Tensor
    labels: Tensor
    padding: int
    end: int

    def to(self, device: str | torch.device) -> Batch:
        names = ("query_ids", "query_mask", "ids", "mask", "labels")
        moved = {name: getattr(self, name).to(device) for name in names}
        return Batch(**moved, padding=self.padding, end=self.end)


class Words:
    """language, query: the tokenizers of the language model, with [PAD], and of the Q-Former.

    instruction, answer: most tokens that are read of either, as in the configuration.
    """

    def __init__(self, language: Tokenizer, query: Tokenizer, instruction: int, answer: int) -> None:
        """Raises ValueError where a token is missing."""
        self.language, self.query = language, query
        self.instruction, self.answer = instruction, answer
        self.padding, self.end = _id(language, PADDING), _id(language, END)
        self._first, self._last = _id(query, "[CLS]"), _id(query, "[SEP]")

    def questions(self, prompts: Sequence[str]) -> Batch:
        """To be answered: padded on the left, cut nowhere but for the Q-Former."""
        rows = [[self.end, *self._ids(prompt)] for prompt in prompts]
        ids, mask = padded(rows, self.padding, left=True)
        return self._batch(prompts, ids, mask, torch.full_like(ids, IGNORED))

    def lessons(self, prompts: Sequence[str], answers: Sequence[str]) -> Batch:
        """To learn from: each answer and its end directly after its question, padded on the right."""
        asked = [[self.end, *self._ids(prompt)[1 - self.instruction :]] for prompt in prompts]
        said = [[*self._ids(answer), self.end][: self.answer - 1] for answer in answers]
        rows = [first + second for first, second in zip(asked, said, strict=True)]
        ids, mask = padded(rows, self.padding)
        labels, _ = padded(
            [[IGNORED] * len(first) + second for first, second in zip(asked, said, strict=True)], IGNORED
        )
        return self._batch(prompts, ids, mask, labels)

    def text(self, ids: Sequence[int]) -> str:
        """What the language model said."""
        return self.language.decode([token for token in ids if token != self.padding], skip_special_tokens=True).strip()

    def _ids(self, text: str) -> list[int]:
        """Without tokens that mean something: they are taken for words neither in questions nor in answers."""
        ids = self.language.encode(text, add_special_tokens=False).ids
        return [token for token in ids if token not in (self.padding, self.end)]

    def _batch(self, prompts: Sequence[str], ids: Tensor, mask: Tensor, labels: Tensor) -> Batch:
        inner = self.instruction - 2  # the last words are kept: they hold the question
        found = [self.query.encode(prompt, add_special_tokens=False).ids[-inner:] for prompt in prompts]
        query_ids, query_mask = padded([[self._first, *row, self._last] for row in found], QUERY_PADDING)
        return Batch(query_ids, query_mask, ids, mask, labels, self.padding, self.end)


def _id(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token}")
    return found

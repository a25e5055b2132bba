"""Words of the family geopix: how questions are put, how they and their answers become ids, and what was said.

GeoPix (arXiv 2501.06828) speaks as Vicuna does, names the task before the question, and says six tokens where it means an
object: “Sure, it is [SEG0][SEG1][SEG2][SEG3][SEG4][SEG5]”. Knows text only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

SYSTEM = (
    "A chat between a curious human and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
    "polite answers to the human's questions."
)
TAGS = {"segment": "[segment]", "ground": "[refer]", "describe": "[caption]", "ask": "[Visual Question Answering]"}
IMAGE, FIRST, END, PADDING = "<image>", "<s>", "</s>", "<pad>"
SEGS = ("[SEG0]", "[SEG1]", "[SEG2]", "[SEG3]", "[SEG4]", "[SEG5]")
IGNORED = -100  # label of a token that is not learnt


_MEANT = re.compile("|".join(map(re.escape, (IMAGE, FIRST, END, PADDING, *SEGS))))  # no words of a question


def put(question: str, task: str | None = None) -> str:
    """The whole prompt. task: one of TAGS; None for a question that has its tag or needs none.

    Tokens of the model's own in a question are left out: it would take them for a second picture, or for its end.
    """
    question = _MEANT.sub(" ", question)
    tagged = f"{TAGS[task]} {question}" if task else question
    return f"{SYSTEM} USER: {IMAGE}\n{tagged} ASSISTANT:"


@dataclass(frozen=True)
class Batch:
    """ids, mask, labels: (batch, tokens); labels are -100 where nothing is learnt. padding, end: ids of these tokens."""

    ids: Tensor
    mask: Tensor
    labels: Tensor
    padding: int
    end: int

    def to(self, device: str | torch.device) -> Batch:
        ids, mask, labels = (tensor.to(device) for tensor in (self.ids, self.mask, self.labels))
        return Batch(ids, mask, labels, self.padding, self.end)


class Words:
    """tokenizer: Vicuna's, with <image>, <pad> and the six tokens. tokens: how many stand for a picture."""

    def __init__(self, tokenizer: Tokenizer, tokens: int) -> None:
        """Raises ValueError where a token is missing."""
        self.tokenizer, self.tokens = tokenizer, tokens
        self.image, self.first, self.end, self.padding = (
            _id(tokenizer, token) for token in (IMAGE, FIRST, END, PADDING)
        )
        one, two, three, four, five, six = (_id(tokenizer, token) for token in SEGS)
        self.segs = one, two, three, four, five, six

    def questions(self, prompts: Sequence[str]) -> Batch:
        """To be answered: padded on the left. prompts: of `put`."""
        rows = [torch.tensor(self._prompt(prompt)) for prompt in prompts]
        return self._batch(rows, [torch.full_like(row, IGNORED) for row in rows], "left")

    def lessons(self, prompts: Sequence[str], answers: Sequence[str]) -> Batch:
        """To learn from: each answer and its end directly after its prompt, padded on the right."""
        rows, labels = [], []
        for prompt, answer in zip(prompts, answers, strict=True):
            learnt = [
                token for token in self._ids(answer) if token not in (self.image, self.first, self.padding, self.end)
            ]
            asked, said = self._prompt(prompt), [*learnt, self.end]
            rows.append(torch.tensor(asked + said))
            labels.append(torch.tensor([IGNORED] * len(asked) + said))
        return self._batch(rows, labels, "right")

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def _prompt(self, prompt: str) -> list[int]:
        found = [self.first, *self._ids(prompt)]
        return [token for one in found for token in [one] * (self.tokens if one == self.image else 1)]

    def _batch(self, rows: list[Tensor], labels: list[Tensor], side: str) -> Batch:
        ids, mask, learnt = (
            pad_sequence(tensors, batch_first=True, padding_value=value, padding_side=side)
            for tensors, value in (
                (rows, self.padding),
                ([torch.ones_like(row) for row in rows], 0),
                (labels, IGNORED),
            )
        )
        return Batch(ids, mask, learnt, self.padding, self.end)


def _id(tokenizer: Tokenizer, token: str) -> int:
    found = tokenizer.token_to_id(token)
    if found is None:
        raise ValueError(f"the tokenizer has no {token}")
    return found

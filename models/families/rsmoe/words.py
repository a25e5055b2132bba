"""Words of the family rsmoe: what experts are asked, and how their drafts are put together for the one who merges them.

RS-MoE (arXiv 2411.01595) splits the description of a picture into its theme, its objects and their relations. The sentences
are ours: the paper's are not released. Knows text only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.one_picture.words import Batch, Form, PictureWords
from rsvlm.models.parts.language import IMAGE, padded

EXPERTS = ("theme", "object", "relation")
INSTRUCTIONS = {
    "theme": "Name the theme of this image: what kind of place it shows.",
    "object": "Name the objects in this image, with their number, size and colour.",
    "relation": "Say where in this image the objects are and how they lie to each other.",
}
LABELS = {"theme": "Theme:", "object": "Objects:", "relation": "Relations:"}
FIRST = "{begin}{picture}\n{question}\nAnswer:"
PART = "{instruction} The task: {question}"

Parts = tuple[str, str, str]  # what the three experts say


@dataclass(frozen=True)
class Merge:
    """words: picture, drafts and question, perhaps with an answer. drafts: (batch, length), which draft a token is of,
    counted from 1; 0 for all others.
    """

    words: Batch
    drafts: Tensor

    def to(self, device: str | torch.device) -> Merge:
        return Merge(self.words.to(device), self.drafts.to(device))


@dataclass(frozen=True)
class Lessons:
    """Of the second stage. asked: the questions alone; parts: three rows for each picture, one for each expert; merge: the
    drafts as they should be, and the answer.
    """

    asked: Batch
    parts: Batch
    merge: Merge

    def to(self, device: str | torch.device) -> Lessons:
        return replace(self, asked=self.asked.to(device), parts=self.parts.to(device), merge=self.merge.to(device))


class Words(PictureWords):
    """slots: words that the router writes for each expert. The rest as for PictureWords."""

    def __init__(self, tokenizer: Tokenizer, form: Form, picture: int, answer: int, slots: int) -> None:
        super().__init__(tokenizer, form, picture, answer)
        self.slots = slots

    @property
    def longest_instruction(self) -> int:
        """Tokens that an expert reads beyond the question, or the one who merges beyond drafts and question."""
        experts = max(len(self.ids(PART.replace("{instruction}", text))) for text in INSTRUCTIONS.values())
        return max(experts + self.slots, sum(len(self.ids(f"\n{label}")) for label in LABELS.values()))

    def asked(self, questions: Sequence[str]) -> Batch:
        """The questions alone, for the router."""
        return self.unlearnt([[self.begin, *self.ids(question)] for question in questions])

    def parts(self, questions: Sequence[str]) -> Batch:
        """To be answered by the experts: three rows for each question. The router's words stand behind the picture."""
        rows = [self._part(name, question, None)[0] for question in questions for name in EXPERTS]
        return self.unlearnt(rows, left=True)

    def merge(self, questions: Sequence[str], drafts: Sequence[Parts]) -> Merge:
        """To be answered by the one who has read all drafts."""
        rows = [self._merged(question, parts, None) for question, parts in zip(questions, drafts, strict=True)]
        words = self.unlearnt([ids for ids, _, _ in rows], left=True)
        return Merge(words, padded([owners for _, _, owners in rows], 0, left=True)[0])

    def learn_parts(self, questions: Sequence[str], answers: Sequence[str], parts: Sequence[Parts]) -> Lessons:
        """To learn from in the second stage. parts: what the experts should have said of each picture."""
        every = list(zip(questions, answers, parts, strict=True))
        experts = [
            self._part(name, question, said)
            for question, _, three in every
            for name, said in zip(EXPERTS, three, strict=True)
        ]
        rows = [self._merged(question, three, answer) for question, answer, three in every]
        merge = Merge(self.learnt([row[:2] for row in rows]), padded([row[2] for row in rows], 0)[0])
        return Lessons(self.asked(questions), self.learnt(experts), merge)

    def _part(self, name: str, question: str, answer: str | None) -> tuple[list[int], list[int]]:
        put = PART.replace("{instruction}", INSTRUCTIONS[name]).replace("{question}", question)
        return self.turn(FIRST, put, answer, self.picture + self.slots)

    def _merged(self, question: str, drafts: Parts, answer: str | None) -> tuple[list[int], list[int], list[int]]:
        """ids, labels, and which draft each is of."""
        ids = [self.begin, *[IMAGE] * self.picture]
        owners = [0] * len(ids)
        for number, (name, draft) in enumerate(zip(EXPERTS, drafts, strict=True), start=1):
            label, said = self.ids(f"\n{LABELS[name]}"), self.ids(draft)
            ids += label + said
            owners += [0] * len(label) + [number] * len(said)
        read, labels = self.turn("\n{question}\nAnswer:", question, answer, 0)
        unlearnt = [-100] * len(ids)
        return ids + read, unlearnt + labels, owners + [0] * len(read)

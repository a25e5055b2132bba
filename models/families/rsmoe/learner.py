"""RS-MoE learning, two stages: captions by one adapter; then the router, with experts that each learn their part of a caption.

A record of the second stage says the parts in its meta: "theme", "object", "relation" (arXiv 2411.01595, section III).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.one_picture.words import Batch
from rsvlm.models.families.rsmoe.files import load_rsmoe, save_rsmoe
from rsvlm.models.families.rsmoe.network import RsMoe
from rsvlm.models.families.rsmoe.words import EXPERTS, Lessons, Words
from rsvlm.models.learning import Example
from rsvlm.models.talking import TalkingLearner, learnt, pixels_of

PARTS = {
    "vision": ("picture.visual_encoder.*",),
    "connector": ("picture.ln_vision.*", "picture.qformer.*", "picture.project.*", "text_moe.*"),
    "router": ("router.*", "silence"),
    "experts": ("language_model.*.down", "language_model.*.up"),
    "language": ("language_model.*",),
}


@dataclass(frozen=True)
class RsMoeLesson:
    """words: of the whole caption. parts: of the experts and what is merged from them, of the pictures (n,) `told`, whose
    records say them; None where none does.
    """

    pixels: Tensor
    words: Batch
    told: Tensor
    parts: Lessons | None
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> RsMoeLesson:
        parts = self.parts and self.parts.to(device)
        moved = {name: getattr(self, name).to(device) for name in ("pixels", "words", "told")}
        return replace(self, **moved, parts=parts)


class RsMoeLearner(TalkingLearner):
    """language: the caption (first stage). drafts, answer, balance: what the experts say, what is merged, and that all are heard
    (second stage).
    """

    objectives = ("language", "drafts", "answer", "balance")

    def __init__(self, card: ModelCard, model: RsMoe, words: Words) -> None:
        longest = model.language_model.config.max_position_embeddings
        super().__init__(card, model, model.config.pixels, longest, PARTS)
        self._model, self._words = model, words
        words.answer = self.longest  # a row that is too long gives way as a whole

    def words(self, examples: Sequence[Example]) -> Batch:
        return self._words.lessons([example.turns[-1:] for example in self.worded(examples)])

    def tokens(self, example: Example) -> int:
        """Of the longest row: of the caption alone, of an expert's part, or of what merges them."""
        rows = super().tokens(example)
        if not _tells_parts(example):
            return rows
        parts = self._parts([example])
        return max(rows, parts.parts.ids.shape[1], parts.merge.words.ids.shape[1])

    def begin(self, wanted: Collection[str]) -> None:
        """Experts begin as what the first stage has learnt."""
        if "drafts" in wanted:
            self._model.start_experts()

    def batch(self, examples: Sequence[Example]) -> RsMoeLesson:
        words, parts = self.words(examples), None
        counts = {"language": learnt(words)}
        told = [row for row, example in enumerate(examples) if _tells_parts(example)]
        if told:
            parts = self._parts([examples[row] for row in told])
            counts |= {"drafts": learnt(parts.parts), "answer": learnt(parts.merge.words), "balance": len(told)}
        return RsMoeLesson(
            pixels_of(examples, 1, self.side)[0], words, torch.tensor(told, dtype=torch.long), parts, counts
        )

    def losses(self, lesson: Any, wanted: Collection[str]) -> dict[str, Tensor]:
        found = {"language": self._model(lesson.pixels, lesson.words)} if "language" in wanted else {}
        if lesson.parts and set(wanted) - {"language"}:
            losses = self._model.losses(lesson.pixels[lesson.told], lesson.parts)
            found |= {"drafts": losses.drafts, "answer": losses.answer, "balance": losses.balance}
        return found

    def _parts(self, examples: Sequence[Example]) -> Lessons:
        asked, answers = zip(*(example.turns[-1] for example in self.worded(examples)), strict=True)
        theme, thing, lie = ([str(example.meta[name]) for example in examples] for name in EXPERTS)
        return self._words.learn_parts(asked, answers, list(zip(theme, thing, lie, strict=True)))

    def save(self, folder: Path) -> None:
        save_rsmoe(folder, self._model, self._words)


def _tells_parts(example: Example) -> bool:
    return set(EXPERTS) <= set(example.meta)


def learn(card: ModelCard) -> RsMoeLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return RsMoeLearner(card, *load_rsmoe(card.folder, card.id, card.mend))

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
from rsvlm.models.parts.language import IGNORED
from rsvlm.models.talking import TalkingLearner, pixels_of

PARTS = {
    "vision": ("picture.visual_encoder.*",),
    "connector": ("picture.ln_vision.*", "picture.qformer.*", "picture.project.*", "text_moe.*"),
    "router": ("router.*", "silence"),
    "experts": ("language_model.*.down", "language_model.*.up"),
    "language": ("language_model.*",),
}


@dataclass(frozen=True)
class RsMoeLesson:
    """words: of the whole caption; parts: of the experts and what is merged from them, where the records say them."""

    pixels: Tensor
    words: Batch
    parts: Lessons | None
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> RsMoeLesson:
        parts = self.parts and self.parts.to(device)
        return replace(self, pixels=self.pixels.to(device), words=self.words.to(device), parts=parts)


class RsMoeLearner(TalkingLearner):
    """language: the caption (first stage). drafts, answer, balance: what the experts say, what is merged, and that all are heard
    (second stage).
    """

    objectives = ("language", "drafts", "answer", "balance")

    def __init__(self, model: RsMoe, words: Words) -> None:
        longest = model.language_model.config.max_position_embeddings
        super().__init__(model, model.config.pixels, longest, PARTS)
        self._model, self._words = model, words

    def words(self, examples: Sequence[Example]) -> Batch:
        return self._words.lessons([example.turns[-1:] for example in examples])

    def begin(self, wanted: Collection[str]) -> None:
        """Experts begin as what the first stage has learnt."""
        if "drafts" in wanted:
            self._model.start_experts()

    def batch(self, examples: Sequence[Example]) -> RsMoeLesson:
        words, parts = self.words(examples), None
        counts = {"language": _learnt(words)}
        if all(set(EXPERTS) <= set(example.meta) for example in examples):
            said = [tuple(str(example.meta[name]) for name in EXPERTS) for example in examples]
            asked, answers = zip(*(example.turns[-1] for example in examples), strict=True)
            parts = self._words.learn_parts(asked, answers, [(theme, thing, lie) for theme, thing, lie in said])
            counts |= {"drafts": _learnt(parts.parts), "answer": _learnt(parts.merge.words), "balance": len(examples)}
        return RsMoeLesson(pixels_of(examples, 1, self.side)[0], words, parts, counts)

    def losses(self, lesson: Any, wanted: Collection[str]) -> dict[str, Tensor]:
        found = {"language": self._model(lesson.pixels, lesson.words)} if "language" in wanted else {}
        if lesson.parts and set(wanted) - {"language"}:
            losses = self._model.losses(lesson.pixels, lesson.parts)
            found |= {"drafts": losses.drafts, "answer": losses.answer, "balance": losses.balance}
        return found

    def save(self, folder: Path) -> None:
        save_rsmoe(folder, self._model, self._words)


def _learnt(words: Batch) -> int:
    return int((words.labels != IGNORED).sum())


def learn(card: ModelCard) -> RsMoeLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return RsMoeLearner(*load_rsmoe(card.folder, card.id, card.mend))

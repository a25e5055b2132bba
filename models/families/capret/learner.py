"""RS-CapRet learning as FROMAGe does: captions, the words up to [RET], and pictures and texts that find each other."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.capret.files import load_capret, save_capret
from rsvlm.models.families.capret.network import CapRet
from rsvlm.models.families.capret.words import Batch, Words
from rsvlm.models.learning import Example
from rsvlm.models.talking import TalkingLearner, WordsLesson, pixels_of
from rsvlm.models.wording import answer_of

PARTS = {
    "vision": ("visual_model.*",),
    "connector": ("visual_embeddings.*",),
    "heads": ("visual_fc.*", "text_fc.*", "logit_scale"),
    "token": ("retrieval_token.*",),
    "language": ("lm.*",),
}


class CapRetLearner(TalkingLearner):
    """language: the caption behind a picture; retrieval: its words alone, with [RET]; contrastive: both find their partner."""

    objectives = ("language", "retrieval", "contrastive")

    def __init__(self, card: ModelCard, model: CapRet, words: Words) -> None:
        longest = model.config.caption + model.config.prefix
        super().__init__(card, model, model.visual_model.config.image_size, longest, PARTS)
        self._model, self._words = model, words
        self.ahead = model.config.prefix

    def tokens(self, example: Example) -> int:
        """Of the whole caption, which Words would cut."""
        return self.ahead + int(self._words.texts([answer_of(example)]).ids.shape[1])

    def words(self, examples: Sequence[Example]) -> Batch:
        return self._words.captions([answer_of(example) for example in examples])

    def batch(self, examples: Sequence[Example]) -> WordsLesson:
        words = self.words(examples)
        read, rows = int(words.mask.sum()), len(examples)
        said = read - rows if self._model.config.released else read  # without what stands for [RET]
        counts = {"language": said, "retrieval": read - rows, "contrastive": rows}
        return WordsLesson(pixels_of(examples, 1, self.side), words, counts)

    def losses(self, lesson: Any, wanted: Collection[str]) -> dict[str, Tensor]:
        found = self._model.losses(lesson.pixels[0], lesson.words)
        return {
            "language": found.caption,
            "retrieval": found.retrieval,
            "contrastive": (found.images + found.texts) / 2,
        }

    def settle(self) -> None:
        self._model.settle()

    def save(self, folder: Path) -> None:
        save_capret(folder, self._model, self._words)


def learn(card: ModelCard) -> CapRetLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return CapRetLearner(card, *load_capret(card.folder, card.id, card.mend))

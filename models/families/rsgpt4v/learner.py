"""RS-GPT4V learning: see one_picture/learner.py. Adapters of LoRA are the part "adapters", a mixture of them "experts"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.one_picture.learner import OnePictureLearner
from rsvlm.models.families.rsgpt4v.files import load_rsgpt4v, save_rsgpt4v
from rsvlm.models.learning import Example
from rsvlm.models.parts.clip_pixels import in_square
from rsvlm.models.talking import WordsLesson, learnt, pixels_of

PARTS = {
    "vision": ("vision_tower.*",),
    "connector": ("multi_modal_projector.*",),
    "language": ("language_model.*",),
    "experts": ("language_model.*.down", "language_model.*.up", "language_model.*.gate.weight"),
}


class RsGpt4vLearner(OnePictureLearner):
    """Pictures are filled up to squares, as those are that the model is asked about."""

    def batch(self, examples: Sequence[Example]) -> WordsLesson:
        """Raises as pixels_of does."""
        words = self.words(examples)
        squares = [replace(example, pictures=tuple(map(in_square, example.pictures))) for example in examples]
        return WordsLesson(pixels_of(squares, self.dates, self.side), words, {"language": learnt(words)})


def learn(card: ModelCard) -> RsGpt4vLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return RsGpt4vLearner(card, *load_rsgpt4v(card.folder, card.id, card.mend), save_rsgpt4v, PARTS)

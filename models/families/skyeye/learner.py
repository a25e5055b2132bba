"""SkyEyeGPT learning: every answer of a conversation, under its task's tag; the projection and its own adapters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.skyeye.files import load_skyeye, save_skyeye
from rsvlm.models.families.skyeye.network import SkyEye
from rsvlm.models.families.skyeye.words import Batch, Words, put
from rsvlm.models.learning import Example
from rsvlm.models.talking import TalkingLearner

PARTS = {
    "vision": ("visual_encoder.*",),
    "norm": ("ln_vision.*",),
    "connector": ("llama_proj.*",),
    "language": ("llama_model.*",),
}


class SkyEyeLearner(TalkingLearner):
    def __init__(self, card: ModelCard, model: SkyEye, words: Words) -> None:
        super().__init__(card, model, model.config.pixels, model.llama_model.config.max_position_embeddings, PARTS)
        self._model, self._words = model, words
        words.answer = self.longest  # a row that is too long gives way as a whole

    def words(self, examples: Sequence[Example]) -> Batch:
        return self._words.lessons(
            [[(put(asked), said) for asked, said in example.turns] for example in self.worded(examples)]
        )

    def save(self, folder: Path) -> None:
        save_skyeye(folder, self._model, self._words)


def learn(card: ModelCard) -> SkyEyeLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return SkyEyeLearner(card, *load_skyeye(card.folder, card.id, card.mend))

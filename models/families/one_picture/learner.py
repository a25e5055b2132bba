"""The families gaia and rsgpt4v learning: every answer of a conversation about a picture is learnt."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.one_picture.words import Batch, PictureWords
from rsvlm.models.learning import Example
from rsvlm.models.talking import TalkingLearner

Save = Callable[[Path, Any, Any], None]  # a folder, the model and its words


class OnePictureLearner(TalkingLearner):
    """model: one of these families; save: how it is written. Of a model that knows of one turn alone, the last one is learnt."""

    def __init__(
        self, card: ModelCard, model: Any, words: PictureWords, save: Save, parts: Mapping[str, tuple[str, ...]]
    ) -> None:
        super().__init__(card, model, model.config.pixels, model.language_model.config.max_position_embeddings, parts)
        self._words, self._save = words, save
        words.answer = self.longest  # a row that is too long gives way as a whole

    def words(self, examples: Sequence[Example]) -> Batch:
        later = bool(self._words.form.later)
        return self._words.lessons(
            [example.turns if later else example.turns[-1:] for example in self.worded(examples)]
        )

    def save(self, folder: Path) -> None:
        self._save(folder, self.network, self._words)

"""DeltaVLM learning: the answer to a question about two dates, earlier turns standing in the question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.deltavlm.files import load_deltavlm, save_deltavlm
from rsvlm.models.families.deltavlm.network import TRAINED_BLOCKS, DeltaVlm
from rsvlm.models.families.deltavlm.words import Batch, Words, put
from rsvlm.models.learning import Example
from rsvlm.models.talking import TalkingLearner

PARTS = {
    "vision": ("visual_encoder.*",),
    "norm": ("ln_vision.*",),
    "difference": ("csrm.*",),
    "connector": ("qformer.*", "llm_proj.*"),
    "language": ("llm_model.*",),
    "masks": ("mask_decoder.*",),
}


class DeltaVlmLearner(TalkingLearner):
    dates = 2

    def __init__(self, card: ModelCard, model: DeltaVlm, words: Words) -> None:
        blocks = len(model.visual_encoder.blocks)
        upper = tuple(f"visual_encoder.blocks.{number}.*" for number in range(blocks - TRAINED_BLOCKS, blocks))
        longest = model.llm_model.config.max_position_embeddings
        super().__init__(card, model, model.config.pixels, longest, {**PARTS, "upper_blocks": upper})
        self._model, self._words = model, words
        words.answer = self.longest  # a row that is too long gives way as a whole
        self.ahead = model.config.queries

    def words(self, examples: Sequence[Example]) -> Batch:
        style, examples = self._model.config.style, self.worded(examples)
        asked = [put(example.turns[-1][0], example.turns[:-1], style) for example in examples]
        return self._words.lessons(asked, [example.turns[-1][1] for example in examples])

    def save(self, folder: Path) -> None:
        save_deltavlm(folder, self._model, self._words)


def learn(card: ModelCard) -> DeltaVlmLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return DeltaVlmLearner(card, *load_deltavlm(card.folder, card.id, card.mend))

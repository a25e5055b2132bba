"""RS-GPT4V learning: see one_picture/learner.py. Adapters of LoRA are the part "adapters", a mixture of them "experts"."""

from __future__ import annotations

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.one_picture.learner import OnePictureLearner
from rsvlm.models.families.rsgpt4v.files import load_rsgpt4v, save_rsgpt4v

PARTS = {
    "vision": ("vision_tower.*",),
    "connector": ("multi_modal_projector.*",),
    "language": ("language_model.*",),
    "experts": ("language_model.*.down", "language_model.*.up", "language_model.*.gate.weight"),
}


def learn(card: ModelCard) -> OnePictureLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return OnePictureLearner(card, *load_rsgpt4v(card.folder, card.id, card.mend), save_rsgpt4v, PARTS)

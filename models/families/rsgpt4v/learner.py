"""RS-GPT4V learning: see one_picture/learner.py. Its adapters, where it has any, are a part of their own."""

from __future__ import annotations

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.one_picture.learner import OnePictureLearner
from rsvlm.models.families.rsgpt4v.files import load_rsgpt4v, save_rsgpt4v

PARTS = {
    "vision": ("vision_tower.*",),
    "connector": ("multi_modal_projector.*",),
    "language": ("language_model.*",),
}


def learn(card: ModelCard) -> OnePictureLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return OnePictureLearner(*load_rsgpt4v(card.folder, card.id, card.mend), save_rsgpt4v, PARTS)

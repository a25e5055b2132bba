"""GAIA's BLIP-2 learning: see one_picture/learner.py."""

from __future__ import annotations

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.gaia.files import load_gaia, save_gaia
from rsvlm.models.families.one_picture.learner import OnePictureLearner

PARTS = {
    "vision": ("picture.visual_encoder.*",),
    "norm": ("picture.ln_vision.*",),
    "connector": ("picture.qformer.*", "picture.project.*"),
    "language": ("language_model.*",),
}


def learn(card: ModelCard) -> OnePictureLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return OnePictureLearner(card, *load_gaia(card.folder, card.id, card.mend), save_gaia, PARTS)

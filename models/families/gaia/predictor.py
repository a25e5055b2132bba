"""GAIA's BLIP-2 at work: see one_picture/predictor.py."""

from __future__ import annotations

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.gaia.files import load_gaia
from rsvlm.models.families.one_picture.predictor import SpeakingPredictor
from rsvlm.models.language_files import kept_in


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> SpeakingPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_gaia(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return SpeakingPredictor(card, model, words, device, engine, cache)

"""RS-GPT4V at work: see one_picture/predictor.py."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.families.one_picture.predictor import SpeakingPredictor
from rsvlm.models.families.rsgpt4v.files import load_rsgpt4v
from rsvlm.models.language_files import kept_in
from rsvlm.models.parts.clip_pixels import in_square


class RsGpt4vPredictor(SpeakingPredictor):
    """A picture keeps its shape, as in LLaVA 1.5's training: what lacks of a square has CLIP's mean colour."""

    def _pixels(self, picture: np.ndarray) -> Tensor:
        return super()._pixels(in_square(picture))


def load(card: ModelCard, device: str, engine: Engine | None = None, cache: Cache | None = None) -> RsGpt4vPredictor:
    """device: "cuda" or "cpu". Large models are kept in half precision. Raises RsvlmError (model_failed)."""
    model, words = load_rsgpt4v(card.folder, card.id, card.mend, kept_in(card.size_bytes))
    return RsGpt4vPredictor(card, model, words, device, engine, cache)

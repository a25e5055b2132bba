"""From a card to a predictor that answers. Imports torch."""

from __future__ import annotations

import torch

from rsvlm.models.cards import ModelCard
from rsvlm.models.predictors.compact import CompactPredictor
from rsvlm.models.weights import load_compact
from rsvlm.protocol import RsvlmError

DEVICES = ("auto", "cpu", "cuda")


def pick_device(device: str = "auto") -> str:
    """ "cuda" or "cpu". Raises RsvlmError: unavailable when a GPU is asked for and there is none, bad_request."""
    if device not in DEVICES:
        raise RsvlmError("bad_request", f"There is no device “{device}”.", f"Choose one of {', '.join(DEVICES)}.")
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cuda" and not torch.cuda.is_available():
        raise RsvlmError(
            "unavailable", "No CUDA device was found.", "Choose the device “auto” or “cpu”, or install the GPU build."
        )
    return device


def load_model(card: ModelCard, device: str = "auto") -> CompactPredictor:
    """The predictor of a card's model. Raises RsvlmError when weights are missing or broken."""
    if card.family != "compact":
        raise RsvlmError("unknown_model", f"The family “{card.family}” of {card.id} is not known.", "Update rsvlm.")
    if not card.verify():
        raise RsvlmError("model_failed", f"The weights of {card.id} are missing or altered.", "Install rsvlm again.")
    model, tokenizer = load_compact(card.folder)
    return CompactPredictor(card, model, tokenizer, pick_device(device))

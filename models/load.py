"""From a card to a predictor that answers, and where it runs. Imports torch."""

from __future__ import annotations

import shutil
from importlib import import_module

import torch

from rsvlm.models.cache import Cache
from rsvlm.models.cards import ModelCard
from rsvlm.models.engine import Engine
from rsvlm.models.predictors.abilities import Predictor
from rsvlm.protocol import RsvlmError

DEVICES = ("auto", "cpu", "cuda")
# Each is a folder of families/ with predictor.load(card, device, engine, cache); only what is asked for is imported.
FAMILIES = (
    "capret", "compact", "deltavlm", "gaia", "geoclip", "geopix", "huggingface", "mmodalcc", "rsgpt4v", "rsmoe", "skyeye",
)  # fmt: skip


def pick_device(device: str = "auto") -> str:
    """ "cuda" or "cpu". Raises RsvlmError: unavailable when a GPU is asked for and there is none, bad_request."""
    if device not in DEVICES:
        raise RsvlmError("bad_request", f"There is no device “{device}”.", f"Choose one of {', '.join(DEVICES)}.")
    if device == "auto":
        return "cuda" if cuda_works() else "cpu"
    if device == "cuda" and not cuda_works():
        raise RsvlmError(
            "unavailable", "No CUDA device was found.", "Choose the device “auto” or “cpu”, or install the GPU build."
        )
    return device


def cuda_works() -> bool:
    """Whether something can be put on a GPU: a driver may be there that does not fit."""
    try:
        return torch.cuda.is_available() and bool(torch.ones(1, device="cuda").item())
    except RuntimeError:
        return False


def fallback_note(device: str) -> str | None:
    """Why models run on the CPU although "auto" would take the GPU of this machine; None where that is not so."""
    if device == "auto" and torch.backends.mps.is_available():
        return "Models run on the CPU: Apple's graphics are not used in this version."
    if device != "auto" or shutil.which("nvidia-smi") is None or cuda_works():
        return None
    if torch.version.cuda is None:
        return "Models run on the CPU: there is an NVIDIA GPU, but the installed torch is the build for CPUs."
    return "Models run on the CPU: there is an NVIDIA GPU, but CUDA could not be started; its driver may be too old."


def load_model(
    card: ModelCard, device: str = "auto", engine: Engine | None = None, cache: Cache | None = None
) -> Predictor:
    """The predictor of a card's model. Raises RsvlmError when weights are missing or broken."""
    if card.family not in FAMILIES:
        raise RsvlmError("unknown_model", f"The family “{card.family}” of {card.id} is not known.", "Update rsvlm.")
    if not card.verify():
        raise RsvlmError("model_failed", f"The weights of {card.id} are missing or altered.", card.mend)
    family = import_module(f"rsvlm.models.families.{card.family}.predictor")
    predictor: Predictor = family.load(card, pick_device(device), engine, cache)
    return predictor

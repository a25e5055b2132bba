"""From a folder to a model of transformers that answers: looked through first, read without the hub, and whole.

Knows files; nothing of pictures or questions.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import constants
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForImageTextToText
from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

from rsvlm.models.families.huggingface.network import HuggingFace
from rsvlm.models.families.huggingface.processors import LOCAL, load_processor
from rsvlm.models.ladder import shortage
from rsvlm.models.safety import check_folder, read_config
from rsvlm.protocol import RsvlmError

logger = logging.getLogger(__name__)

LARGE = 10**9  # numbers from which a model is kept in half precision
OFFLINE = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
# What transformers raises for files that are missing, broken, or of another model.
BROKEN = (OSError, ValueError, KeyError, TypeError, AttributeError, ImportError, RuntimeError, SafetensorError)


@contextmanager
def offline() -> Iterator[None]:
    """Nothing is asked of the hub meanwhile, whatever a configuration names."""
    before = {name: os.environ.get(name) for name in OFFLINE}
    was = constants.HF_HUB_OFFLINE
    os.environ.update(dict.fromkeys(OFFLINE, "1"))
    constants.HF_HUB_OFFLINE = True  # read from the environment only when the library is imported
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = was
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def architecture_of(folder: Path, name: str, mend: str) -> str:
    """As its configuration names it. Raises RsvlmError (model_failed) for one that is missing, broken or refused."""
    return str(read_config(folder / "config.json", name, mend).get("model_type"))


def not_of_this_kind(architecture: str, name: str, mend: str) -> None:
    """Raises RsvlmError (model_failed) for an architecture that transformers does not ask about images."""
    if architecture not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        raise RsvlmError(
            "model_failed", f"The model {name} does not answer about images: it is a “{architecture[:60]}”.", mend
        )


def load_huggingface(
    folder: Path, name: str = "this model", mend: str = "Get it again.", dtype: torch.dtype = torch.float32
) -> HuggingFace:
    """Raises RsvlmError (model_failed): what names code or an unknown architecture, is broken, or has not all its weights."""
    check_folder(folder, name, mend)
    architecture = architecture_of(folder, name, mend)
    not_of_this_kind(architecture, name, mend)
    if not any(folder.glob("*.safetensors")):
        raise RsvlmError("model_failed", f"The model {name} has no weights as safetensors.", mend)
    try:
        with offline():
            config = AutoConfig.from_pretrained(folder, **LOCAL)  # nosec B615 # from a folder
            processor = load_processor(folder, config, name, mend)
            network, told = AutoModelForImageTextToText.from_pretrained(  # nosec B615 # from a folder
                folder,
                config=config,
                dtype=dtype,
                use_safetensors=True,
                ignore_mismatched_sizes=True,
                output_loading_info=True,
                **LOCAL,
            )
            model = HuggingFace(network, processor)
    except BROKEN as error:
        if shortage(error, "cpu"):
            raise
        logger.warning("%s cannot be loaded", name, exc_info=error)
        raise RsvlmError(
            "model_failed", f"The files of the model {name} are broken or do not fit together.", mend
        ) from error
    refuse_parts(told, name, mend)
    return model


def refuse_parts(told: dict[str, Any], name: str, mend: str) -> None:
    """told: what transformers says of the weights that it read. Raises RsvlmError (model_failed) unless all were there."""
    lacking = sorted([*told["missing_keys"], *(key[0] for key in told["mismatched_keys"])])
    if lacking:
        raise RsvlmError(
            "model_failed", f"The model {name} lacks {len(lacking)} of its weights, {lacking[0]} among them.", mend
        )

"""RS-MoE on disk. It has no released weights; a checkpoint of InstructBLIP or BLIP-2 (as LAVIS writes them) gives its tower,
its Q-Former and its projection a start by `load_start`. What is imported is a model of ours, whole or what was trained of it:
what that leaves out lies in folders beside it, visual_encoder/ (eva_vit_g.pth) and language_model/ (LLaMA 3.2, 1B).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.comparing import compare
from rsvlm.models.families.one_picture.files import Layout
from rsvlm.models.families.rsmoe.network import RsMoe, RsMoeConfig
from rsvlm.models.families.rsmoe.words import Words
from rsvlm.models.language_files import own_state
from rsvlm.models.parts.adapters import injected_key
from rsvlm.models.parts.queried_picture import our_keys

SEEING = ("picture.visual_encoder.", "picture.ln_vision.", "picture.qformer.")


def _words(config: RsMoeConfig, tokenizer: Tokenizer) -> Words:
    return Words(tokenizer, config.form, config.picture.queries, config.answer, config.slots)


def _ours(official: Mapping[str, Tensor], config: RsMoeConfig) -> dict[str, Tensor]:
    """Layers of the language model's own file lie behind their adapters here."""
    return {
        injected_key(key, config.targets)
        if key.startswith("language_model.") and ".base_layer." not in key
        else key: tensor
        for key, tensor in our_keys(official).items()
    }


def _card(config: RsMoeConfig) -> dict[str, Any]:
    return {
        "tasks": ["describe", "ask"],
        "prompt_template": "{image}\n{question}\nAnswer:",
        "prompts": {"caption": "Please provide a detailed description of this image."},
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.1, 30.0],
            "sensors": ["optical"],
        },
    }


LAYOUT: Layout[RsMoeConfig, RsMoe, Words] = Layout("rsmoe", RsMoeConfig, RsMoe, _words, _ours, "language_model", _card)


def save_rsmoe(folder: Path, model: RsMoe, words: Words) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    LAYOUT.save(folder, model, model.config, words)


def load_rsmoe(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[RsMoe, Words]:
    """The model in evaluation mode, and its words; raises RsvlmError (model_failed). See Layout.load."""
    return LAYOUT.load(folder, name, mend, dtype)


def convert_rsmoe(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A model of ours, with its parts; raises RsvlmError. See Layout.convert."""
    return LAYOUT.convert(folder, found, LAYOUT.configured(folder, RsMoeConfig()))


def load_start(model: RsMoe, found: Mapping[str, Tensor]) -> dict[str, Any]:
    """Put what BLIP-2 has learnt to see into a model that is to be trained: tower, norm and Q-Former.

    Returns a report of their keys; nothing is changed where some are missing or of another shape.
    """
    state = {key: tensor for key, tensor in our_keys(found).items() if key.startswith(SEEING)}
    report = compare(state, {key: tensor for key, tensor in own_state(model).items() if key.startswith(SEEING)})
    if not report["missing"] and not report["other_shape"]:
        model.load_state_dict(state, strict=False)
    return report

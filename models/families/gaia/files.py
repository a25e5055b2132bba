"""GAIA's BLIP-2 on disk, and the way there from BLIP-2's release, on which it is trained; GAIA's own is not released.

BLIP-2's checkpoint (as LAVIS writes it) holds the Q-Former and the projection, some also the tower; what it leaves out lies
in folders beside it: visual_encoder/ (eva_vit_g.pth) and opt_model/ (OPT, 2.7B).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.gaia.network import ASK, CAPTION, Gaia, GaiaConfig
from rsvlm.models.families.one_picture.files import Layout
from rsvlm.models.families.one_picture.words import PictureWords
from rsvlm.models.parts.queried_picture import our_keys

PARTS = ("visual_encoder", "opt_model")  # folders beside a released checkpoint


def _words(config: GaiaConfig, tokenizer: Tokenizer) -> PictureWords:
    return PictureWords(tokenizer, config.form, config.picture.queries, config.answer)


def _ours(official: Mapping[str, Tensor], config: GaiaConfig) -> dict[str, Tensor]:
    """OPT's own file leaves the first part of its keys out."""
    named = our_keys(official)
    inner = "language_model.decoder."
    return {key.replace(inner, "language_model.model.decoder."): tensor for key, tensor in named.items()}


def _card(config: GaiaConfig) -> dict[str, Any]:
    return {
        "tasks": ["describe", "ask"],
        "prompt_template": "{image}{question}",
        "prompts": {"caption": CAPTION, "vqa": ASK},
        "box_convention": "none",
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.3, 1000.0],
            "sensors": ["optical"],
        },
    }


LAYOUT: Layout[GaiaConfig, Gaia, PictureWords] = Layout("gaia", GaiaConfig, Gaia, _words, _ours, PARTS[1], _card)


def save_gaia(folder: Path, model: Gaia, words: PictureWords) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    LAYOUT.save(folder, model, model.config, words)


def load_gaia(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[Gaia, PictureWords]:
    """The model in evaluation mode, and its words; raises RsvlmError (model_failed). See Layout.load."""
    return LAYOUT.load(folder, name, mend, dtype)


def convert_gaia(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """BLIP-2's checkpoint with its parts, or a model of ours; raises RsvlmError. See Layout.convert."""
    return LAYOUT.convert(folder, found, LAYOUT.configured(folder, GaiaConfig()))

"""RS-GPT4V on disk, and the way there from LLaVA's releases, on which it is trained; its own weights are not released.

Read are LLaVA's checkpoints as its authors and as transformers write them, and what LLaVA's training with LoRA leaves: the
adapter and the projection (see releases.py). What a checkpoint leaves out lies in folders beside it: vision_tower/ (CLIP) and
language_model/ (Vicuna).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from rsvlm.models.families.one_picture.files import Layout
from rsvlm.models.families.one_picture.words import PictureWords
from rsvlm.models.families.rsgpt4v.network import RsGpt4v, RsGpt4vConfig
from rsvlm.models.families.rsgpt4v.release import is_llava, llava_config
from rsvlm.models.parts.adapters import WRAPPED, injected_key, is_adapter

PARTS = ("vision_tower", "language_model")  # folders beside a released checkpoint
_RULES = (
    (r"^model\.(?=vision_tower\.|mm_projector\.|multi_modal_projector\.)", ""),
    (r"^vision_tower\.(vision_tower\.)?(vision_model\.)?", "vision_tower."),
    (r"^mm_projector\.0\.", "multi_modal_projector.linear_1."),
    (r"^mm_projector\.2\.", "multi_modal_projector.linear_2."),
    (r"^model\.language_model\.", "language_model.model."),
    (r"^(?=(model\.(layers|embed_tokens|norm)|lm_head)\.)", "language_model."),
)
# CLIP's side of words, and what is computed: of no use here.
_UNREAD = re.compile(
    r"^vision_tower\.(text_model|text_projection|visual_projection|logit_scale)\b|\.position_ids$|\.inv_freq$"
)


def ours(official: Mapping[str, Tensor], config: RsGpt4vConfig) -> dict[str, Tensor]:
    """The tensors under our keys; keys that nobody knows stay as they are."""
    found = {}
    for key, tensor in official.items():
        name = key.removeprefix(WRAPPED)
        for pattern, own in _RULES:
            name = re.sub(pattern, own, name)
        if name.startswith("language_model.") and not (
            ".base_layer." in name or ".lora_A.d" in name or ".lora_B.d" in name
        ):
            name = _adapted(name, config)
        if not _UNREAD.search(name):
            found[name] = tensor
    return found


def _adapted(name: str, config: RsGpt4vConfig) -> str:
    """A weight of the language model by the name that it has behind its adapters."""
    if config.tuning == "full" or name.endswith((".down", ".up", ".gate.weight")):
        return name
    return injected_key(name, config.targets)


def _words(config: RsGpt4vConfig, tokenizer: Tokenizer) -> PictureWords:
    return PictureWords(tokenizer, config.form, config.picture, config.answer)


def _card(config: RsGpt4vConfig) -> dict[str, Any]:
    return {
        "tasks": ["describe", "ask"],
        "prompt_template": config.form.first.replace("{picture}", "{image}").replace("{begin}", ""),
        "prompts": {"caption": "Briefly describe this image."},
        "box_convention": "none",
        "dialogue": True,
        "input": {
            "bands": "red, green, blue",
            "pixels": config.pixels,
            "gsd_range_m": [0.1, 30.0],
            "sensors": ["optical"],
        },
    }


LAYOUT: Layout[RsGpt4vConfig, RsGpt4v, PictureWords] = Layout(
    "rsgpt4v", RsGpt4vConfig, RsGpt4v, _words, ours, PARTS[1], _card
)


def save_rsgpt4v(folder: Path, model: RsGpt4v, words: PictureWords) -> None:
    """Write everything into `folder`, replacing what is there; the weights in the precision that they have."""
    LAYOUT.save(folder, model, model.config, words)


def load_rsgpt4v(
    folder: Path, name: str = "", mend: str = "Install it again.", dtype: torch.dtype = torch.float32
) -> tuple[RsGpt4v, PictureWords]:
    """The model in evaluation mode, and its words; raises RsvlmError (model_failed). See Layout.load."""
    return LAYOUT.load(folder, name, mend, dtype)


def convert_rsgpt4v(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """A checkpoint of LLaVA with its parts, or a model of ours; raises RsvlmError. See Layout.convert.

    Without a configuration of ours it is what the release says of itself, with LoRA where there is an adapter.
    """
    start = llava_config(folder, any(is_adapter(key) for key in found))
    return LAYOUT.convert(folder, found, start if is_llava(folder) else LAYOUT.configured(folder, start))

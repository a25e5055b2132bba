"""What a release of LLaVA says of itself: the sizes of its two networks, and how an adapter was trained.

Read are config.json as LLaVA's authors and as transformers write it, that of CLIP in vision_tower/, and adapter_config.json of
peft. Knows files; nothing of tensors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from rsvlm.models.families.rsgpt4v.network import RsGpt4vConfig
from rsvlm.models.language_files import CONFIG, LEFT_OUT
from rsvlm.models.parts.known_sizes import clip_large, llama_7b
from rsvlm.models.safety import read_config
from rsvlm.protocol import RsvlmError

ADAPTER = "adapter_config.json"
AGAIN = "Get the folder again, as it was released."
# What the authors' one configuration says of the language model, in transformers' words.
_LANGUAGE = (
    "vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
    "hidden_act", "max_position_embeddings", "rms_norm_eps", "rope_theta", "rope_scaling", "tie_word_embeddings",
)  # fmt: skip
_VISION = (
    "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "patch_size", "image_size",
    "projection_dim", "hidden_act", "layer_norm_eps",
)  # fmt: skip


def is_llava(folder: Path) -> bool:
    """Whether config.json is a release's: one of ours names no architecture. Raises RsvlmError (model_failed)."""
    return "model_type" in _read(folder / CONFIG)


def llava_config(folder: Path, adapted: bool) -> RsGpt4vConfig:
    """The configuration of a release whose texts are in `folder`; LLaVA 1.5's where they say nothing.

    adapted: there is an adapter. Raises RsvlmError (model_failed) for texts that are broken or of another kind of model.
    """
    told = _read(folder / CONFIG)
    fields: dict[str, Any] = {"tuning": "lora" if adapted else "full"}
    tower = _read(folder / "vision_tower" / CONFIG)
    text = _part(told, "text_config")
    if text:  # as transformers writes it
        fields["language"] = {"model_type": "llama"} | {key: text[key] for key in text if key not in LEFT_OUT}
        fields["layer"] = told.get("vision_feature_layer", -2)
        tower = tower or told
    else:
        fields["language"] = llama_7b(32000) | _said(told, _LANGUAGE)
        fields["layer"] = told.get("mm_vision_select_layer", -2)
    fields["vision"] = clip_large(336) | _said(_part(tower, "vision_config") or tower, _VISION)
    if adapted:
        fields |= _adapter(_read(folder / ADAPTER))
    try:
        return TypeAdapter(RsGpt4vConfig).validate_python(asdict(RsGpt4vConfig()) | fields)
    except ValueError as error:
        raise RsvlmError("model_failed", "What the release says of itself is not LLaVA’s.", AGAIN) from error


def _adapter(told: Mapping[str, Any]) -> dict[str, Any]:
    unread = [key for key in ("use_dora", "use_rslora", "rank_pattern", "alpha_pattern") if told.get(key)]
    if unread:
        raise RsvlmError(
            "model_failed",
            f"The adapter is of a kind that is not read: its {ADAPTER} says {unread[0]}.",
            "Merge the adapter into its model, and import that.",
        )
    names = {"r": "rank", "lora_alpha": "alpha", "target_modules": "targets", "lora_dropout": "dropout"}
    return {own: told[key] for key, own in names.items() if key in told}


def _said(told: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: told[key] for key in keys if told.get(key) is not None}


def _part(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    """Nothing where there is no such file."""
    return read_config(path, "to import", AGAIN) if path.is_file() else {}

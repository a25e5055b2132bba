"""Weights of the bundled family from a training run or a folder, as a model of its own. Knows files; nothing of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from rsvlm.models.cards import get_card
from rsvlm.models.comparing import compare
from rsvlm.models.families.compact.network import Compact
from rsvlm.models.weights import TIED, WEIGHTS, halved, load_compact, read_compact_config

# What a model with masks can do besides, and how it is asked: a question begins with the token of its task.
WITH_MASKS = {
    "tasks": ["describe", "ask", "segment", "ground", "classify", "localize", "change", "change_ask", "change_masks"],
    "prompts": {
        "caption": "<caption>",
        "vqa": "<ask> {text}",
        "refer": "<ground> {text}",
        "change": "<ask> Describe the changes between the two dates.",
        "change_ask": "<ask> {text}",
    },
    "boxes": "percent",
    "box_convention": "{<x0><y0><x1><y1>}, percent of the sides",
}


def convert_compact(folder: Path, found: dict[str, Tensor]) -> dict[str, Any]:
    """Checkpoints of the trainer hold the model inside its lessons, and these inside their average."""
    config = read_compact_config(folder, "to import", "Give the one that the weights were trained with.")
    ours = {key.removeprefix("module.").removeprefix("model."): tensor for key, tensor in found.items()}
    ours.pop(TIED, None)
    with torch.device("meta"):
        expected = {key: tensor for key, tensor in Compact(config).state_dict().items() if key != TIED}
    report = compare(ours, expected)
    if not report["missing"] and not report["other_shape"]:
        save_file(halved({key: ours[key] for key in expected}), folder / WEIGHTS)
        load_compact(folder)  # what cannot be loaded is not brought in
    like = get_card(None)
    fields = like.model_dump(mode="json", include={"tasks", "prompt_template", "box_convention", "input"})
    numbers = sum(tensor.numel() for tensor in expected.values())
    if config.pixel_width:
        fields |= WITH_MASKS
    known = {phrase: [name for name in names if name in config.scenes] for phrase, names in like.groups.items()}
    fields |= {
        "scenes": {name: like.scenes.get(name, name) for name in config.scenes},
        "groups": {phrase: names for phrase, names in known.items() if names},
        "memory_bytes": 5 * numbers + 64 * 2**20,  # float32, and a quarter more to work with
    }
    return {"report": report, "card": fields}

"""Plays the golden cases of GeoRSCLIP and SkyScript again: what the released code gave, against what this family gives.

Knows the layout of the recorded folders; every size comes from there.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import normalize

from rsvlm.models.families.geoclip.keys import DEVICES, official_keys
from rsvlm.models.families.geoclip.network import GeoClip, GeoClipConfig, class_logits
from rsvlm.models.families.geoclip.words import batch_ids
from rsvlm.models.golden_difference import apart
from rsvlm.models.prompts import class_sentences


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 if equal, else 1."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    inputs, outputs = load_file(case / "inputs.safetensors"), load_file(case / "outputs.safetensors")
    state = load_file(case / "state.safetensors")
    with torch.inference_mode():
        activations = "open_clip_config" in meta
        found = _georsclip(meta, state, inputs) if activations else _skyscript(meta, state, inputs, outputs)
    return {name: apart(tensor, outputs[name]) for name, tensor in found.items()}


def _georsclip(meta: dict[str, Any], state: dict[str, Tensor], inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same weights under both activations."""
    config = GeoClipConfig.from_open_clip(meta["open_clip_config"])
    found = {"tokens": batch_ids(meta["texts"], config.context)}
    for name, quick in (("quickgelu", True), ("gelu", False)):
        model = _model(replace(config, quick_gelu=quick), state)
        images = model.encode_image(inputs["images"])
        classes = model.classes(_sentences(meta["classes"], meta["templates"], config.context), "raw")
        logits = class_logits(normalize(images, dim=-1), classes)
        right = (logits.argmax(dim=1) == inputs["labels"]).double().mean()
        found |= {
            f"{name}_image_features": images,
            f"{name}_image_features_normalized": normalize(images, dim=-1),
            f"{name}_text_features": model.encode_text(found["tokens"]),
            f"{name}_zeroshot_classifier": classes.T,
            f"{name}_zeroshot_logits": logits,
            f"{name}_zeroshot_acc_percent_rounded2": (100 * right).round(decimals=2)[None],
        }
    return found


def _skyscript(
    meta: dict[str, Any], state: dict[str, Tensor], inputs: dict[str, Tensor], outputs: dict[str, Tensor]
) -> dict[str, Tensor]:
    """The trainer's file, whose keys have a prefix, and the bare one."""
    sizes = meta["dims"]
    config = GeoClipConfig(
        quick_gelu=bool(meta["force_quick_gelu"]), embedding=sizes["embed"], pixels=sizes["img"], patch=sizes["patch"],
        width=sizes["vw"], depth=sizes["vl"], head_width=sizes["vh"], text_width=sizes["tw"], text_heads=sizes["th"],
        text_depth=sizes["tl"],
    )  # fmt: skip
    ids = batch_ids(meta["texts"], config.context)
    found = {"tokens": ids}
    for name, prefix in (("train", DEVICES), ("bare", "")):
        model = _model(config, {prefix + key: tensor for key, tensor in state.items()})
        found[f"{name}_image_features"] = model.encode_image(inputs["images"])
        found[f"{name}_text_features"] = model.encode_text(ids)
    images, texts, scale = model(inputs["images"][: len(outputs["forward_image_features"])], ids)
    found |= {"forward_image_features": images, "forward_text_features": texts, "forward_logit_scale": scale[None]}
    for name in outputs:
        data = name.removeprefix("zeroshot_classifier_")
        if data != name:
            templates = [template.replace("{c}", "{}") for template in meta["templates"][data]]
            classes = model.classes(_sentences(meta["classes"], templates, config.context), "unit")
            found[name] = classes.T
            if f"zeroshot_logits_{data}" in outputs:
                unit = normalize(found["bare_image_features"], dim=-1)
                found[f"zeroshot_logits_{data}"] = class_logits(unit, classes)
    return found


def _model(config: GeoClipConfig, state: dict[str, Tensor]) -> GeoClip:
    model = GeoClip(config)
    model.load_state_dict(official_keys(state))
    return model.eval()


def _sentences(classes: Sequence[str], templates: Sequence[str], context: int) -> Tensor:
    """(classes, sentences, context)"""
    return torch.stack([batch_ids(class_sentences(name, templates), context) for name in classes])

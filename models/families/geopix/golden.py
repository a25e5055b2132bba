"""Recorded runs of GeoPix's released code, run again by ours: how far apart the two are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

from rsvlm.models.families.geopix.keys import official_keys, our_key, sizes
from rsvlm.models.families.geopix.network import SEGS, GeoPix, GeoPixConfig, Looked, Targets, resized
from rsvlm.models.families.geopix.words import Batch
from rsvlm.models.golden_difference import apart
from rsvlm.models.golden_weights import det_tensor, det_weight
from rsvlm.models.parts.class_memory import ClassMemory
from rsvlm.models.parts.mask_decoder import LEVELS

LLAVA = ("vision_config", "text_config", "image_token_index", "projector_hidden_act", "vision_feature_layer")


class Dictated(LogitsProcessor):
    """Nothing else can be said than the given ids, from the first call on."""

    def __init__(self, ids: Tensor) -> None:
        self._left = iter(ids.tolist())

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        forced = torch.full_like(scores, -torch.inf)
        forced[:, next(self._left)] = 0
        return forced


def replay(case: Path) -> dict[str, float]:
    """Name of each output -> largest absolute difference; ids: 0 where equal, else 1. case: a folder of golden data."""
    meta = json.loads((case / "meta.json").read_text("utf-8"))
    outputs = load_file(case / "outputs.safetensors")
    with torch.inference_mode():
        found = _recorded(case, meta) if (case / "state.safetensors").is_file() else _real_size(meta)
    return {name: _apart(_part(found, name), wanted) for name, wanted in outputs.items()}


def _recorded(case: Path, meta: dict[str, Any]) -> dict[str, Tensor]:
    state, inputs = load_file(case / "state.safetensors"), load_file(case / "inputs.safetensors")
    llava = {name: meta["vlm_config"][name] for name in LLAVA}
    config = GeoPixConfig(llava, tuple(meta["seg_token_ids"]), **sizes(state), released=True)
    model = GeoPix(config).eval()
    model.load_state_dict(official_keys(state, released=True))
    looked = model.look(inputs["pixel_values"])
    embeddings, mask = model.embed(inputs["input_ids"], looked), inputs["attention_mask"]
    forced = inputs["forced_ids"].view(-1)
    dictated = LogitsProcessorList([Dictated(forced)])
    text = meta["vlm_config"]["text_config"]
    batch = Batch(inputs["input_ids"], mask, inputs["input_ids"], text["pad_token_id"], text["eos_token_id"])
    ids, states = model.generate(looked, batch, len(forced), logits_processor=dictated)
    prefill = model.think(embeddings, mask)
    found = _masks(model, looked, model.targets(ids, states))
    class_ids = torch.tensor(meta["dims"]["class_idx"])
    return {
        **found,
        **_without_effect(state, config, class_ids, found),
        "residual_image_feature": torch.stack(looked.depths),
        "generated_ids": ids,
        "last_hidden_per_generated_token": states,
        "text_hidden_fcs": model.text_hidden_fcs(states),
        "prefill_last_hidden": prefill,
        "prefill_logits": model.llava.lm_head(prefill),
    }


def _real_size(meta: dict[str, Any]) -> dict[str, Tensor]:
    """Weights, states and features are computed from their names; the tower and the language model are not asked."""
    shapes = {key: tuple(found[0]) for key, found in meta["state_shapes"].items() if not key.endswith(".pe")}
    config = replace(GeoPixConfig(), released=True)
    state = {key: det_weight(key, shape) for key, shape in shapes.items() if our_key(key, without_memory=True)}
    for name, count in (("multiseg_scalar", SEGS // LEVELS), ("multiscale_scalar", LEVELS)):
        keys = (f"{name}.pth/{place}" for place in range(count))
        state |= {key: det_tensor(key, (), 0.1, 0.7) for key in keys}
    with torch.device("meta"):
        model = GeoPix(config).eval()
    ours = official_keys(state, released=True)
    unknown = [key for key in model.state_dict() if key not in ours and not key.startswith("llava.")]
    if unknown:
        raise ValueError(f"meta.json tells no shape of {unknown}")
    model.load_state_dict(ours, strict=False, assign=True)
    states, features = (_told(meta["inputs"], name) for name in ("last_hidden", "residual_image_feature"))
    looked = Looked(torch.empty(0), tuple(features))
    found = _masks(model, looked, model.targets(_ids(meta["inputs"], config.segs), states))
    return found | {"text_hidden_fcs": model.text_hidden_fcs(states)}


def _masks(model: GeoPix, looked: Looked, targets: Targets) -> dict[str, Tensor]:
    """Every step on the way to the masks; the first masks, which the release makes and never reads, as well."""
    masks = model.masks(looked, targets)
    places, dense = model.prompt_encoder(model.config.grid)
    necks = [neck(tokens) for neck, tokens in zip(model.necks, looked.depths, strict=True)]
    found = {
        "image_neck_rough": necks[0],
        "image_neck_detail": necks[1],
        "sparse_embeddings": targets.prompts,
        "dense_embeddings": dense,
        "image_pe": places,
        "pred_masks": masks.logits,
    }
    mask = None
    for level, features in enumerate(necks):
        read = model.memory(features)
        found[f"level{level}_memory_image_embeds"] = read
        steps = {}
        for step, seen in (("pre_", features), ("", read)):
            every = seen.expand(len(targets.owners), -1, -1, -1)
            steps[step] = model.mask_decoder(level, every, targets.prompts[:, level], places, dense, mask)
            found[f"level{level}_{step}masks"], found[f"level{level}_{step}iou"] = steps[step]
        mask = steps[""][0]
    return found


def _without_effect(
    state: dict[str, Tensor], config: GeoPixConfig, class_ids: Tensor, found: dict[str, Tensor]
) -> dict[str, Tensor]:
    """What the release's memory holds and encodes before its attention throws it away."""
    memory = ClassMemory(
        config.classes, LEVELS, config.memory_length, config.memory_width, config.width, config.grid
    ).eval()
    ours = official_keys({key: tensor for key, tensor in state.items() if key.startswith("clm/")}, released=False)
    memory.load_state_dict({key.removeprefix("memory."): tensor for key, tensor in ours.items()})
    size = (4 * config.grid, 4 * config.grid)
    outputs = {}
    for level, neck in enumerate(("rough", "detail")):
        first = resized(found[f"level{level}_pre_masks"], size)
        features = found[f"image_neck_{neck}"].expand(len(first), -1, -1, -1)
        outputs[f"level{level}_memory_encoder_unused"] = memory.encoder(features, first)
        outputs[f"level{level}_fused_memory_unused"] = memory.bank(class_ids, level)
    return outputs


def _told(text: str, name: str) -> Tensor:
    """The tensor of which meta.json says det_tensor('input/name',(shape)), between -1 and 1."""
    shape = re.search(rf"det_tensor\('input/{name}',\(([\d,]+)\)\)", text)
    if shape is None:
        raise ValueError(f"meta.json does not say what {name} is: {text}")
    return det_tensor(f"input/{name}", tuple(int(side) for side in shape[1].split(",")), -1.0, 1.0)


def _ids(text: str, segs: tuple[int, ...]) -> Tensor:
    """ "... generated ids = SEG x6, 29889, SEG x6" -> (1, 13)."""
    _, _, said = text.partition("generated ids = ")
    pieces = [piece.strip() for piece in said.split(",")]
    return torch.tensor([[token for piece in pieces for token in (segs if piece == "SEG x6" else [int(piece)])]])


def _part(found: dict[str, Tensor], name: str) -> Tensor:
    """Of large features the first channels were recorded: "image_pe_ch0_7"."""
    whole, channels, last = name.partition("_ch0_")
    return found[whole][:, : int(last) + 1] if channels else found[name]


def _apart(found: Tensor, wanted: Tensor) -> float:
    """What is one for all targets may have been recorded once for each."""
    if len(found) == 1 and found.shape[1:] == wanted.shape[1:]:
        found = found.expand_as(wanted)
    return apart(found, wanted)

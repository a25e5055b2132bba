"""Keys of GeoPix's released folder, as ours. Knows names and stacks of numbers only.

A released key is the path of its file or folder, a slash, and the key within: "seg/mask_decoder.iou_token.weight".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

import torch
from torch import Tensor

# Released beginnings and ours. The lower level's neck is called rough, and gets the deeper state all the same.
_RULES: tuple[tuple[str, str], ...] = (
    (r"vlm/language_model\.lm_head\.", "llava.lm_head."),
    (r"vlm/language_model\.(model\.)?", "llava.model.language_model."),
    (r"vlm/vision_tower\.(vision_model\.)?", "llava.model.vision_tower."),
    (r"vlm/multi_modal_projector\.", "llava.model.multi_modal_projector."),
    (r"vlm/", "llava."),
    (r"seg/mask_decoder\.output_hypernetworks_mlps\.0\.", "mask_decoder.hypernetwork."),
    (r"seg/", ""),
    (r"pec/", ""),
    (r"image_neck_rough\.pth/", "necks.0."),
    (r"image_neck_detail\.pth/", "necks.1."),
    (r"text_hidden_fcs\.pth/", "text_hidden_fcs."),
)
_RELEASED_MEMORY = (
    (r"clm/memory_attention\.layers\.0\.scale", "memory.scale"),
    (r"clm/memory_attention\.norm\.", "memory.norm."),
)
_MEMORY = (
    (r"clm/learnable_memory\.", "memory.bank."),
    (r"clm/memory_fuser\.model\.", "memory.bank.mix."),
    (r"clm/memory_encoder\.", "memory.encoder."),
    (r"clm/memory_attention\.layers\.0\.", "memory.attention."),
    (r"clm/memory_attention\.norm\.", "memory.norm."),
)

# Masks that stand for parts of the first, prompts by points, boxes and masks, tables of sines: never read, or computed.
_UNREAD = re.compile(
    r"seg/mask_decoder\.output_hypernetworks_mlps\.[123]\."
    r"|pec/prompt_encoder\.(point_embeddings|not_a_point_embed|mask_downscaling)\."
    r"|clm/memory_attention\.layers\.0\.(self_attn_pos|cross_attn_image_pos)\.pe$"
    r"|vlm/.*(\.rotary_emb\.inv_freq|\.embeddings\.position_ids)$"
)
_SCALARS = re.compile(r"(multiseg_scalar|multiscale_scalar)\.pth/(\d+)$")


def our_key(released: str, without_memory: bool) -> str | None:
    """Our name of a released tensor; None for one that is never read. One that nobody knows stays as it is."""
    if _UNREAD.match(released):
        return None
    for pattern, ours in (*_RULES, *(_RELEASED_MEMORY if without_memory else _MEMORY)):
        name, changes = re.subn(f"^{pattern}", ours, released)
        if changes:
            return name
    return None if released.startswith("clm/") and without_memory else released


def official_keys(found: Mapping[str, Tensor], released: bool) -> dict[str, Tensor]:
    """The tensors of a release under our names. released: for a model whose memory has no effect, as in the release."""
    named: dict[str, Tensor] = {}
    scalars: dict[str, dict[int, Tensor]] = {}
    for key, tensor in found.items():
        scalar = _SCALARS.match(key)
        if scalar:
            scalars.setdefault(scalar[1], {})[int(scalar[2])] = tensor
            continue
        name = our_key(key, released)
        if name is not None:
            named[name] = tensor
    for name, row in scalars.items():
        if any(number.ndim for number in row.values()):  # no numbers: told by their own keys
            named |= {f"{name}.pth/{place}": number for place, number in row.items()}
        else:
            named[name] = torch.stack([row[place] for place in sorted(row)])
    return named


def sizes(found: Mapping[str, Tensor]) -> dict[str, Any]:
    """The sizes of GeoPixConfig that the shapes of released tensors tell; none by a tensor that is missing or of other axes."""
    layer = "seg/mask_decoder.transformer.0.layers.{}.mlp.lin1.weight"
    told = {"depth": next(place for place in count() if layer.format(place) not in found)}
    for key, names in (
        (layer.format(0), ("hidden", "width")),
        ("image_neck_rough.pth/conv1.0.bias", ("neck",)),
        ("clm/learnable_memory.memory", ("classes", "levels", "memory_length", "memory_width", "grid", "grid")),
    ):
        shape = found[key].shape if key in found else ()
        if len(shape) == len(names):
            told |= zip(names, shape, strict=True)
    return {name: size for name, size in told.items() if size and name != "levels"}

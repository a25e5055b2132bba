"""The released names of MModalCC's tensors, and what the released forward pass never reads. Knows names only."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

# The release keeps one module under each of these names.
MODULES = ("encoder_image", "encoder_image2", "encoder_feat", "decoder")

TRUNK = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3"}  # places in the release's `net`

# Released beginnings of names and ours; the order matters where one begins like another.
_STEP = {
    "attention2.": "attention.",
    "norm3.": "norm_attention.",
    "linear3.": "widen.",
    "linear4.": "narrow.",
    "norm4.": "norm_mlp.",
}
_DECODER_LAYER = {
    "self_attn.": "self_attention.",
    "multihead_attn.": "questions.0.",
    "gate.0.": "gate_rgb.",
    "gate2.0.": "gate_semantic.",
    "gate3.0.": "gate_words.",
    "linear1.": "widen.",
    "linear2.": "narrow.",
    "norm1.": "norm_self.",
    "norm3.": "norm_gated.",
    "norm4.": "norm_mlp.",
}
_RULES: tuple[tuple[str, str], ...] = (
    *((rf"encoder_image\.net\.{place}\.", f"rgb_trunk.{name}.") for place, name in TRUNK.items()),
    *((rf"encoder_image2\.net\.{place}\.", f"semantic_trunk.{name}.") for place, name in TRUNK.items()),
    (r"encoder_feat\.projection\.", "encoder.project_rgb."),
    (r"encoder_feat\.projection2\.", "encoder.project_semantic."),
    (r"encoder_feat\.w_embedding\.", "encoder.columns."),
    (r"encoder_feat\.h_embedding\.", "encoder.rows."),
    *((rf"encoder_feat\.transformer\.(\d+)\.{a}", rf"encoder.layers.\1.steps.0.{b}") for a, b in _STEP.items()),
    (r"encoder_feat\.resblock\.(\d+)\.left\.", r"encoder.fusions.0.blocks.\1."),
    (r"encoder_feat\.LN\.(\d+)\.", r"encoder.fusions.0.norms.\1."),
    (r"decoder\.vocab_embedding\.", "decoder.words."),
    *((rf"decoder\.transformer\.layers\.(\d+)\.{a}", rf"decoder.layers.\1.{b}") for a, b in _DECODER_LAYER.items()),
    (r"decoder\.wdc\.", "decoder.logits."),
)

# Trained by nothing and read by nothing in the release; the table of sines is computed.
_UNREAD = re.compile(
    r"encoder_feat\.(embedding_1D|transformer\.\d+\.(attention|norm1|norm2|linear1|linear2))\."
    r"|decoder\.(position_encoding\.|transformer\.layers\.\d+\.(multihead_attn2|norm2)\.)"
)


def our_key(released: str) -> str | None:
    """Our name of a tensor of the release; None for one that it holds and never reads.

    A name that is not of the release stays as it is, so that it is told as unexpected.
    """
    if _UNREAD.match(released):
        return None
    for pattern, ours in _RULES:
        name, count = re.subn(f"^{pattern}", ours, released)
        if count:
            return name
    return released


def official_keys(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a release under our names, for a model with `released=True`."""
    named = ((our_key(key), tensor) for key, tensor in found.items())
    return {key: tensor for key, tensor in named if key is not None}

"""Names of a CLIP's weights as trainers leave them, as open_clip's. Knows names only.

ITRA, which GeoRSCLIP and RemoteCLIP were trained with, keeps its towers as `text_backbone.` and `image_backbone.`; training
on several devices, as SkyCLIP's, puts `module.` in front of everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from rsvlm.protocol import RsvlmError

IMAGES, TEXTS, DEVICES = "image_backbone.", "text_backbone.", "module."
NOT_WEIGHTS = ("attn_mask", "input_resolution", "context_length", "vocab_size")  # of older programs, and computed


def official_keys(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors by open_clip's names. Raises RsvlmError (model_failed) where two would have one name."""
    named = [(_official(key), tensor) for key, tensor in found.items()]
    official = {key: tensor for key, tensor in named if key not in NOT_WEIGHTS}
    twice = sorted({key for key in official if sum(key == other for other, _ in named) > 1})
    if twice:
        raise RsvlmError(
            "model_failed",
            f"The file holds more than one set of weights: {twice[0]} is there twice.",
            "Give a file with one model.",
        )
    return official


def _official(key: str) -> str:
    key = key.removeprefix(DEVICES).removeprefix(TEXTS)
    return f"visual.{key.removeprefix(IMAGES)}" if key.startswith(IMAGES) else key

"""Keys of SkyEyeGPT's released checkpoint, of MiniGPT-v2's, and of the parts that they were trained on, as ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from torch import Tensor

from rsvlm.models.parts.adapters import WRAPPED, injected_key, plain_key

LANGUAGE = "llama_model."
COMPUTED = re.compile(r"\.rotary_emb\.inv_freq$")  # not learnt, so not saved


def ours(official: Mapping[str, Tensor], targets: Sequence[str]) -> dict[str, Tensor]:
    """The tensors under our keys, without those that are computed; keys that nobody knows stay as they are."""
    return {_ours(key, targets): tensor for key, tensor in official.items() if not COMPUTED.search(key)}


def official(own: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the keys of the release."""
    return {_official(key): tensor for key, tensor in own.items()}


def _ours(key: str, targets: Sequence[str]) -> str:
    if not key.startswith(LANGUAGE):
        return key
    # Preparing the language model for whole numbers wraps its head, and leaves a number in the key.
    return injected_key(key.replace(".lm_head.0.", ".lm_head."), targets)


def _official(key: str) -> str:
    if not key.startswith(LANGUAGE):
        return key
    return LANGUAGE + WRAPPED + plain_key(key).removeprefix(LANGUAGE)

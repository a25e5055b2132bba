"""Low-rank adapters: a frozen network learns by a few numbers beside its weights.

LoRA (arXiv 2106.09685, section 4.1), by peft. Adapters lie inside the network's own modules; names of weights differ from
those of the files that peft writes, and of releases made with it, by the rules below. Knows modules and names alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from peft import LoraConfig, inject_adapter_in_model
from torch import nn

WRAPPED = "base_model.model."  # before every name in the files of peft
_ADAPTER = re.compile(r"\.(lora_[AB])\.(default\.)?weight$")


def add_lora(model: nn.Module, rank: int, alpha: int, targets: Sequence[str], dropout: float) -> None:
    """W x becomes W x + alpha / rank B A x in every layer whose name ends in one of `targets`; all else is frozen."""
    config = LoraConfig(r=rank, lora_alpha=alpha, target_modules=list(targets), lora_dropout=dropout, bias="none")
    inject_adapter_in_model(config, model)


def is_adapter(key: str) -> bool:
    """Whether a weight belongs to an adapter."""
    return _ADAPTER.search(key) is not None


def injected_key(key: str, targets: Sequence[str]) -> str:
    """The name, in a network with adapters on `targets`, of a weight of its own or of a file of peft."""
    key = _ADAPTER.sub(r".\1.default.weight", key.replace(WRAPPED, "", 1))
    return re.sub(rf"\.({'|'.join(map(re.escape, targets))})\.(weight|bias)$", r".\1.base_layer.\2", key)


def plain_key(key: str) -> str:
    """The other way: as a network without adapters names its weight, and peft, behind WRAPPED, an adapter's."""
    return _ADAPTER.sub(r".\1.weight", key.replace(".base_layer.", ".", 1))

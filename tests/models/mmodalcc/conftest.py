"""A small MModalCC with random weights, its words, and pictures for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from rsvlm.models.families.mmodalcc.network import MModalCC, MModalCCConfig

WORDS = ("a", "house", "road", "trees", "were", "removed", "built", "beside", "the", "no", "change")


@pytest.fixture(scope="session")
def word_map() -> dict[str, int]:
    """As the release numbers them: words from 1, then the special ones, and the padding as 0."""
    words = {word: index for index, word in enumerate(WORDS, start=1)}
    return {**words, "<unk>": 12, "<start>": 13, "<end>": 14, "<pad>": 0}


@pytest.fixture(scope="session")
def make() -> Callable[..., MModalCC]:
    """make(released=False, seed=0) -> a small model in evaluation mode; statistics and norms are random too."""

    def build(released: bool = False, seed: int = 0) -> MModalCC:
        torch.manual_seed(seed)
        model = MModalCC(MModalCCConfig.tiny(15, released)).eval()
        with torch.no_grad():
            for module in model.modules():
                if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
                    module.weight.uniform_(0.8, 1.2)
                    module.bias.uniform_(-0.1, 0.1)
                if isinstance(module, nn.BatchNorm2d):
                    module.running_mean.uniform_(-0.1, 0.1)
                    module.running_var.uniform_(0.5, 1.5)
        return model

    return build


@pytest.fixture(scope="session")
def pixels() -> Tensor:
    """(3, 4, 3, 64, 64) in [0, 1]."""
    return torch.rand(3, 4, 3, 64, 64, generator=torch.Generator().manual_seed(3))

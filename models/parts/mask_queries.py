"""What the language model means by [SEG] becomes a query, and the query a mask of the picture.

A mask is the product of a query and of one vector for each pixel (MaskFormer, arXiv 2107.06278, section 3.2), for a token that
the language model says (LISA, arXiv 2308.00692, section 3.1). As in GeoPix (arXiv 2501.06828) a memory tells what a class looks
like all over the data, and a first, rough mask what it looks like here. Phrases are free text: which memories are meant is
found by attention, not by the number of a class. Knows vectors and grids only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

RARE = -2.0  # logit of a pixel at first: most of them are not meant


class MaskQueries(nn.Module):
    """width: of the language model. embedding: of a pixel. memories: how many are kept."""

    def __init__(self, width: int, embedding: int, memories: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.asks = nn.Linear(width, width)
        self.memory = nn.Parameter(torch.randn(memories, width) * width**-0.5)
        self.first = nn.Sequential(nn.Linear(2 * width, width), nn.GELU(), nn.Linear(width, embedding))
        self.second = nn.Sequential(nn.Linear(2 * width + embedding, width), nn.GELU(), nn.Linear(width, embedding))
        self.bias = nn.Parameter(torch.full((2,), RARE))

    def forward(self, meant: Tensor, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """meant: (masks, width), what stands at each [SEG]; pixels: (masks, embedding, H, W), of its picture.

        Returns the rough and the final logits, each (masks, H, W).
        """
        meant = self.norm(meant)
        asked = self.asks(meant) * meant.shape[-1] ** -0.5
        known = torch.cat([meant, (asked @ self.memory.T).softmax(dim=-1) @ self.memory], dim=-1)
        rough = _product(self.first(known), pixels) + self.bias[0]
        share = rough.sigmoid()
        here = torch.einsum("mhw,mchw->mc", share, pixels) / share.sum(dim=(1, 2)).clamp(min=1)[:, None]
        return rough, _product(self.second(torch.cat([known, here], dim=-1)), pixels) + self.bias[1]


def _product(queries: Tensor, pixels: Tensor) -> Tensor:
    return torch.einsum("mc,mchw->mhw", queries, pixels)

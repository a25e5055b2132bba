"""The image tower of EVA-CLIP's giant size, as BLIP-2 cut it: all tokens of the last block but one, no final norm.

EVA (arXiv 2211.07636, section 2.2, table 3) with the patches, heads and widths of its giant model; BLIP-2 (arXiv
2301.12597, section 3.1) drops the last of its forty blocks. Attributes are called as the released keys are. Knows pixels
and tokens only: nothing of normalisation, dates or language; what follows (a layer norm, a projection) is the family's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

MLP = 4.3637  # hidden units of the feed-forward layer for each of the width


class Attention(nn.Module):
    """Every token looks at every token. Keys have no bias. (batch, tokens, width) -> the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(width))
        self.v_bias = nn.Parameter(torch.zeros(width))
        self.proj = nn.Linear(width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, width = tokens.shape
        bias = torch.cat([self.q_bias, torch.zeros_like(self.q_bias), self.v_bias])
        qkv = functional.linear(tokens, self.qkv.weight, bias).view(batch, count, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (batch, heads, tokens, width / heads)
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.proj(mixed.transpose(1, 2).reshape(batch, count, width))


class Mlp(nn.Module):
    """(..., width) -> (..., hidden) -> (..., width)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(tokens)))


class Block(nn.Module):
    """Attention and a feed-forward layer, each behind its norm. (batch, tokens, width) -> the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=1e-6)
        self.attn = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width, eps=1e-6)
        self.mlp = Mlp(width, int(width * MLP))

    def forward(self, tokens: Tensor) -> Tensor:
        tokens = tokens + self.attn(self.norm1(tokens))
        return tokens + self.mlp(self.norm2(tokens))


class EvaVit(nn.Module):
    """(batch, 3, pixels, pixels) normalised as CLIP's -> (batch, 1 + (pixels / patch)², width), the class token first.

    The defaults are the released size, 986 million parameters.
    """

    def __init__(self, width: int = 1408, depth: int = 39, heads: int = 16, pixels: int = 224, patch: int = 14) -> None:
        super().__init__()
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, patch, patch)})
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(0.02 * torch.randn(1, 1 + (pixels // patch) ** 2, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))

    def forward(self, pixels: Tensor) -> Tensor:
        patches = self.patch_embed["proj"](pixels).flatten(2).transpose(1, 2)  # (batch, rows * columns, width)
        tokens = torch.cat([self.cls_token.expand(len(patches), -1, -1), patches], dim=1) + self.pos_embed
        for block in self.blocks:
            tokens = block(tokens)
        return tokens


def fit_positions(positions: Tensor, count: int) -> Tensor:
    """pos_embed (1, 1 + n², width) learnt at another picture size -> (1, count, width), the grid drawn out bicubically.

    The class token's stays as it is. count: 1 + m².
    """
    if positions.shape[1] == count:
        return positions
    old, new = (round((tokens - 1) ** 0.5) for tokens in (positions.shape[1], count))
    grid = positions[:, 1:].float().view(1, old, old, -1).permute(0, 3, 1, 2)
    drawn = functional.interpolate(grid, size=(new, new), mode="bicubic", align_corners=False)
    return torch.cat([positions[:, :1], drawn.flatten(2).transpose(1, 2).to(positions.dtype)], dim=1)

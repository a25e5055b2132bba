"""A small transformer over a grid of image tokens of any size.

Pre-norm blocks (Xiong et al., arXiv 2002.04745) with fixed two-dimensional sine positions, so that a model trained
at one image size runs at another. Knows token grids only.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def sine_positions(height: int, width: int, channels: int) -> Tensor:
    """(height * width, channels) float32: the first half of the channels tells the row, the second half the column."""
    quarter = channels // 4
    frequency = torch.exp(torch.arange(quarter) * (-math.log(1000.0) / max(quarter - 1, 1)))
    rows = torch.arange(height)[:, None] * frequency
    columns = torch.arange(width)[:, None] * frequency
    row = torch.cat([rows.sin(), rows.cos()], dim=1)[:, None].expand(height, width, 2 * quarter)
    column = torch.cat([columns.sin(), columns.cos()], dim=1)[None].expand(height, width, 2 * quarter)
    return torch.cat([row, column], dim=2).reshape(height * width, 4 * quarter)


class Block(nn.Module):
    """Self-attention and a feed-forward layer. (batch, tokens, width) -> the same."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, width = tokens.shape
        qkv = self.qkv(self.norm_attention(tokens)).view(batch, count, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        # Plain products: on grids this small faster on a CPU than the fused kernel, above all backwards.
        weights = (query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5).softmax(dim=-1)
        mixed = weights.to(value.dtype) @ value
        tokens = tokens + self.out(mixed.transpose(1, 2).reshape(batch, count, width))
        return tokens + self.mlp(self.norm_mlp(tokens))


class TokenTransformer(nn.Module):
    """(batch, width_in, H, W) -> (batch, H * W, width), row by row, normalised."""

    def __init__(self, width_in: int, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.width = width
        self.project = nn.Conv2d(width_in, width, 1)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[-2:]
        tokens = self.project(features).flatten(2).transpose(1, 2)
        tokens = tokens + sine_positions(height, width, self.width).to(tokens)
        for block in self.blocks:
            tokens = block(tokens)
        return self.norm(tokens)

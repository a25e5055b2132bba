"""Two modalities of two dates look at each other, then at what changed within their own modality.

MModalCC (arXiv 2501.10075): cross-modal cross attention, unimodal difference cross attention, and the residual fusion of
both dates. Knows token grids only: not which modality is a picture and which a map of classes, and no language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from rsvlm.models.parts.memory_attention import MemoryAttention


class Streams(NamedTuple):
    """Tokens of both dates in both modalities, each (batch, tokens, width)."""

    rgb_before: Tensor
    rgb_after: Tensor
    semantic_before: Tensor
    semantic_after: Tensor


class CrossStep(nn.Module):
    """Tokens ask a context, then a feed-forward layer; both with a shortcut and normalised after it.

    tokens, context: (batch, tokens, width) -> like tokens.
    """

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attention = MemoryAttention(width, heads, dropout)
        self.norm_attention = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor, context: Tensor) -> Tensor:
        found = self.attention(tokens, self.attention.read(context))
        tokens = self.norm_attention(tokens + self.dropout(found))
        found = self.narrow(self.dropout(relu(self.widen(tokens))))
        return self.norm_mlp(tokens + self.dropout(found))


class ModalCrossAttention(nn.Module):
    """One layer: each stream asks the other modality of its date, then the change (after - before) of its own modality.

    Both dates and modalities go through the same two steps. shared: one step serves for both questions, as released.
    """

    def __init__(self, width: int, heads: int, dropout: float, shared: bool) -> None:
        super().__init__()
        self.steps = nn.ModuleList(CrossStep(width, heads, dropout) for _ in range(1 if shared else 2))

    def forward(self, streams: Streams) -> Streams:
        rgb_before, rgb_after, semantic_before, semantic_after = streams
        rgb_change, semantic_change = rgb_after - rgb_before, semantic_after - semantic_before
        other, change = self.steps[0], self.steps[-1]
        return Streams(
            change(other(rgb_before, semantic_before), rgb_change),
            change(other(rgb_after, semantic_after), rgb_change),
            change(other(semantic_before, rgb_before), semantic_change),
            change(other(semantic_after, rgb_after), semantic_change),
        )


class DateFusion(nn.Module):
    """Both dates of one modality become one memory, layer upon layer: a residual convolution block and a norm for each.

    pairs: per layer (before, after), each (batch, height * width, channels) -> (batch, height * width, 2 * channels).
    """

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(_bottleneck(2 * width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(2 * width) for _ in range(depth))

    def forward(self, pairs: Sequence[tuple[Tensor, Tensor]], grid: tuple[int, int]) -> Tensor:
        """grid: height, width."""
        fused: Tensor | None = None
        for pair, block, norm in zip(pairs, self.blocks, self.norms, strict=True):
            both = torch.cat(pair, dim=-1)
            fused = both if fused is None else fused + both
            planes = fused.transpose(1, 2).unflatten(2, grid)  # (batch, channels, height, width)
            planes = relu(block(planes) + planes)
            fused = norm(planes.flatten(2).transpose(1, 2))
        if fused is None:
            raise ValueError("there is no layer to fuse")
        return fused


def _bottleneck(width: int) -> nn.Sequential:
    """1 x 1, 3 x 3, 1 x 1, each with batch normalisation, no activation last. (batch, width, H, W) -> the same."""
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(width, half, 1), nn.BatchNorm2d(half), nn.ReLU(),
        nn.Conv2d(half, half, 3, padding=1), nn.BatchNorm2d(half), nn.ReLU(),
        nn.Conv2d(half, width, 1), nn.BatchNorm2d(width),
    )  # fmt: skip

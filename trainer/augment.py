"""Random views of training pictures: seen from another side, nearer, in another light.

The geometric change is an affine map, so that a teacher's feature map can be seen through the very same one.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

CROP = (0.7, 1.0)  # side of the crop, as a share of the picture's


def random_affine(count: int, generator: torch.Generator) -> Tensor:
    """(count, 2, 3) maps from output to input coordinates in [-1, 1]: quarter turns, flips, crops."""

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    turn = torch.randint(0, 4, (count,), generator=generator) * (math.pi / 2)
    flip = torch.randint(0, 2, (count,), generator=generator) * 2.0 - 1.0
    scale = uniform(*CROP)
    slack = 1 - scale
    cosine, sine = turn.cos() * scale, turn.sin() * scale
    rows = torch.stack(
        [cosine * flip, -sine, uniform(-1, 1) * slack, sine * flip, cosine, uniform(-1, 1) * slack], dim=1
    )
    return rows.view(count, 2, 3)


def warp(grids: Tensor, affine: Tensor, size: tuple[int, int], mode: str = "bilinear") -> Tensor:
    """(batch, channels, H, W) float seen through (batch, 2, 3) maps -> (batch, channels, *size). mode: or "nearest"."""
    where = nn.functional.affine_grid(affine, [len(grids), 1, *size], align_corners=False)
    return nn.functional.grid_sample(grids, where, mode, padding_mode="reflection", align_corners=False)


def random_light(pixels: Tensor, generator: torch.Generator) -> Tensor:
    """(batch, 3, H, W) in [0, 1] -> the same in another light: gain, contrast, tint, gamma, haze; one in twelve grey."""
    count = len(pixels)

    def uniform(low: float, high: float, channels: int = 1) -> Tensor:
        return torch.rand(count, channels, 1, 1, generator=generator) * (high - low) + low

    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    pixels = (pixels - mean) * uniform(0.7, 1.3) + mean * uniform(0.8, 1.2)
    pixels = pixels * uniform(0.92, 1.08, channels=3)
    haze = uniform(-0.3, 0.25).clamp(min=0)
    pixels = pixels * (1 - haze) + 0.8 * haze
    pixels = pixels.clamp(1e-3, 1) ** uniform(0.75, 1.33)
    grey = torch.rand(count, 1, 1, 1, generator=generator) < 1 / 12
    return torch.where(grey, pixels.mean(dim=1, keepdim=True).expand_as(pixels), pixels)

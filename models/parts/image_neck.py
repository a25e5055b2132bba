"""From the image tower's tokens at one depth to the grid of features that a mask is decoded from.

GeoPix (arXiv 2501.06828), mask predictor: one neck for each depth that is looked at. Knows grids only: nothing of depths,
masks or words.
"""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn.functional import interpolate


class ImageNeck(nn.Module):
    """tokens: (batch, n * n, width_in), row by row -> (batch, width_out, grid, grid)."""

    def __init__(self, width_in: int, hidden: int, width_out: int, grid: int) -> None:
        super().__init__()
        self.grid = grid
        self.conv1 = nn.Sequential(nn.Conv2d(width_in, hidden, 3, padding=1), nn.BatchNorm2d(hidden), nn.ReLU())
        self.conv2 = nn.Sequential(nn.Conv2d(hidden, width_out, 3, padding=1), nn.BatchNorm2d(width_out), nn.ReLU())

    def forward(self, tokens: Tensor) -> Tensor:
        side = math.isqrt(tokens.shape[1])
        features = self.conv1(tokens.transpose(1, 2).unflatten(2, (side, side)))  # (batch, hidden, n, n)
        size = (self.grid, self.grid)
        return self.conv2(interpolate(features, size, mode="bilinear", align_corners=False))

"""A small encoder learns to see as a teacher does. Lives only while training; knows feature maps only."""

from __future__ import annotations

from torch import Tensor, nn


class Distillation(nn.Module):
    """The encoder's grid, projected, resembles the teacher's map of the same view."""

    def __init__(self, width: int, channels: int, side: int = 4) -> None:
        super().__init__()
        self.project = nn.Linear(width, channels)
        self.side = side

    def forward(self, tokens: Tensor, grid: tuple[int, int], target: Tensor) -> Tensor:
        """tokens: (batch, H * W, width); target: (batch, channels, h, w) -> mean squared error of map and mean."""
        batch, _, width = tokens.shape
        squares = tokens.transpose(1, 2).reshape(batch, width, *grid).float()
        guess = self.project(_resized(squares, self.side).flatten(2).transpose(1, 2)).float()
        wanted = _resized(target.float(), self.side).flatten(2).transpose(1, 2)
        return nn.functional.mse_loss(guess, wanted) + 4 * nn.functional.mse_loss(guess.mean(dim=1), wanted.mean(dim=1))


def _resized(maps: Tensor, side: int) -> Tensor:
    """(batch, channels, H, W) -> (batch, channels, side, side)."""
    return nn.functional.interpolate(maps, size=(side, side), mode="bilinear", antialias=True)

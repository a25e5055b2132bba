"""From the pixel vectors of two dates to those of what differs between them.

At the grid of the vectors, and at half of it, where a thing and what surrounds it are seen together: two pictures seldom lie upon
each other to the pixel, and only by its surroundings is a dry meadow told from a cleared one. Knows grids of vectors only.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import interpolate

from rsvlm.models.parts.residual import ResidualBlock, convolution


def difference(embedding: int, width: int, depth: int) -> nn.Module:
    """(batch, 3 * embedding, H, W), vectors of both dates and the later less the earlier ones -> (batch, embedding, H, W).

    width, depth: channels and residual blocks at half the grid, where there is one block more than at the whole one; without a
    width two convolutions at the whole grid do.
    """
    if width:
        return PixelDifference(embedding, width, depth)
    return nn.Sequential(
        convolution(3 * embedding, embedding), nn.ReLU(), nn.Conv2d(embedding, embedding, 3, padding=1)
    )


class PixelDifference(nn.Module):
    """See `difference`."""

    def __init__(self, embedding: int, width: int, depth: int) -> None:
        super().__init__()
        self.fine = nn.Sequential(convolution(3 * embedding, embedding), nn.ReLU())
        self.coarse = nn.Sequential(
            convolution(3 * embedding, width, stride=2), nn.ReLU(), *(ResidualBlock(width) for _ in range(depth))
        )
        self.narrow = nn.Conv2d(width, embedding, 1)
        self.join = nn.Sequential(
            *(ResidualBlock(embedding) for _ in range(depth - 1)), nn.Conv2d(embedding, embedding, 3, padding=1)
        )

    def forward(self, dates: Tensor) -> Tensor:
        around = interpolate(
            self.narrow(self.coarse(dates)), size=dates.shape[-2:], mode="bilinear", align_corners=False
        )
        return self.join(self.fine(dates) + around)

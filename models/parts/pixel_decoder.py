"""From features at several scales to one vector for each pixel, which masks are read off.

The pyramid of Lin et al. (arXiv 1612.03144, section 3), joined to per-pixel embeddings as in MaskFormer (arXiv 2107.06278,
section 3.2). Knows grids of features only: nothing of pictures or words.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn.functional import interpolate

from rsvlm.models.parts.residual import ResidualBlock, convolution


class PixelDecoder(nn.Module):
    """Grids, each with twice the side of the next -> (batch, embedding, H, W) on the finest one.

    widths: channels of the grids, finest first. Above the finest one all is joined at `width` channels. depth: residual blocks
    at the finest grid, and as many at the next one: an encoder is shallow there, and small things are told at these scales only.
    finest_depth: further blocks at the finest grid, where outlines are drawn.
    """

    def __init__(
        self, widths: Sequence[int], width: int, embedding: int, depth: int = 0, finest_depth: int = 0
    ) -> None:
        super().__init__()
        finest, *coarser = widths
        self.lateral = nn.ModuleList(nn.Conv2d(channels, width, 1) for channels in coarser)
        self.smooth = nn.ModuleList(nn.Sequential(convolution(width, width), nn.ReLU()) for _ in coarser)
        self.narrow = nn.Conv2d(width, embedding, 1)
        self.finest = nn.Conv2d(finest, embedding, 1)
        self.last = nn.Sequential(
            convolution(embedding, embedding), nn.ReLU(), nn.Conv2d(embedding, embedding, 3, padding=1)
        )
        self.blocks = nn.ModuleList(
            nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
            for channels, blocks in ((width, depth), (embedding, depth + finest_depth))
        )

    def forward(self, grids: Sequence[Tensor]) -> Tensor:
        finest, *coarser = grids
        joined = self.smooth[-1](self.lateral[-1](coarser[-1]))
        for grid, lateral, smooth in zip(coarser[-2::-1], self.lateral[-2::-1], self.smooth[-2::-1], strict=True):
            joined = smooth(_doubled(joined, grid) + lateral(grid))
        next_finest, at_finest = self.blocks
        pixels = self.last[:2](self.finest(finest) + _doubled(self.narrow(next_finest(joined)), finest))
        return self.last[2](at_finest(pixels))


def _doubled(grid: Tensor, like: Tensor) -> Tensor:
    return interpolate(grid, size=like.shape[-2:], mode="bilinear", align_corners=False)

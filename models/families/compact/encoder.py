"""What the bundled family sees of a picture: tokens on a grid, and finer features that masks are read off.

Knows tensors only: pixels come normalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from rsvlm.models.families.compact.config import CompactConfig
from rsvlm.models.parts.residual import ResidualTrunk
from rsvlm.models.parts.tokens import TokenTransformer

STRIDE = 16  # pixels along the side of one image token


@dataclass(frozen=True)
class ImageFeatures:
    """tokens: (batch, H * W, width) of the grid (H, W); pooled: (batch, width), their mean.

    spread: (batch,), deviation of the normalised pixels in the channel where they vary most. scales: what was seen at finer
    scales, finest first, (batch, channels, 2 ** n * H, 2 ** n * W) each down to n = 1; none where the model draws no masks.
    """

    tokens: Tensor
    pooled: Tensor
    grid: tuple[int, int]
    spread: Tensor
    scales: tuple[Tensor, ...] = ()

    @property
    def tensors(self) -> tuple[Tensor, ...]:
        return self.tokens, self.pooled, self.spread, *self.scales

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors)

    @property
    def coarse(self) -> ImageFeatures:
        """The same without the finer scales."""
        return replace(self, scales=())

    def rows(self, chosen: Tensor | slice) -> ImageFeatures:
        """chosen: numbers of pictures."""
        return self._of([tensor[chosen] for tensor in self.tensors])

    def apart(self) -> list[ImageFeatures]:
        """A batch of one per picture, each in memory of its own."""
        parts = zip(*(tensor.split(1) for tensor in self.tensors), strict=True)
        return [self._of([tensor.clone() for tensor in part]) for part in parts]

    @classmethod
    def together(cls, parts: Sequence[ImageFeatures]) -> ImageFeatures:
        """One batch of what has one grid."""
        return parts[0]._of([torch.cat(tensors) for tensors in zip(*(part.tensors for part in parts), strict=True)])

    def map(self) -> Tensor:
        """(batch, width, H, W): the tokens where they lie."""
        return self.tokens.transpose(1, 2).unflatten(2, self.grid)

    def _of(self, tensors: Sequence[Tensor]) -> ImageFeatures:
        tokens, pooled, spread, *scales = tensors
        return ImageFeatures(tokens, pooled, self.grid, spread, tuple(scales))


class ImageEncoder(nn.Module):
    """(batch, 3, H, W) normalised pixels, H and W multiples of 32 -> ImageFeatures on a grid of stride 16."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.trunk = ResidualTrunk(config.stem, config.widths, config.depths)
        self.mix = TokenTransformer(config.widths[-1], config.token_width, config.token_depth, config.heads)
        self.draws = config.pixel_width > 0

    def forward(self, pixels: Tensor) -> ImageFeatures:
        *finer, coarse = self.trunk(pixels)
        tokens = self.mix(coarse)
        spread = pixels.std(dim=(2, 3)).amax(dim=1)
        grid = (coarse.shape[-2], coarse.shape[-1])
        return ImageFeatures(tokens, tokens.mean(dim=1), grid, spread, tuple(finer) if self.draws else ())

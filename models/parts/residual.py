"""Residual convolution stages: a picture becomes a grid of features.

He et al., arXiv 1512.03385 (basic block). Knows tensors only.
"""

from __future__ import annotations

from torch import Tensor, nn


def convolution(width_in: int, width_out: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 convolution with batch normalisation: (batch, width_in, H, W) -> (batch, width_out, H / stride, W / stride)."""
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False),
        nn.BatchNorm2d(width_out),
    )


class ResidualBlock(nn.Module):
    """Two convolutions around a shortcut. (batch, width, H, W) -> the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = convolution(width, width)
        self.second = convolution(width, width)
        for scale in self.second[1].parameters():
            nn.init.zeros_(scale)  # starts as the identity, which trains faster
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.activation(features + self.second(self.activation(self.first(features))))


class ResidualTrunk(nn.Module):
    """A stem of stride 4, then one stage per width, each after the first halving the grid.

    pixels: (batch, 3, H, W), H and W multiples of 4 * 2 ** (len(widths) - 1).
    Returns what is seen at every scale, finest first: (batch, stem, H / 2, W / 2) from within the stem, and the output of every
    stage, (batch, widths[i], H / (4 * 2**i), W / (4 * 2**i)).
    """

    def __init__(self, stem: int, widths: tuple[int, ...], depths: tuple[int, ...]) -> None:
        super().__init__()
        activation = nn.ReLU(inplace=True)
        self.stem = nn.Sequential(convolution(3, stem, 2), activation, convolution(stem, widths[0], 2), activation)
        self.stages = nn.ModuleList()
        for index, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            down = [] if index == 0 else [convolution(widths[index - 1], width, 2), nn.ReLU(inplace=True)]
            self.stages.append(nn.Sequential(*down, *(ResidualBlock(width) for _ in range(depth))))

    def forward(self, pixels: Tensor) -> list[Tensor]:
        outputs = [self.stem[:2](pixels)]
        features = self.stem[2:](outputs[0])
        for stage in self.stages:
            features = stage(features)
            outputs.append(features)
        return outputs

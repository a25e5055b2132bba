"""The first three stages of a bottleneck ResNet: a picture becomes a grid of stride 16.

He et al., arXiv 1512.03385, section 4.1, with the stride in the 3 x 3 convolution as in the widely used weights.
Parameters are named as in these (conv1, bn1, layer1 ...). Knows pixels only: neither their normalisation nor any task.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

EXPANSION = 4  # of a block's width towards its output
STRIDE = 16


class Bottleneck(nn.Module):
    """1 x 1, 3 x 3, 1 x 1 around a shortcut: (batch, width_in, H, W) -> (batch, 4 * width, H / stride, W / stride)."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        width_out = EXPANSION * width
        self.conv1 = nn.Conv2d(width_in, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, width_out, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width_out)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or width_in != width_out:
            self.downsample = nn.Sequential(
                nn.Conv2d(width_in, width_out, 1, stride, bias=False), nn.BatchNorm2d(width_out)
            )

    def forward(self, features: Tensor) -> Tensor:
        inner = relu(self.bn1(self.conv1(features)))
        inner = relu(self.bn2(self.conv2(inner)))
        return relu(self.bn3(self.conv3(inner)) + self.downsample(features))


class ResNetTrunk(nn.Module):
    """(batch, 3, H, W) -> (batch, 16 * width, H / 16, W / 16), H and W multiples of 16.

    depths: blocks of the three stages, (3, 4, 23) in ResNet-101; width: of the stem, 64 there.
    """

    def __init__(self, depths: tuple[int, int, int], width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, depths[0], 1)
        self.layer2 = _stage(4 * width, 2 * width, depths[1], 2)
        self.layer3 = _stage(8 * width, 4 * width, depths[2], 2)

    def forward(self, pixels: Tensor) -> Tensor:
        features = max_pool2d(relu(self.bn1(self.conv1(pixels))), 3, 2, 1)
        return self.layer3(self.layer2(self.layer1(features)))


def _stage(width_in: int, width: int, depth: int, stride: int) -> nn.Sequential:
    first = Bottleneck(width_in, width, stride)
    return nn.Sequential(first, *(Bottleneck(EXPANSION * width, width, 1) for _ in range(depth - 1)))

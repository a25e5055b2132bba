"""What is remembered of one object: the image's features where a first mask says that it lies.

GeoPix (arXiv 2501.06828), class-wise learnable memory, “memory encoder”; after SAM 2 (arXiv 2408.00714, section 4), with the
mask brought down by residual blocks. Attributes are called as the release calls its keys. Knows grids only: nothing of
classes or of who reads the memory.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, relu

from rsvlm.models.parts.mask_decoder import ChannelNorm

STRIDES = (2, 2, 1)  # of the three blocks: a mask is four times as wide as the image's features


class DownBlock(nn.Module):
    """(batch, width_in, H, W) -> (batch, width, H / stride, W / stride), around a shortcut."""

    def __init__(self, width_in: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width_in, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        shortcut = nn.Conv2d(width_in, width, 1, stride, bias=False)
        self.downsample = nn.Sequential(shortcut, nn.BatchNorm2d(width))

    def forward(self, features: Tensor) -> Tensor:
        changed = self.bn2(self.conv2(relu(self.bn1(self.conv1(features)))))
        return relu(changed + self.downsample(features))


class MaskDownsampler(nn.Module):
    """(batch, 1, 4 n, 4 n) -> (batch, width, n, n)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer1 = DownBlock(1, width // 4, STRIDES[0])
        self.layer2 = DownBlock(width // 4, width // 2, STRIDES[1])
        self.layer3 = DownBlock(width // 2, width, STRIDES[2])

    def forward(self, masks: Tensor) -> Tensor:
        return self.layer3(self.layer2(self.layer1(masks)))


class GatedConvNext(nn.Module):
    """ConvNeXt block (arXiv 2201.03545) whose change enters little by little. (batch, width, n, n) -> the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = ChannelNorm(width)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gate = nn.Parameter(torch.full((width,), 1e-6))

    def forward(self, features: Tensor) -> Tensor:
        found = self.norm(self.dwconv(features)).permute(0, 2, 3, 1)
        return features + (self.gate * self.pwconv2(gelu(self.pwconv1(found)))).permute(0, 3, 1, 2)


class InstanceMemory(nn.Module):
    """features: (batch, width, n, n), masks: logits (batch, 1, 4 n, 4 n) -> (batch, memory width, n, n)."""

    def __init__(self, width: int, memory_width: int) -> None:
        super().__init__()
        self.mask_downsampler = MaskDownsampler(memory_width)
        self.pix_feat_proj = nn.Conv2d(width, memory_width, 1)
        self.fuser = GatedConvNext(memory_width)

    def forward(self, features: Tensor, masks: Tensor) -> Tensor:
        return self.fuser(self.pix_feat_proj(features) + self.mask_downsampler(masks.sigmoid()))

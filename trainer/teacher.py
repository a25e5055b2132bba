"""The teacher whose view of a picture the small encoder learns to share; it never ships.

MobileNetV2 (Sandler et al., arXiv 1801.04381) with folded batch normalisation, trained on ImageNet. Knows pixels only.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.precision import bfloat16_is_fast

CHANNELS = 1280
SIDE = 224
GRID = SIDE // 32
# (expansion, output channels, repeats, first stride), table 2 of the paper
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


class Same(nn.Module):
    """A convolution padded as TensorFlow pads: more at the right and bottom where the stride leaves an odd rest."""

    def __init__(self, weight: Tensor, bias: Tensor, stride: int, depthwise: bool, relu6: bool) -> None:
        super().__init__()
        self.weight: Tensor
        self.register_buffer("weight", weight)
        self.bias: Tensor
        self.register_buffer("bias", bias)
        self.stride, self.groups, self.relu6 = stride, len(weight) if depthwise else 1, relu6

    def forward(self, features: Tensor) -> Tensor:
        kernel = self.weight.shape[-1]
        if kernel > 1:
            total = max(kernel - self.stride, 0) if features.shape[-1] % self.stride == 0 else kernel - 1
            features = nn.functional.pad(features, [total // 2, total - total // 2] * 2)
        features = nn.functional.conv2d(features, self.weight, self.bias, self.stride, groups=self.groups)
        return nn.functional.relu6(features) if self.relu6 else features


class Teacher(nn.Module):
    """(batch, 3, 224, 224) in [0, 1] -> (batch, 1280, 7, 7), the features before the classifier."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        tensors = np.load(weights)
        names = sorted(name for name in tensors.files if name.endswith(".w"))
        position = 0

        def layer(stride: int, relu6: bool) -> Same:
            nonlocal position
            name = names[position]
            position += 1
            weight = torch.from_numpy(tensors[name].astype(np.float32))
            bias = torch.from_numpy(tensors[f"{name[:2]}.b"].astype(np.float32))
            return Same(weight, bias, stride, ".dw." in name, relu6)

        self.stem = layer(2, True)
        self.blocks = nn.ModuleList()
        for expansion, _, repeats, first_stride in BLOCKS:
            for repeat in range(repeats):
                expand = [layer(1, True)] if expansion > 1 else []
                depthwise = layer(first_stride if repeat == 0 else 1, True)
                self.blocks.append(nn.Sequential(*expand, depthwise, layer(1, False)))
        self.last = layer(1, True)

    def forward(self, pixels: Tensor) -> Tensor:
        features = self.stem(pixels * 2 - 1)
        for block in self.blocks:
            out = block(features)
            features = features + out if out.shape == features.shape else out
        return self.last(features)


class Standardised:
    """The teacher's maps of a batch, each channel about zero mean and unit deviation, clipped at 4 deviations."""

    def __init__(self, weights: Path, mean: Tensor, deviation: Tensor) -> None:
        self.teacher = Teacher(weights).eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch knows it
        self.mean, self.deviation = mean[:, None, None], deviation[:, None, None]

    def __call__(self, pixels: Tensor) -> Tensor:
        """(batch, 3, H, W) in [0, 1] -> (batch, 1280, 7, 7)."""
        device = pixels.device
        if self.mean.device != device:
            self.teacher.to(device)
            self.mean, self.deviation = self.mean.to(device), self.deviation.to(device)
        return ((self.raw(pixels) - self.mean) / self.deviation).clamp(-4, 4)

    @torch.no_grad()
    def raw(self, pixels: Tensor) -> Tensor:
        """The same before it is standardised."""
        pixels = nn.functional.interpolate(pixels, size=(SIDE, SIDE), mode="bilinear", antialias=True)
        kind = pixels.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=bfloat16_is_fast(kind)):
            return self.teacher(pixels.contiguous(memory_format=torch.channels_last)).float()


def standardised(weights: Path, pictures: Iterable[np.ndarray], cache: Path) -> Standardised:
    """pictures: (H, W, 3) uint8, from which mean and deviation are taken once, and then read from `cache`.

    Raises RsvlmError (bad_request) where there are none to take them from.
    """
    if not cache.exists():
        teacher = Standardised(weights, torch.zeros(CHANNELS), torch.ones(CHANNELS))
        maps = [teacher.raw(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255) for picture in pictures]
        if not maps:
            raise RsvlmError(
                "bad_request",
                "The data have no pictures that the scale of the teacher could be taken from.",
                "Add pictures, or set teacher=null and leave distillation out of the objectives.",
            )
        whole = torch.cat(maps)
        part = cache.with_suffix(".part.npz")
        np.savez(
            part, mean=whole.mean(dim=(0, 2, 3)).numpy(), deviation=whole.std(dim=(0, 2, 3)).clamp(min=0.05).numpy()
        )
        part.replace(cache)
    found = np.load(cache)
    return Standardised(weights, torch.from_numpy(found["mean"]), torch.from_numpy(found["deviation"]))

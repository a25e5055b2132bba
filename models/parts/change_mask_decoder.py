"""From a coarse grid of features, such as the difference of two dates, to the mask of what changed.

The mask branch in the release of DeltaVLM (arXiv 2507.22346; the paper has captions and answers alone). Its first layer is
AnyUp's (arXiv 2510.12764, section 4.1): every channel is filtered by one set of kernels, so that any width comes in. Windows
of attention follow Swin (arXiv 2103.14030, section 3.2). Attributes are called as the release calls its keys. Knows grids
only: nothing of images, dates or words.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

WINDOW, HEADS, KERNEL = 7, 4, 5
NARROWEST = 32  # channels of the last stages


def token_grid(tokens: Tensor) -> Tensor:
    """(batch, n² or 1 + n², width), row by row, a class token first if there is one -> (batch, width, n, n).

    Raises ValueError for any other number of tokens.
    """
    count = tokens.shape[1]
    side = math.isqrt(count)
    if count - side**2 not in (0, 1):
        raise ValueError(f"{count} tokens are no square grid")
    return tokens[:, count - side**2 :].transpose(1, 2).unflatten(2, (side, side))


def mask_loss(probabilities: Tensor, truth: Tensor, foreground: float = 2.0) -> Tensor:
    """Mean binary cross entropy, where pixels of change count `foreground` times.

    probabilities: (batch, 1, H, W) in [0, 1]; truth: (batch, 1, h, w) of 0 and 1, brought to H x W by nearest pixel.
    """
    truth = functional.interpolate(truth.to(probabilities), size=probabilities.shape[-2:], mode="nearest")
    with torch.autocast(probabilities.device.type, enabled=False):  # which refuses this loss
        entropy = functional.binary_cross_entropy(probabilities.float(), truth.float(), reduction="none")
    return ((1 + (foreground - 1) * truth) * entropy).mean()


def norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(min(8, channels), channels)


class FeatureUnification(nn.Module):
    """(batch, any width, H, W) -> (batch, filters, H, W): how each filter fares against the others, over all channels."""

    def __init__(self, filters: int, released: bool) -> None:
        """released: the release lines up channels and filters in the other order after filtering, and mixes them so."""
        super().__init__()
        self.released = released
        self.basis = nn.Parameter(torch.randn(filters, 1, KERNEL, KERNEL))

    def forward(self, features: Tensor) -> Tensor:
        channels, filters, margin = features.shape[1], len(self.basis), KERNEL // 2
        padded = functional.pad(features, (margin,) * 4, mode="reflect")
        found = functional.conv2d(padded, self.basis.repeat(channels, 1, 1, 1), groups=channels)
        ones = torch.ones_like(features[:1, :1])
        found = found / functional.conv2d(ones, torch.ones_like(self.basis[:1]), padding=margin)  # pixels inside
        if self.released:
            return found.unflatten(1, (filters, channels)).softmax(dim=1).mean(dim=2)
        return found.unflatten(1, (channels, filters)).softmax(dim=2).mean(dim=1)


class ResidualBlock(nn.Module):
    """(batch, channels, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        layers = []
        for _ in range(2):
            convolution = nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False)
            layers += [norm(channels), nn.SiLU(), convolution]
        self.block = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        return features + self.block(features)


class WindowAttention(nn.Module):
    """Within windows of 7 x 7; those at the right and lower edge are filled up with zeros. (batch, H, W, channels)."""

    rpi: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        self.rpb = nn.Parameter(0.02 * torch.randn((2 * WINDOW - 1) ** 2, HEADS))
        places = torch.cartesian_prod(torch.arange(WINDOW), torch.arange(WINDOW))  # row, column
        apart = places[:, None] - places[None] + WINDOW - 1
        self.register_buffer("rpi", apart[..., 0] * (2 * WINDOW - 1) + apart[..., 1])

    def forward(self, grid: Tensor) -> Tensor:
        batch, height, width, channels = grid.shape
        padded = functional.pad(grid, (0, 0, 0, -width % WINDOW, 0, -height % WINDOW))
        rows, columns = padded.shape[1] // WINDOW, padded.shape[2] // WINDOW
        windows = padded.view(batch, rows, WINDOW, columns, WINDOW, channels).transpose(2, 3)
        tokens = windows.reshape(-1, WINDOW**2, channels)  # (batch * rows * columns, 49, channels)
        query, key, value = self.qkv(tokens).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        bias = self.rpb[self.rpi].permute(2, 0, 1)  # (heads, 49, 49)
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        mixed = self.proj(mixed.transpose(1, 2).flatten(2))
        whole = mixed.view(batch, rows, columns, WINDOW, WINDOW, channels).transpose(2, 3).reshape(padded.shape)
        return whole[:, :height, :width]


class Stage(nn.Module):
    """(batch, width_in, H, W) -> (batch, width, 2 H, 2 W)."""

    def __init__(self, width_in: int, width: int, attention: bool) -> None:
        super().__init__()
        self.up = nn.Sequential(nn.ConvTranspose2d(width_in, width, 4, 2, 1), norm(width), nn.SiLU())
        self.ref = ResidualBlock(width)
        self.attn = WindowAttention(width) if attention else None
        self.norm = nn.LayerNorm(width) if attention else None

    def forward(self, features: Tensor) -> Tensor:
        features = self.ref(self.up(features))
        if self.attn is None or self.norm is None:
            return features
        grid = features.permute(0, 2, 3, 1)
        return (grid + self.attn(self.norm(grid))).permute(0, 3, 1, 2)


class ChangeMaskDecoder(nn.Module):
    """features: (batch, any width, n, n) -> probability of change (batch, 1, pixels, pixels).

    Every stage doubles the grid; with `attention` all but the last look around in windows. `released` as in the release.
    """

    def __init__(
        self, hidden: int = 128, pixels: int = 256, stages: int = 4, attention: bool = True, released: bool = False
    ) -> None:
        super().__init__()
        self.pixels = pixels
        self.lfu = FeatureUnification(hidden, released)
        self.proj = nn.Sequential(
            nn.Conv2d(hidden, hidden, 3, padding=1), norm(hidden), nn.SiLU(), ResidualBlock(hidden)
        )
        widths = [hidden, *(max(hidden // 2 ** (index + 1), NARROWEST) for index in range(stages))]
        self.stages = nn.ModuleList(
            Stage(widths[index], widths[index + 1], attention and index < stages - 1) for index in range(stages)
        )
        last = widths[-1]
        self.head = nn.Sequential(nn.Conv2d(last, last, 3, padding=1), norm(last), nn.SiLU(), nn.Conv2d(last, 1, 1))

    def logits(self, features: Tensor) -> Tensor:
        """(batch, 1, n * 2 ** stages, n * 2 ** stages)."""
        features = self.proj(self.lfu(features))
        for stage in self.stages:
            features = stage(features)
        return self.head(features)

    def forward(self, features: Tensor, pixels: int | None = None) -> Tensor:
        """pixels: along each side of the mask, else the decoder's own."""
        size = pixels or self.pixels
        logits = self.logits(features)
        if logits.shape[-1] != size:
            logits = functional.interpolate(logits, size=(size, size), mode="bilinear", align_corners=False)
        return logits.float().sigmoid()

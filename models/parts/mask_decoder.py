"""One mask for each target, at two levels: what is meant first, then its finer outline under the first mask's light.

GeoPix (arXiv 2501.06828), mask predictor: the decoder of Segment Anything (arXiv 2304.02643, appendix A) with a transformer
for each level. The upper level sees the image at twice the size, brightened where the lower level's mask lies. Attributes are
called as the release calls its keys. Knows features and prompts only: nothing of words, towers or memories.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from rsvlm.models.parts.prompt_encoder import FourierPlaces
from rsvlm.models.parts.two_way_transformer import TwoWayTransformer

LEVELS = 2
MASKS = (
    4  # tokens of Segment Anything, which tells whole from part; words are not ambiguous, so that the first is taken
)


class ChannelNorm(nn.Module):
    """Each place's channels to mean 0 and deviation 1. (batch, channels, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        mean = features.mean(dim=1, keepdim=True)
        spread = (features - mean).square().mean(dim=1, keepdim=True)
        return self.weight[:, None, None] * (features - mean) / (spread + 1e-6).sqrt() + self.bias[:, None, None]


def doubled(width_in: int, width_out: int) -> nn.Sequential:
    """(batch, width_in, H, W) -> (batch, width_out, 2 H, 2 W)."""
    return nn.Sequential(nn.ConvTranspose2d(width_in, width_out, 2, stride=2), ChannelNorm(width_out), nn.GELU())


class Perceptron(nn.Module):
    """(..., width) -> (..., width_out), in three layers."""

    def __init__(self, width: int, width_out: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, out) for out in (width, width, width_out))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.layers[2](relu(self.layers[1](relu(self.layers[0](tokens)))))


class MaskDecoder(nn.Module):
    """features of the image, and a prompt, for each target -> logits of its mask, and how good it takes it to be."""

    def __init__(self, width: int, depth: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.transformer = nn.ModuleList(TwoWayTransformer(width, depth, heads, hidden) for _ in range(LEVELS))
        self.level_embed = nn.Embedding(LEVELS, width)
        self.iou_token = nn.Embedding(1, width)
        self.mask_tokens = nn.Embedding(MASKS, width)
        self.upsample_2x = doubled(width, width)
        self.pe1 = FourierPlaces(width)
        self.output_upscaling = doubled(width, width // 8)
        self.hypernetwork = Perceptron(width, width // 8)
        self.iou_prediction_head = Perceptron(width, MASKS)

    def forward(
        self, level: int, features: Tensor, prompts: Tensor, places: Tensor, dense: Tensor, previous: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """features: (targets, width, n, n); prompts: (targets, width); places, dense: (1, width, n, n) of PromptEncoder.

        previous: (targets, 1, 2 n, 2 n), the lower level's mask at the upper level, else None.
        Returns logits (targets, 1, s, s), s = 2 n at the lower and 4 n at the upper level, and IoU estimates (targets, 1).
        """
        if previous is not None:
            features = self.upsample_2x(features) * (1 + previous.mean(dim=1, keepdim=True).sigmoid())
            places = self.pe1(features.shape[-1])
            dense = interpolate(dense, features.shape[-2:], mode="bilinear", align_corners=False)
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(len(prompts), -1, -1)
        tokens = torch.cat([own, prompts[:, None]], dim=1) + self.level_embed.weight[level]  # (targets, 6, width)
        image = (features + dense).flatten(2).transpose(1, 2)  # (targets, n * n, width)
        tokens, image = self.transformer[level](tokens, image, places.flatten(2).transpose(1, 2))
        finer = self.output_upscaling(image.transpose(1, 2).unflatten(2, features.shape[-2:]))
        mask = torch.einsum("tc,tchw->thw", self.hypernetwork(tokens[:, 1]), finer)
        return mask[:, None], self.iou_prediction_head(tokens[:, 0])[:, :1]

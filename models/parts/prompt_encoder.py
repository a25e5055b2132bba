"""What stands beside the image when a mask is asked for by words: where each place is, and that no mask was given.

Segment Anything (arXiv 2304.02643), section 3 and appendix A: places as random Fourier features (arXiv 2006.10739), and a
learnt vector where there is no earlier mask. GeoPix (arXiv 2501.06828) asks by words alone, which come in as they are. Knows
grids only: nothing of points, boxes or words.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class FourierPlaces(nn.Module):
    """(1, width, n, n): sines, then cosines of random frequencies of each place's centre, x before y."""

    positional_encoding_gaussian_matrix: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, width // 2))

    def forward(self, n: int) -> Tensor:
        matrix = self.positional_encoding_gaussian_matrix
        with torch.autocast(matrix.device.type, enabled=False):  # frequencies are too high for half precision
            centres = 2 * (torch.arange(n, device=matrix.device, dtype=torch.float32) + 0.5) / n - 1
            y, x = torch.meshgrid(centres, centres, indexing="ij")
            angles = 2 * math.pi * torch.stack([x, y], dim=-1) @ matrix.float()  # (n, n, width / 2)
            waves = torch.cat([angles.sin(), angles.cos()], dim=-1)
        return waves.permute(2, 0, 1)[None].to(matrix.dtype)


class PromptEncoder(nn.Module):
    """Attributes are called as Segment Anything's keys."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.pe_layer = FourierPlaces(width)
        self.no_mask_embed = nn.Embedding(1, width)

    def forward(self, n: int) -> tuple[Tensor, Tensor]:
        """Places (1, width, n, n), and what is added to the image's features (1, width, n, n)."""
        return self.pe_layer(n), self.no_mask_embed.weight[:, :, None, None].expand(-1, -1, n, n)

"""Places in a row as sines and cosines of rising wavelengths: what tells attention which token comes first.

Vaswani et al., arXiv 1706.03762, section 3.5. Knows numbers of places only.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def sinusoid(length: int, width: int) -> Tensor:
    """(length, width) float32: sines in even channels, cosines in odd ones. width: even."""
    frequency = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = torch.arange(length)[:, None] * frequency
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(1)

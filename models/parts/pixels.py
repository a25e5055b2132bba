"""Pixels as networks take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MEAN, DEVIATION = 0.4, 0.2  # near those of aerial pictures; one pair for all channels keeps colours comparable

FLAT = 2 / 255  # deviation of pixels under which a picture is one even colour; training pictures all vary more


def normalise(pixels: Tensor) -> Tensor:
    """(batch, 3, H, W) in [0, 1] -> the same, about zero mean and unit deviation."""
    return (pixels - MEAN) / DEVIATION

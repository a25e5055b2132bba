"""How far masks are from the truth: pixel by pixel, and by how much they overlap.

Binary cross entropy, and Dice (V-Net, arXiv 1606.04797, section 3), as LISA (arXiv 2308.00692, section 3.2) and GeoPix (arXiv
2501.06828) join them. Knows masks only.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

SMOOTH = 1.0  # pixels: an empty mask that is found empty has no loss


def pixel_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Mean cross entropy of all pixels; 0 where there is no mask. logits, truth in [0, 1]: (masks, H, W)."""
    if not len(logits):
        return logits.sum()
    with torch.autocast(logits.device.type, enabled=False):
        return binary_cross_entropy_with_logits(logits.float(), truth.float())


def dice_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """1 less twice the overlap over both areas, mean of the masks; 0 where there is none. As above."""
    if not len(logits):
        return logits.sum()
    found, wanted = logits.float().sigmoid().flatten(1), truth.float().flatten(1)
    overlap, areas = (found * wanted).sum(dim=1), found.sum(dim=1) + wanted.sum(dim=1)
    return (1 - (2 * overlap + SMOOTH) / (areas + SMOOTH)).mean()

"""Pictures and texts that belong together are near, both ways, over all that is seen in one step. Knows vectors only."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.distributed import is_available, is_initialized
from torch.distributed.nn.functional import all_gather


def contrastive_loss(images: Tensor, texts: Tensor, same: Tensor, log_scale: Tensor) -> Tensor:
    """images, texts: (batch, width), unit length; same: (batch, batch) bool, several may be right.

    Radford et al., arXiv 2103.00020, with the targets shared equally among the positives (Khosla et al., arXiv 2004.11362).
    """
    logits = images.float() @ texts.float().T * log_scale.clamp(max=4.6).exp()
    target = same.float()
    rows = nn.functional.cross_entropy(logits, target / target.sum(dim=1, keepdim=True))
    columns = nn.functional.cross_entropy(logits.T, target.T / target.T.sum(dim=1, keepdim=True))
    return (rows + columns) / 2


def gathered(rows: Tensor) -> Tensor:
    """(batch, ...) of this process -> those of all processes, which are as many in each; gradients find their way back."""
    if not (is_available() and is_initialized()):
        return rows
    return torch.cat(all_gather(rows))

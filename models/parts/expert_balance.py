"""How unevenly experts are used, as a loss.

Switch Transformer (arXiv 2101.03961, section 2.2, equation 4), less the 1 that even use gives there; with the shares
themselves as use it is the squared coefficient of variation of Shazeer et al. (arXiv 1701.06538, section 4). Knows weights
of experts only: not what they work on.
"""

from __future__ import annotations

from torch import Tensor


def imbalance(shares: Tensor, used: Tensor, counted: Tensor | None = None) -> Tensor:
    """A scalar: 0 where experts are used alike, experts - 1 where one gets everything.

    shares: (..., experts), what a gate gives, 1 in sum; it learns from this. used: the same shape, what of it was done, 1 in
    sum. counted: (...), 0 for what is padding.
    """
    experts = shares.shape[-1]
    rows = shares.reshape(-1, experts).float(), used.reshape(-1, experts).float()
    if counted is not None:
        kept = counted.reshape(-1).bool()
        rows = rows[0][kept], rows[1][kept]
    return experts * (rows[0].mean(dim=0) * rows[1].mean(dim=0)).sum() - 1

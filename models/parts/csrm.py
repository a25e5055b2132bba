"""Cross-semantic relation measuring: what changed between two dates, as seen from each of them.

DeltaVLM (arXiv 2507.22346), section 3.2. The difference of the two dates, and a gated context of it, stand beside each
date's own tokens and are mixed back to their width. Knows token grids only: nothing of images, dates or language.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CrossSemanticRelation(nn.Module):
    """Gate the difference of two token grids into each date's own tokens.

    before, after: (batch, tokens, width) -> (batch, 2 * tokens, width), before's tokens first.
    """

    def __init__(self, width: int, dropout: float = 0.5) -> None:
        super().__init__()
        self.context1 = nn.Linear(width, width, bias=False)
        self.context2 = nn.Linear(width, width)
        self.gate1 = nn.Linear(width, width, bias=False)
        self.gate2 = nn.Linear(width, width)
        self.context3 = nn.Linear(3 * width, width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, before: Tensor, after: Tensor) -> Tensor:
        difference = after - before
        return torch.cat([self._relate(before, difference), self._relate(after, difference)], dim=1)

    def _relate(self, tokens: Tensor, difference: Tensor) -> Tensor:
        context = self.dropout(torch.tanh(self.context1(difference) + self.context2(tokens)))
        gate = self.dropout(torch.sigmoid(self.gate1(difference) + self.gate2(tokens)))
        return self.context3(torch.cat([tokens, difference, gate * context], dim=-1))

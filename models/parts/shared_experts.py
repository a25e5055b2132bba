"""Experts for tokens, some of which a gate picks and some of which always work, as RS-MoE's repository has them.

The block ShareExpertMOE, which that code puts on the words before its language model, with neither a residual path nor a
balance term. It is not the mixture of language models that the paper describes (arXiv 2411.01595; see
instruction_router.py). Attributes are called as the released keys are. Knows tokens only.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Picked:
    """logits: (tokens, experts); weights: (tokens, top), 1 in sum; experts: (tokens, top), the heaviest first."""

    logits: Tensor
    weights: Tensor
    experts: Tensor


class Expert(nn.Module):
    """(..., width) -> the same, by four times as many hidden units."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.linear1 = nn.Linear(width, 4 * width)
        self.linear2 = nn.Linear(4 * width, width)
        self.dropout = dropout

    def forward(self, tokens: Tensor) -> Tensor:
        hidden = functional.dropout(functional.gelu(self.linear1(tokens)), self.dropout, self.training)
        return self.linear2(hidden)


class SparseExperts(nn.Module):
    """(batch, length, width) -> the same, each token by its `top` experts."""

    def __init__(self, width: int, experts: int, top: int, dropout: float) -> None:
        super().__init__()
        self.experts = nn.ModuleList(Expert(width, dropout) for _ in range(experts))
        self.router = nn.ModuleDict({"gate": nn.Linear(width, experts)})
        self.top = top

    def pick(self, tokens: Tensor) -> Picked:
        """tokens: (..., width)."""
        logits = self.router["gate"](tokens.flatten(0, -2))
        best, experts = logits.softmax(dim=-1).topk(self.top, dim=-1)
        return Picked(logits, best / best.sum(dim=-1, keepdim=True), experts)

    def forward(self, tokens: Tensor) -> Tensor:
        picked, flat = self.pick(tokens), tokens.flatten(0, -2)
        mixed = torch.zeros_like(flat)
        for number, expert in enumerate(self.experts):
            rows, place = (picked.experts == number).nonzero(as_tuple=True)
            mixed = mixed.index_add(0, rows, expert(flat[rows]) * picked.weights[rows, place, None])
        return mixed.view_as(tokens)


class SharedExperts(nn.Module):
    """(batch, length, width) -> the same: what the picked experts and all of the shared ones say, added up."""

    def __init__(self, width: int, experts: int = 4, top: int = 2, shared: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        self.moe_model = SparseExperts(width, experts, top, dropout)
        self.shared_experts = nn.ModuleList(Expert(width, dropout) for _ in range(shared))

    def forward(self, tokens: Tensor) -> Tensor:
        mixed: Tensor = self.moe_model(tokens)
        return torch.stack([mixed, *(expert(tokens) for expert in self.shared_experts)]).sum(dim=0)

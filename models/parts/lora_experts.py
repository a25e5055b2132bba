"""Several low-rank adapters on one frozen network, of which each row of a batch takes its own.

LoRA (arXiv 2106.09685, section 4.1) as often as there are experts, so that one base model is all of them (RS-MoE, arXiv
2411.01595, trains its experts with LoRA). Unlike one adapter (adapters.py), experts that work in one batch run at once. Knows
layers and numbers of experts: not what an expert is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional


class Choice:
    """Which expert works on each row, for all layers that share this. None: the network does as it did without experts."""

    def __init__(self) -> None:
        self.rows: Tensor | None = None

    @contextmanager
    def of(self, rows: Tensor) -> Iterator[None]:
        """rows: (batch,) numbers of experts."""
        before, self.rows = self.rows, rows
        try:
            yield
        finally:
            self.rows = before


class LoraStack(nn.Module):
    """W x and, for every expert, alpha / rank B A x. `down` is A of all of them, `up` is B: what is learnt."""

    def __init__(self, base: nn.Linear, experts: int, rank: int, alpha: int, dropout: float) -> None:
        super().__init__()
        self.base_layer = base.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(experts, rank, base.in_features))
        self.up = nn.Parameter(torch.zeros(experts, base.out_features, rank))
        nn.init.uniform_(self.down, -(base.in_features**-0.5), base.in_features**-0.5)
        self.scale, self.dropout = alpha / rank, dropout

    def _dropped(self, states: Tensor) -> Tensor:
        return functional.dropout(states, self.dropout, self.training)


class ExpertLinear(LoraStack):
    """states: (batch, length, width_in) -> (batch, length, width_out), each row by the expert that is chosen for it."""

    def __init__(self, base: nn.Linear, experts: int, rank: int, alpha: int, dropout: float, choice: Choice) -> None:
        super().__init__(base, experts, rank, alpha, dropout)
        self.choice = choice

    def forward(self, states: Tensor) -> Tensor:
        plain: Tensor = self.base_layer(states)
        rows = self.choice.rows
        if rows is None:
            return plain
        low = torch.einsum("bti,bri->btr", self._dropped(states), self.down[rows])
        return plain + self.scale * torch.einsum("btr,bor->bto", low, self.up[rows])


def add_experts(
    model: nn.Module, experts: int, rank: int, alpha: int, targets: Sequence[str], dropout: float
) -> Choice:
    """Put experts on every linear layer that is called as one of `targets`; all else is frozen. They begin as nothing."""
    choice = Choice()
    model.requires_grad_(False)
    for parent, name, layer in linear_layers(model, targets):
        setattr(parent, name, ExpertLinear(layer, experts, rank, alpha, dropout, choice))
    return choice


def linear_layers(model: nn.Module, targets: Sequence[str]) -> list[tuple[nn.Module, str, nn.Linear]]:
    """Parent, name and layer of each linear layer that is called as one of `targets`. Raises ValueError if there is none."""
    found = [
        (parent, name, layer)
        for parent in model.modules()
        for name, layer in parent.named_children()
        if name in targets and isinstance(layer, nn.Linear)
    ]
    if not found:
        raise ValueError(f"no linear layer is called {' or '.join(targets)}")
    return found


@torch.no_grad()
def copy_expert(model: nn.Module, origin: int) -> None:
    """From now on all experts are what the expert `origin` is, until they learn."""
    for layer in model.modules():
        if isinstance(layer, ExpertLinear):
            for stack in (layer.down, layer.up):
                stack.copy_(stack[origin].clone().expand_as(stack))

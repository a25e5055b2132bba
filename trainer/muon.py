"""Muon: steps in orthogonal directions for the matrices of hidden layers, AdamW for all else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW
from torch.optim._muon import DEFAULT_A, DEFAULT_B, DEFAULT_C, DEFAULT_NS_STEPS, EPS, muon

NARROWEST = 16  # rows and columns of a weight that has directions to speak of
MOMENTUM = 0.95


class Muon(AdamW):
    """Muon (arXiv 2502.16982), where an update of a matrix is as large as one of AdamW: a rate that suits one suits the other.

    torch.optim.Muon does the same for linear layers alone; here a convolution is the matrix of its outputs by all that they see.
    """

    def __init__(self, network: nn.Module, rate: float, decay: float, decayed: Collection[str]) -> None:
        """Of the weights that are trained. decayed: names of those that shrink by `decay` times the rate in a step."""
        matrices = {name for name, _ in hidden_matrices(network)}
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        for name, weight in network.named_parameters():
            if weight.requires_grad:
                groups.setdefault((name in matrices, name in decayed), []).append(weight)
        super().__init__(
            [
                {"params": params, "turned": turned, "weight_decay": decay * shrinks}
                for (turned, shrinks), params in groups.items()
            ],
            lr=rate,
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override] # of overloads
        with torch.enable_grad():
            loss = closure() if closure else None
        for group in self.param_groups:
            if group["turned"]:
                self._turn(group)
        super().step()
        return loss

    def _turn(self, group: dict[str, Any]) -> None:
        """Steps of matrices, whose gradients are gone then: AdamW leaves alone what has none."""
        moved = [weight for weight in group["params"] if weight.grad is not None]
        for weight in moved:
            if not self.state[weight]:
                # AdamW asks all that has a state for its steps.
                self.state[weight] = {"step": torch.zeros(()), "momentum_buffer": torch.zeros_like(weight)}
        muon(
            [_matrix(weight) for weight in moved],
            [weight.grad.flatten(1) for weight in moved],
            [_matrix(self.state[weight]["momentum_buffer"]) for weight in moved],
            lr=group["lr"], weight_decay=group["weight_decay"], momentum=MOMENTUM, nesterov=True,
            ns_coefficients=(DEFAULT_A, DEFAULT_B, DEFAULT_C), ns_steps=DEFAULT_NS_STEPS, eps=EPS,
            adjust_lr_fn="match_rms_adamw", has_complex=False,
        )  # fmt: skip
        for weight in moved:
            weight.grad = None


def hidden_matrices(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Weights of linear layers and convolutions; not of words, which are rows by themselves, where the last one has them."""
    words = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
    layers = {
        id(module.weight) for module in network.modules() if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
    }  # fmt: skip
    for name, weight in network.named_parameters():
        if id(weight) in layers - words and min(len(weight), weight[0].numel()) >= NARROWEST:
            yield name, weight


def _matrix(tensor: Tensor) -> Tensor:
    """(outputs, ...) -> (outputs, inputs), the same memory."""
    return tensor.view(len(tensor), -1)

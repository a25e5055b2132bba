"""Muon: steps in orthogonal directions for the matrices of hidden layers, AdamW for all else."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from rsvlm.trainer.precision import bfloat16_is_fast

NARROWEST = 16  # rows and columns of a weight that has directions to speak of
MOMENTUM = 0.95
ITERATIONS = 5
QUINTIC = 3.4445, -4.775, 2.0315  # of x, x³ and x⁵: singular values up to 1 come near to it in that many iterations
RATIO = 0.2  # root mean square of an update of AdamW, which one of a matrix is brought to
SMALL = 1e-7


class Muon(AdamW):
    """Muon (arXiv 2502.16982), where an update of a matrix is as large as one of AdamW: a rate that suits one suits the other.

    torch.optim.Muon does the same for linear layers alone, and in bfloat16 alone; here a convolution is the matrix of its outputs
    by all that they see, and what the device is slow in is not used.
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
        for weight in group["params"]:
            if weight.grad is None:
                continue
            if not self.state[weight]:
                # AdamW asks all that has a state for its steps.
                self.state[weight] = {"step": torch.zeros(()), "momentum_buffer": torch.zeros_like(weight)}
            mean = self.state[weight]["momentum_buffer"].lerp_(weight.grad, 1 - MOMENTUM)
            update = orthogonal(weight.grad.lerp(mean, MOMENTUM).flatten(1))
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.sub_(update.view_as(weight), alpha=group["lr"] * (RATIO * math.sqrt(max(update.shape))))
            weight.grad = None


def orthogonal(matrix: Tensor) -> Tensor:
    """(m, n) -> (m, n): the same singular vectors, singular values near 1 (0.7 to 1.2), by a Newton-Schulz iteration."""
    first, third, fifth = QUINTIC
    wide = matrix if len(matrix) <= matrix.shape[1] else matrix.T
    wide = wide.to(torch.bfloat16 if bfloat16_is_fast(matrix.device.type) else torch.float32)
    wide = wide / wide.norm().clamp(min=SMALL)
    for _ in range(ITERATIONS):
        gram = wide @ wide.T
        wide = torch.addmm(wide, torch.addmm(gram, gram, gram, beta=third, alpha=fifth), wide, beta=first)
    return (wide if len(matrix) <= matrix.shape[1] else wide.T).to(matrix.dtype)


def hidden_matrices(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Weights of linear layers and convolutions; not of words, which are rows by themselves, where the last one has them."""
    words = {id(module.weight) for module in network.modules() if isinstance(module, nn.Embedding)}
    layers = {
        id(module.weight) for module in network.modules() if isinstance(module, nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d)
    }  # fmt: skip
    for name, weight in network.named_parameters():
        if id(weight) in layers - words and min(len(weight), weight.flatten(1).shape[1]) >= NARROWEST:
            yield name, weight

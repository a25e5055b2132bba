"""A mixture of low-rank adapters: every token is worked on by a few of them, which a gate in each layer picks.

The MoE-LoRA that RS-GPT4V (arXiv 2406.12479) lists beside LoRA, built as LLaVA-MoLE (arXiv 2401.16160, section 3) routes
tokens, with any number of experts for one token; no code of the former is released. Knows layers and tokens only.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rsvlm.models.parts.expert_balance import imbalance
from rsvlm.models.parts.lora_experts import LoraStack, linear_layers


class MoeLora(LoraStack):
    """states: (..., width_in) -> (..., width_out). Weights of the picked experts sum to 1."""

    def __init__(self, base: nn.Linear, experts: int, top: int, rank: int, alpha: int, dropout: float) -> None:
        super().__init__(base, experts, rank, alpha, dropout)
        self.gate = nn.Linear(base.in_features, experts, bias=False)
        self.top = top
        self.routed: tuple[Tensor, Tensor] | None = None

    def forward(self, states: Tensor) -> Tensor:
        shares = self.gate(states).float().softmax(dim=-1)  # (..., experts)
        best, picked = shares.topk(self.top, dim=-1)
        weights = torch.zeros_like(shares).scatter(-1, picked, best / best.sum(dim=-1, keepdim=True))
        if self.training and torch.is_grad_enabled():
            self.routed = shares, (weights > 0).float() / self.top
        low = torch.einsum("...i,eri->...er", self._dropped(states), self.down) * weights[..., None].to(states.dtype)
        plain: Tensor = self.base_layer(states)
        return plain + self.scale * torch.einsum("...er,eor->...o", low, self.up)


def add_moe_lora(
    model: nn.Module, experts: int, top: int, rank: int, alpha: int, targets: Sequence[str], dropout: float
) -> None:
    """Put a mixture on every linear layer that is called as one of `targets`; all else is frozen."""
    model.requires_grad_(False)
    for parent, name, layer in linear_layers(model, targets):
        setattr(parent, name, MoeLora(layer, experts, top, rank, alpha, dropout))


def mixture_imbalance(model: nn.Module, mask: Tensor) -> Tensor:
    """Mean over the mixtures of how unevenly the last training pass used them; may be asked once for each pass.

    mask: (batch, length), 0 for padding. Raises ValueError where there was no such pass.
    """
    losses = []
    for layer in model.modules():
        if isinstance(layer, MoeLora) and layer.routed is not None:
            losses.append(imbalance(*layer.routed, mask))
            layer.routed = None  # or the whole pass would stay in memory
    if not losses:
        raise ValueError("no mixture has worked in training")
    return torch.stack(losses).mean()

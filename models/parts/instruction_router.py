"""One network that writes an instruction for each expert, and says how far each expert is to be heard.

RS-MoE (arXiv 2411.01595), from its description: an instruction router tailors a prompt for every expert to picture and task.
The paper's own network is not released; here, for each expert, a few learnt slots read the picture and the question, become
words of the language model's space that stand before the expert's fixed instruction, and its gate is read off them. Knows
embeddings only: nothing of what the experts are called, or of the language model.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Routed:
    """instructions: (batch, experts, slots, width), words that nobody could spell; gates: (batch, experts), 1 in sum."""

    instructions: Tensor
    gates: Tensor


class InstructionRouter(nn.Module):
    """width: of the language model's embeddings; hidden: of the router itself."""

    def __init__(self, width: int, experts: int, slots: int, hidden: int, heads: int) -> None:
        super().__init__()
        self.experts, self.heads = experts, heads
        self.slots = nn.Parameter(0.02 * torch.randn(experts * slots, hidden))
        self.read = nn.Linear(width, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.key_value = nn.Linear(hidden, 2 * hidden)
        self.query = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, hidden)
        self.feed = nn.Sequential(
            nn.LayerNorm(hidden), nn.Linear(hidden, 4 * hidden), nn.GELU(), nn.Linear(4 * hidden, hidden)
        )
        self.write = nn.Linear(hidden, width)
        self.gate = nn.Parameter(torch.zeros(experts, hidden))

    def forward(self, evidence: Tensor, mask: Tensor) -> Routed:
        """evidence: (batch, n, width), tokens of the picture and of the question; mask: (batch, n), 0 for padding."""
        batch, hidden = len(evidence), self.slots.shape[1]
        key, value = self.key_value(self.norm(self.read(evidence))).chunk(2, dim=-1)
        query = self.query(self.slots).expand(batch, -1, -1)
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in (query, key, value)
        )  # each (batch, heads, n or experts * slots, hidden / heads)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask.bool()[:, None, None, :])
        states = self.slots + self.out(seen.transpose(1, 2).flatten(2))
        states = states + self.feed(states)
        states = states.view(batch, self.experts, -1, hidden)
        scores = (states.mean(dim=2) * self.gate).sum(dim=-1) / hidden**0.5
        return Routed(self.write(states), scores.float().softmax(dim=-1))

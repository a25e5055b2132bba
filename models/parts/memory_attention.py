"""Multi-head attention that reads its memory once: keys and values are kept and asked again for every further word.

Vaswani et al., arXiv 1706.03762, section 3.2.2. Parameters are named as in torch.nn.MultiheadAttention, and the result is
the same. Knows tokens only: neither positions nor what a memory holds.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, scaled_dot_product_attention


class KeysValues(NamedTuple):
    """A memory as the heads see it. keys, values: (batch, heads, tokens, width / heads)."""

    keys: Tensor
    values: Tensor

    def rows(self, origins: Tensor) -> KeysValues:
        """origins: (n,) row numbers -> the memory of each, a batch of n."""
        return KeysValues(self.keys[origins], self.values[origins])

    def followed_by(self, other: KeysValues) -> KeysValues:
        """This memory and then the tokens of another."""
        return KeysValues(torch.cat([self.keys, other.keys], dim=2), torch.cat([self.values, other.values], dim=2))


class MemoryAttention(nn.Module):
    """`read` a memory, then ask it. width: of tokens, a multiple of heads; dropout: of the weights, in training."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))  # query, key, value
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)

    def read(self, memory: Tensor) -> KeysValues:
        """memory: (batch, tokens, width)."""
        width = memory.shape[-1]
        both = linear(memory, self.in_proj_weight[width:], self.in_proj_bias[width:])
        keys, values = both.split(width, dim=-1)
        return KeysValues(self._apart(keys), self._apart(values))

    def forward(self, tokens: Tensor, memory: KeysValues, causal: bool = False) -> Tensor:
        """tokens: (batch, length, width) -> the same; a memory with a batch of one serves all rows.

        causal: token i sees the first i + 1 of the memory.
        """
        batch, length, width = tokens.shape
        query = self._apart(linear(tokens, self.in_proj_weight[:width], self.in_proj_bias[:width]))
        found = scaled_dot_product_attention(
            query,
            memory.keys.expand(batch, -1, -1, -1),
            memory.values.expand(batch, -1, -1, -1),
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=causal,
        )
        return self.out_proj(found.transpose(1, 2).reshape(batch, length, width))

    def _apart(self, tokens: Tensor) -> Tensor:
        """(batch, length, width) -> (batch, heads, length, width / heads)."""
        batch, length, width = tokens.shape
        return tokens.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

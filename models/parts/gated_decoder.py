"""A word decoder that weighs two memories and its own words against each other, channel by channel.

MModalCC (arXiv 2501.10075): multimodal gated cross attention. Knows word ids and memories; nothing of pictures, words
or how a sentence is searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from rsvlm.models.parts.memory_attention import KeysValues, MemoryAttention
from rsvlm.models.parts.sinusoid import sinusoid


class Memories(NamedTuple):
    """The two memories as one layer reads them."""

    rgb: KeysValues
    semantic: KeysValues


class GatedLayer(nn.Module):
    """Self-attention, a question to each memory, three gates, feed-forward. (batch, length, width) -> the same.

    shared: one attention asks both memories, as released; otherwise each has its own.
    """

    def __init__(self, width: int, heads: int, dropout: float, shared: bool) -> None:
        super().__init__()
        self.self_attention = MemoryAttention(width, heads, dropout)
        self.norm_self = nn.LayerNorm(width)
        self.questions = nn.ModuleList(MemoryAttention(width, heads, dropout) for _ in range(1 if shared else 2))
        self.gate_rgb = nn.Linear(2 * width, width)
        self.gate_semantic = nn.Linear(2 * width, width)
        self.gate_words = nn.Linear(width, width)
        self.norm_gated = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm_mlp = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def read(self, rgb: Tensor, semantic: Tensor) -> Memories:
        """rgb, semantic: (batch, tokens, width)."""
        of_rgb, of_semantic = cast("MemoryAttention", self.questions[0]), cast("MemoryAttention", self.questions[-1])
        return Memories(of_rgb.read(rgb), of_semantic.read(semantic))

    def forward(self, tokens: Tensor, memories: Memories, past: KeysValues | None) -> tuple[Tensor, KeysValues]:
        """past: keys and values of earlier words, before exactly one further; None for words from the first on.

        Returns the tokens, and the past of what follows.
        """
        own = self.self_attention.read(tokens)
        seen = own if past is None else past.followed_by(own)
        found = self.self_attention(tokens, seen, causal=past is None)
        tokens = self.norm_self(tokens + self.dropout(found))
        rgb = self.questions[0](tokens, memories.rgb)
        semantic = self.questions[-1](tokens, memories.semantic)
        gated = (
            rgb * self.gate_rgb(torch.cat([tokens, rgb], dim=-1)).sigmoid()
            + semantic * self.gate_semantic(torch.cat([tokens, semantic], dim=-1)).sigmoid()
            + tokens * self.gate_words(tokens).sigmoid()
        )
        tokens = self.norm_gated(gated)
        found = self.narrow(self.dropout(relu(self.widen(tokens))))
        return self.norm_mlp(tokens + self.dropout(found)), seen


class GatedDecoder(nn.Module):
    """Word ids and two memories -> logits of each next word. width: of words and memories alike."""

    def __init__(self, vocabulary: int, width: int, heads: int, depth: int, dropout: float, shared: bool) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.layers = nn.ModuleList(GatedLayer(width, heads, dropout, shared) for _ in range(depth))
        self.logits = nn.Linear(width, vocabulary)
        self.dropout_words, self.dropout = nn.Dropout(0.1), nn.Dropout(dropout)

    def read(self, rgb: Tensor, semantic: Tensor) -> list[Memories]:
        """rgb, semantic: (batch, tokens, width) -> what each layer will ask; computed once for a whole sentence."""
        return [cast("GatedLayer", layer).read(rgb, semantic) for layer in self.layers]

    def forward(
        self, ids: Tensor, memories: Sequence[Memories], past: Sequence[KeysValues] | None = None
    ) -> tuple[Tensor, list[KeysValues]]:
        """ids: (batch, length) -> logits (batch, length, vocabulary), and the past of what follows.

        past: of each layer after the words so far; then ids is the one word that follows them, (batch, 1).
        """
        begin = 0 if past is None else past[0].keys.shape[2]
        places = sinusoid(begin + ids.shape[1], self.words.embedding_dim)[begin:]
        tokens = self.dropout_words(self.words(ids) + places.to(self.words.weight))
        following = []
        for index, layer in enumerate(self.layers):
            tokens, seen = layer(tokens, memories[index], None if past is None else past[index])
            following.append(seen)
        return self.logits(self.dropout(tokens)), following

"""A few learnt queries read an image, and the instruction beside them, and hand on what answers it.

BLIP-2 (arXiv 2301.12597, section 3.1): queries attend to each other and, in every other layer, to the image. InstructBLIP
(arXiv 2305.06500, section 2.3): the words of the instruction stand beside the queries in self-attention, with feed-forward
layers of their own. Knows image tokens and word ids only: nothing of tokenizers, dates or the language model that follows.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

# Parts of the released keys and of ours; from "Qformer.bert." on, as in LAVIS.
RENAMED = (
    ("embeddings.word_embeddings.", "words."),
    ("embeddings.position_embeddings.", "positions."),
    ("embeddings.LayerNorm.", "norm."),
    ("encoder.layer.", "layers."),
    ("crossattention.", "cross."),
    ("attention.self.", "attention."),
    ("cross.self.", "cross."),
    ("attention.output.dense.", "attention.out."),
    ("attention.output.LayerNorm.", "attention.norm."),
    ("cross.output.dense.", "cross.out."),
    ("cross.output.LayerNorm.", "cross.norm."),
    ("intermediate_query.dense.", "for_queries.up."),
    ("output_query.dense.", "for_queries.down."),
    ("output_query.LayerNorm.", "for_queries.norm."),
    ("intermediate.dense.", "for_words.up."),
    ("output.dense.", "for_words.down."),
    ("output.LayerNorm.", "for_words.norm."),
)


def our_key(official: str) -> str:
    """ "encoder.layer.0.attention.self.query.weight" -> "layers.0.attention.query.weight"."""
    for theirs, ours in RENAMED:
        official = official.replace(theirs, ours)
    return official


class Attention(nn.Module):
    """From `tokens` to `source`, added to the tokens and then normalised.

    tokens: (batch, n, width); source: (batch, m, width_source); mask: (batch, m), False where nothing may be read.
    """

    def __init__(self, width: int, width_source: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width_source, width)
        self.value = nn.Linear(width_source, width)
        self.out = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, tokens: Tensor, source: Tensor, mask: Tensor | None = None) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, heads, n or m, width / heads)
            for part in (self.query(tokens), self.key(source), self.value(source))
        )
        seen = None if mask is None else mask[:, None, None, :]
        dropout = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=seen, dropout_p=dropout)
        mixed = self.out(mixed.transpose(1, 2).flatten(2))
        return self.norm(tokens + functional.dropout(mixed, self.dropout, self.training))


class FeedForward(nn.Module):
    """(..., width) -> the same, added to what came and then normalised."""

    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = dropout

    def forward(self, tokens: Tensor) -> Tensor:
        changed = functional.dropout(self.down(functional.gelu(self.up(tokens))), self.dropout, self.training)
        return self.norm(tokens + changed)


class Layer(nn.Module):
    """tokens: (batch, queries + words, width), the queries first -> the same."""

    def __init__(
        self, width: int, heads: int, hidden: int, image_width: int | None, instructed: bool, dropout: float
    ) -> None:
        """image_width: None for a layer that does not look at the image."""
        super().__init__()
        self.attention = Attention(width, width, heads, dropout)
        self.cross = None if image_width is None else Attention(width, image_width, heads, dropout)
        self.for_queries = FeedForward(width, hidden, dropout)
        self.for_words = FeedForward(width, hidden, dropout) if instructed else None

    def forward(self, tokens: Tensor, queries: int, image: Tensor, mask: Tensor | None) -> Tensor:
        tokens = self.attention(tokens, tokens, mask)
        asking, words = tokens[:, :queries], tokens[:, queries:]
        if self.cross is not None:
            asking = self.cross(asking, image)
        asking = self.for_queries(asking)
        if self.for_words is None:
            return asking
        return torch.cat([asking, self.for_words(words)], dim=1)


class QFormer(nn.Module):
    """Queries, and words if `instructed`, read image tokens of `image_width`.

    Defaults: the released size. positions: most words of an instruction.
    """

    def __init__(
        self,
        image_width: int,
        queries: int = 32,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        hidden: int = 3072,
        vocabulary: int = 30523,
        positions: int = 512,
        instructed: bool = True,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.query_tokens = nn.Parameter(0.02 * torch.randn(1, queries, width))
        self.words = nn.Embedding(vocabulary, width) if instructed else None
        self.positions = nn.Embedding(positions, width) if instructed else None
        self.norm = nn.LayerNorm(width, eps=1e-12)
        self.layers = nn.ModuleList(
            Layer(width, heads, hidden, image_width if index % 2 == 0 else None, instructed, dropout)
            for index in range(depth)
        )
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)

    def forward(self, image: Tensor, ids: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """The queries alone: (batch, queries, width). Arguments as those of `states`."""
        return self.states(image, ids, mask)[:, : self.query_tokens.shape[1]]

    def states(self, image: Tensor, ids: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """(batch, queries + words, width): the last layer's, queries first.

        image: (batch, tokens, image_width). ids: (batch, words) of the instruction, None without one; mask: (batch,
        words), 0 at padding, None where there is none. Raises ValueError for words that a Q-Former of queries alone gets.
        """
        tokens = self.query_tokens.expand(len(image), -1, -1)
        queries, seen = tokens.shape[1], None
        if ids is not None:
            if self.words is None or self.positions is None:
                raise ValueError("this Q-Former reads no instruction")
            tokens = torch.cat([tokens, self.words(ids) + self.positions.weight[: ids.shape[1]]], dim=1)
            seen = None if mask is None else functional.pad(mask.bool(), (queries, 0), value=True)
        tokens = functional.dropout(self.norm(tokens), self.dropout, self.training)
        for layer in self.layers:
            tokens = layer(tokens, queries, image, seen)
        return tokens

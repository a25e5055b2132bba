"""A few tokens and an image attend to each other, in both directions.

Segment Anything (arXiv 2304.02643), appendix A, “lightweight mask decoder”. Attributes are called as its keys. Knows tokens
only: nothing of masks, prompts or grids.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.functional import relu, scaled_dot_product_attention


class Attention(nn.Module):
    """query: (batch, n, width), key and value: (batch, m, width) -> (batch, n, width); within width / downsample."""

    def __init__(self, width: int, heads: int, downsample: int = 1) -> None:
        super().__init__()
        self.heads = heads
        inner = width // downsample
        self.q_proj = nn.Linear(width, inner)
        self.k_proj = nn.Linear(width, inner)
        self.v_proj = nn.Linear(width, inner)
        self.out_proj = nn.Linear(inner, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key, value = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (batch, heads, n or m, inner / heads)
            for part in (self.q_proj(query), self.k_proj(key), self.v_proj(value))
        )
        return self.out_proj(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    """(..., width) -> the same."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.lin1 = nn.Linear(width, hidden)
        self.lin2 = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.lin2(relu(self.lin1(tokens)))


class TwoWayBlock(nn.Module):
    """Tokens to themselves, to the image, through an MLP; then the image to the tokens. Norms come after each.

    Where a token or a part of the image asks or is asked, its place is added; what is handed on has none.
    """

    def __init__(self, width: int, heads: int, hidden: int, downsample: int, first: bool) -> None:
        """first: no places are known in the first self-attention, which replaces what came in."""
        super().__init__()
        self.first = first
        self.self_attn = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.cross_attn_token_to_image = Attention(width, heads, downsample)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = Mlp(width, hidden)
        self.norm3 = nn.LayerNorm(width)
        self.norm4 = nn.LayerNorm(width)
        self.cross_attn_image_to_token = Attention(width, heads, downsample)

    def forward(self, tokens: Tensor, image: Tensor, token_places: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        if self.first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            placed = tokens + token_places
            tokens = tokens + self.self_attn(placed, placed, tokens)
        tokens = self.norm1(tokens)
        tokens = self.norm2(tokens + self.cross_attn_token_to_image(tokens + token_places, image + places, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token(image + places, tokens + token_places, tokens))
        return tokens, image


class TwoWayTransformer(nn.Module):
    """tokens: (batch, n, width), image and places: (batch, m, width) -> both, as they came in."""

    def __init__(self, width: int, depth: int, heads: int, hidden: int, downsample: int = 2) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            TwoWayBlock(width, heads, hidden, downsample, first=index == 0) for index in range(depth)
        )
        self.final_attn_token_to_image = Attention(width, heads, downsample)
        self.norm_final_attn = nn.LayerNorm(width)

    def forward(self, tokens: Tensor, image: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        token_places = tokens
        for layer in self.layers:
            tokens, image = layer(tokens, image, token_places, places)
        found = self.final_attn_token_to_image(tokens + token_places, image + places, image)
        return self.norm_final_attn(tokens + found), image

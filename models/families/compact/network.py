"""The bundled family: a small image encoder and a small causal decoder, joined by a linear connector.

A sequence reads `image tokens, task token, words, <eos>`; the image stands first, so that its keys and values can be
kept for the next question. A text alone, closed by [RET], is embedded for retrieval (RS-CapRet, arXiv 2402.06475).
Knows tensors only: pixels come normalised, words come as token ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from rsvlm.models.parts.connector import SquareConcat
from rsvlm.models.parts.pixels import DEVIATION, FLAT
from rsvlm.models.parts.residual import ResidualTrunk
from rsvlm.models.parts.tokens import TokenTransformer

STRIDE = 16  # pixels along the side of one image token
SPECIAL_TOKENS = ("<pad>", "<eos>", "<caption>", "[RET]", *(f"<reserved{i}>" for i in range(28)))
PAD, EOS, CAPTION, RET = range(4)


@dataclass(frozen=True)
class CompactConfig:
    """Sizes of the model; saved beside the weights. scenes: names of the scene classes, in the order of the logits."""

    stem: int = 32
    widths: tuple[int, ...] = (48, 96, 192)
    depths: tuple[int, ...] = (1, 2, 2)
    token_width: int = 256
    token_depth: int = 2
    heads: int = 4
    vocabulary: int = 2048
    language_width: int = 256
    language_depth: int = 3
    language_mlp: int = 768
    embedding: int = 256
    anchors: int = 512
    scenes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageFeatures:
    """tokens: (batch, H * W, width) of the grid (H, W); pooled: (batch, width), their mean.

    spread: (batch,), deviation of the normalised pixels in the channel where they vary most.
    """

    tokens: Tensor
    pooled: Tensor
    grid: tuple[int, int]
    spread: Tensor

    def apart(self) -> list[ImageFeatures]:
        """A batch of one per picture, each in memory of its own."""
        rows = zip(self.tokens.split(1), self.pooled.split(1), self.spread.split(1), strict=True)
        return [ImageFeatures(tokens.clone(), mean.clone(), self.grid, spread.clone()) for tokens, mean, spread in rows]

    @classmethod
    def together(cls, parts: Sequence[ImageFeatures]) -> ImageFeatures:
        """One batch of what has one grid."""
        tokens, pooled, spread = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("tokens", "pooled", "spread")
        )
        return cls(tokens, pooled, parts[0].grid, spread)


class ImageEncoder(nn.Module):
    """(batch, 3, H, W) normalised pixels, H and W multiples of 32 -> ImageFeatures on a grid of stride 16."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.trunk = ResidualTrunk(config.stem, config.widths, config.depths)
        self.mix = TokenTransformer(config.widths[-1], config.token_width, config.token_depth, config.heads)

    def forward(self, pixels: Tensor) -> ImageFeatures:
        coarse = self.trunk(pixels)[-1]
        tokens = self.mix(coarse)
        spread = pixels.std(dim=(2, 3)).amax(dim=1)
        return ImageFeatures(tokens, tokens.mean(dim=1), (coarse.shape[-2], coarse.shape[-1]), spread)


class Compact(nn.Module):
    """Encoder, connector, decoder and the heads for scenes and retrieval."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = ImageEncoder(config)
        self.connector = SquareConcat(config.token_width, config.language_width)
        self.language = LlamaForCausalLM(
            LlamaConfig(
                vocab_size=config.vocabulary,
                hidden_size=config.language_width,
                intermediate_size=config.language_mlp,
                num_hidden_layers=config.language_depth,
                num_attention_heads=config.heads,
                num_key_value_heads=config.heads,
                max_position_embeddings=1024,
                tie_word_embeddings=True,
                pad_token_id=PAD,
                bos_token_id=CAPTION,
                eos_token_id=EOS,
                attn_implementation="eager",  # on sequences this short faster than the fused kernels, above all backwards
            )
        )
        self.scene_head = nn.Linear(config.token_width, len(config.scenes))
        self.image_head = nn.Linear(config.token_width, config.embedding)
        self.text_head = nn.Linear(config.language_width, config.embedding)
        # Where the embeddings of training pictures gather; zero until a finished model is published.
        self.anchors: Tensor
        self.register_buffer("anchors", torch.zeros(config.anchors, config.embedding))
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # exp = 14.3, CLIP's start

    @classmethod
    def unfilled(cls, config: CompactConfig) -> Compact:
        """A model to load weights into: no random numbers are drawn for it, and its memory is not touched yet."""
        with torch.device("meta"):
            model = cls(config)
        model.to_empty(device="cpu")
        # The one thing that it computes when it is made and that is not saved.
        model.language.model.rotary_emb = LlamaRotaryEmbedding(model.language.config)
        return model

    def prefix(self, features: ImageFeatures) -> Tensor:
        """(batch, image tokens / 4, language width): what the decoder reads before any word."""
        return self.connector(features.tokens, features.grid)

    def caption_logits(self, features: ImageFeatures, ids: Tensor) -> Tensor:
        """ids: (batch, length), task token first -> logits (batch, length, vocabulary) of each next token."""
        prefix = self.prefix(features)
        embedded = torch.cat([prefix, self.language.get_input_embeddings()(ids)], dim=1)
        # Padding stands at the end and attention is causal: no mask is needed.
        hidden = self.language.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
        return self.language.lm_head(hidden[:, prefix.shape[1] :])

    def embed_images(self, features: ImageFeatures) -> Tensor:
        """(batch, embedding), of unit length."""
        return nn.functional.normalize(self.image_head(features.pooled), dim=-1)

    def familiarity(self, features: ImageFeatures) -> Tensor:
        """(batch,), -1 to 1: cosine to the nearest anchor; low for pictures unlike all that the model has learnt from.

        -1 for a picture of one even colour, which says nothing of what it shows.
        """
        nearest = (self.embed_images(features) @ self.anchors.T).amax(dim=1)
        return nearest.masked_fill(features.spread < FLAT / DEVIATION, -1.0)

    def embed_texts(self, ids: Tensor) -> Tensor:
        """ids: (batch, length), each row ending in [RET] and then padding -> (batch, embedding), of unit length."""
        hidden = self.language.model(input_ids=ids, use_cache=False).last_hidden_state
        last = (ids == RET).int().argmax(dim=1)
        return nn.functional.normalize(self.text_head(hidden[torch.arange(len(ids)), last]), dim=-1)

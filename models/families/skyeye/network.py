"""SkyEyeGPT: one model for captions, questions and places, told apart by a tag (arXiv 2401.09712), built as MiniGPT-v2.

A frozen image tower sees 448 pixels; four neighbouring tokens are joined and projected (section 3.1); a chat model with
low-rank adapters writes, boxes as text. Knows tensors only: pixels come normalised as CLIP's, words as ids (see words.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rsvlm.models.families.skyeye.words import Batch
from rsvlm.models.parts.adapters import add_lora, is_adapter
from rsvlm.models.parts.connector import FourTokenConcat
from rsvlm.models.parts.eva_vit import EvaVit
from rsvlm.models.parts.known_sizes import llama_7b
from rsvlm.models.parts.language import Language, OnToken, Spoken, Stop, build, next_word_loss

PATCH = 14  # pixels along the side of one token of the tower
JOINED = 4  # tokens of the tower that make one of the language model's


@dataclass(frozen=True)
class SkyEyeConfig:
    """Sizes, saved beside the weights; the defaults are the released model's.

    language: a causal language model as transformers describes it. rank, alpha, targets, dropout: of the adapters.
    answer: most tokens of an answer that are read in training. ending: closes an answer.
    released: write prompts as the release does, which begins those to be answered with two first tokens, and those to be
    learnt from with one, and puts another space before their end.
    """

    pixels: int = 448
    image_width: int = 1408
    image_depth: int = 39
    image_heads: int = 16
    language: dict[str, Any] = field(default_factory=lambda: llama_7b(32000))
    rank: int = 64
    alpha: int = 16
    targets: tuple[str, ...] = ("q_proj", "v_proj")
    dropout: float = 0.05
    answer: int = 1024
    ending: str = "</s>"
    released: bool = False

    @property
    def picture(self) -> int:
        """Tokens of one picture among the words."""
        return (self.pixels // PATCH) ** 2 // JOINED

    @classmethod
    def tiny(cls, vocabulary: int, released: bool = False) -> SkyEyeConfig:
        """The same architecture in small, for tests."""
        language = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 24, "intermediate_size": 32}
        language |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 128}
        return cls(56, 16, 2, 2, language, rank=4, answer=16, released=released)


class SkyEye(nn.Module):
    """Attributes are called as the released keys are."""

    def __init__(self, config: SkyEyeConfig) -> None:
        super().__init__()
        self.config = config
        width = config.image_width
        self.visual_encoder = EvaVit(width, config.image_depth, config.image_heads, config.pixels)
        self.ln_vision = nn.LayerNorm(width)
        self.llama_model = build(config.language)
        add_lora(self.llama_model, config.rank, config.alpha, config.targets, config.dropout)
        self.language = Language(self.llama_model)
        self.llama_proj = FourTokenConcat(width, self.language.width)

    def freeze(self) -> None:
        """Leave to training what the paper trains: the projection and the adapters."""
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(trained(name))

    def look(self, pixels: Tensor) -> Tensor:
        """(batch, 3, pixels, pixels) -> (batch, picture, language width): what a picture is among the words."""
        seen = self.ln_vision(self.visual_encoder(pixels))
        return self.llama_proj(seen[:, 1:])

    def forward(self, pixels: Tensor, batch: Batch) -> Tensor:
        """The loss on the answers in a batch of `Words.lessons`: mean cross entropy of their tokens."""
        embeddings = self.language.embed(batch.ids, self.look(pixels))
        return next_word_loss(self.language.logits(embeddings, batch.mask), batch.labels)

    @torch.no_grad()
    def generate(
        self, tokens: Tensor, batch: Batch, most: int, on_token: OnToken | None = None, stop: Stop | None = None
    ) -> Spoken:
        """Up to `most` tokens of each answer to a batch of `Words.questions`. tokens: of `look`.

        The rest as for Language.generate.
        """
        embeddings = self.language.embed(batch.ids, tokens)
        return self.language.generate(embeddings, batch.mask, most, batch.end, batch.padding, on_token, stop)


def trained(name: str) -> bool:
    """Whether a weight of ours is one that the paper trains, and a release holds."""
    return name.startswith("llama_proj.") or is_adapter(name)

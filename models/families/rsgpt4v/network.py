"""RS-GPT4V: a conversation about a picture, by a model as LLaVA 1.5 with one of three kinds of fine-tuning.

RS-GPT4V (arXiv 2406.12479) is a data set of instructions; its baselines fine-tune LLaVA 1.5 (arXiv 2310.03744, section 3.3)
whole, with LoRA or with MoE-LoRA. Code and weights are not released, so sizes are LLaVA's, and those of its mixture our own
choice. Knows tensors only: pixels come normalised as CLIP's, words as ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from rsvlm.models.families.one_picture.words import Batch, Form
from rsvlm.models.parts.adapters import add_lora
from rsvlm.models.parts.connector import MlpConnector
from rsvlm.models.parts.known_sizes import clip_large, llama_7b
from rsvlm.models.parts.language import Language, OnToken, Spoken, Stop, build, next_word_loss
from rsvlm.models.parts.moe_lora import add_moe_lora, mixture_imbalance

SYSTEM = (
    "A chat between a curious user and an artificial intelligence assistant. The assistant gives helpful, detailed, and "
    "polite answers to the user's questions. "
)
EVERY_LAYER = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class RsGpt4vConfig:
    """Sizes, saved beside the weights; the defaults are LLaVA 1.5's with LoRA.

    vision, language: as transformers describes them. layer: whose output is seen, counted from the last. tuning: what of the
    language model learns: "full", "lora" or "moe_lora". rank, alpha, targets, dropout: of the adapters, of each expert's in a
    mixture; experts, top: of a mixture, and how many of them work on a token; balance: weight of the loss for uneven use.
    answer: most tokens of an answer in training.
    """

    vision: dict[str, Any] = field(default_factory=lambda: clip_large(336))
    language: dict[str, Any] = field(default_factory=lambda: llama_7b(32000))
    layer: int = -2
    tuning: Literal["full", "lora", "moe_lora"] = "lora"
    rank: int = 128
    alpha: int = 256
    targets: tuple[str, ...] = EVERY_LAYER
    dropout: float = 0.05
    experts: int = 4
    top: int = 2
    balance: float = 0.01
    answer: int = 1024
    begin: str = "<s>"
    end: str = "</s>"
    padding: str = "<unk>"

    @property
    def pixels(self) -> int:
        return int(self.vision["image_size"])

    @property
    def picture(self) -> int:
        """Tokens of one picture among the words."""
        return (self.pixels // int(self.vision["patch_size"])) ** 2

    @property
    def form(self) -> Form:
        later = "USER: {question} ASSISTANT:"
        first = "{begin}" + SYSTEM + "USER: {picture}\n{question} ASSISTANT:"
        return Form(self.begin, self.end, self.padding, first, later)

    @classmethod
    def mixture(cls) -> RsGpt4vConfig:
        """The usual sizes with MoE-LoRA: as many numbers to learn as one adapter of rank 128, and its gates."""
        return replace(cls(), tuning="moe_lora", rank=32, alpha=64)

    @classmethod
    def tiny(cls, vocabulary: int, tuning: Literal["full", "lora", "moe_lora"] = "lora") -> RsGpt4vConfig:
        """The same architecture in small, for tests."""
        tower = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2}
        tower |= {"patch_size": 14, "image_size": 42, "projection_dim": 8}
        language = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 24, "intermediate_size": 32}
        language |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 512}
        return cls(tower, language, tuning=tuning, rank=4, alpha=8, dropout=0.0, experts=3, answer=16)


class RsGpt4v(nn.Module):
    """vision_tower, multi_modal_projector, language_model: as transformers calls LLaVA's; see files.py."""

    def __init__(self, config: RsGpt4vConfig) -> None:
        super().__init__()
        self.config = config
        self.vision_tower = CLIPVisionModel(CLIPVisionConfig(**config.vision))
        self.language_model = build(config.language)
        adapted = config.rank, config.alpha, config.targets, config.dropout
        if config.tuning == "lora":
            add_lora(self.language_model, *adapted)
        elif config.tuning == "moe_lora":
            add_moe_lora(self.language_model, config.experts, config.top, *adapted)
        self.language = Language(self.language_model)
        self.multi_modal_projector = MlpConnector(self.vision_tower.config.hidden_size, self.language.width)
        self.freeze()

    def freeze(self) -> None:
        """Leave to training all but the tower and, where there are adapters, the language model without them."""
        self.vision_tower.requires_grad_(False)

    def look(self, pixels: Tensor) -> Tensor:
        """(batch, 3, pixels, pixels) -> (batch, picture, language width): what a picture is among the words."""
        states = self.vision_tower(pixels, output_hidden_states=True).hidden_states[self.config.layer]
        tokens: Tensor = self.multi_modal_projector(states[:, 1:])
        return tokens

    def forward(self, pixels: Tensor, batch: Batch) -> Tensor:
        """The loss on the answers in a batch of `PictureWords.lessons`, and on uneven use of experts if there are any."""
        embeddings = self.language.embed(batch.ids, self.look(pixels))
        loss = next_word_loss(self.language.logits(embeddings, batch.mask), batch.labels)
        if self.config.tuning == "moe_lora" and self.training:
            loss = loss + self.config.balance * mixture_imbalance(self.language_model, batch.mask)
        return loss

    @torch.no_grad()
    def generate(
        self, tokens: Tensor, batch: Batch, most: int, on_token: OnToken | None = None, stop: Stop | None = None
    ) -> Spoken:
        """Up to `most` tokens of each answer to a batch of `PictureWords.questions`. tokens: of `look`."""
        embeddings = self.language.embed(batch.ids, tokens)
        return self.language.generate(embeddings, batch.mask, most, batch.end, batch.padding, on_token, stop)

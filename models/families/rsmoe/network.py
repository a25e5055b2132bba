"""RS-MoE: three experts draft theme, objects and relations of a picture, and what they say is merged (arXiv 2411.01595).

This follows the description of the paper, not code: what its repository holds is a base line without the mixture, and no
weights. A tower and a Q-Former see the picture; a router writes an instruction for each expert and weighs them; the experts
are low-rank adapters on one language model, which with a fourth one merges their drafts. A draft is heard as far as its gate
says, against the one that is heard best; where it is not heard, learnt silence stands for its words. The first stage trains
one adapter and the Q-Former, the second begins with experts that are all that adapter, and trains them and the router, with a
term for even use. Knows tensors only: pixels come normalised as CLIP's, words as ids (see words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rsvlm.models.families.one_picture.words import Batch, Form
from rsvlm.models.families.rsmoe.words import EXPERTS, FIRST, Lessons, Merge
from rsvlm.models.parts.expert_balance import imbalance
from rsvlm.models.parts.instruction_router import InstructionRouter, Routed
from rsvlm.models.parts.language import Language, OnToken, Spoken, Stop, build, next_word_loss
from rsvlm.models.parts.lora_experts import LoraStack, add_experts, copy_expert
from rsvlm.models.parts.queried_picture import PictureSizes, QueriedPicture
from rsvlm.models.parts.shared_experts import SharedExperts

MERGING = 0  # the adapter that the first stage trains, and that merges in the second; experts follow it


def llama_1b() -> dict[str, Any]:
    """LLaMA 3.2, 1B; in transformers' words."""
    sizes: dict[str, Any] = {
        "hidden_size": 2048,
        "intermediate_size": 8192,
        "num_hidden_layers": 16,
        "num_attention_heads": 32,
    }
    scaling: dict[str, Any] = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 32.0, "low_freq_factor": 1.0}
    scaling |= {"high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
    sizes |= {"num_key_value_heads": 8, "max_position_embeddings": 131072}
    sizes |= {"tie_word_embeddings": True, "rope_parameters": scaling}
    return {"model_type": "llama", "vocab_size": 128256, **sizes, "rms_norm_eps": 1e-5}


@dataclass(frozen=True)
class RsMoeConfig:
    """Sizes, saved beside the weights; the defaults are the paper's smallest model's, and our own where it tells none.

    language: a causal language model as transformers describes it. slots, router_width, router_heads: words that the router
    writes for an expert, and its own size. rank, alpha, targets, dropout: of the adapters. balance: weight of the loss for
    uneven use. answer, draft: most tokens of an answer in training, and of a draft. begin, end, padding: names of tokens.
    released: put words that are given through the block of the paper's repository, as its base line does, though not those
    that the model goes on to say.
    """

    picture: PictureSizes = field(default_factory=PictureSizes)
    language: dict[str, Any] = field(default_factory=llama_1b)
    slots: int = 8
    router_width: int = 512
    router_heads: int = 8
    rank: int = 16
    alpha: int = 32
    targets: tuple[str, ...] = ("gate_proj", "up_proj", "down_proj")
    dropout: float = 0.05
    balance: float = 0.01
    answer: int = 256
    draft: int = 96
    begin: str = "<|begin_of_text|>"
    end: str = "<|end_of_text|>"
    padding: str = "<|finetune_right_pad_id|>"
    released: bool = False

    @property
    def pixels(self) -> int:
        return self.picture.pixels

    @property
    def form(self) -> Form:
        return Form(self.begin, self.end, self.padding, FIRST)

    @classmethod
    def tiny(cls, vocabulary: int, released: bool = False) -> RsMoeConfig:
        """The same architecture in small, for tests."""
        language = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 24, "intermediate_size": 32}
        language |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 512}
        sizes: dict[str, Any] = {
            "slots": 2,
            "router_width": 16,
            "router_heads": 2,
            "rank": 4,
            "alpha": 8,
            "dropout": 0.0,
        }
        sizes |= {"begin": "<s>", "end": "</s>", "padding": "<unk>"}
        return cls(PictureSizes.tiny(), language, answer=24, draft=6, released=released, **sizes)


@dataclass(frozen=True)
class Losses:
    """Of the second stage. drafts, answer: mean cross entropy of their tokens; balance: how unevenly experts are heard."""

    drafts: Tensor
    answer: Tensor
    balance: Tensor


class RsMoe(nn.Module):
    """picture, router, language_model (with adapters in its layers) and silence."""

    def __init__(self, config: RsMoeConfig) -> None:
        super().__init__()
        self.config = config
        self.language_model = build(config.language)
        adapters = len(EXPERTS) + 1
        self.choice = add_experts(
            self.language_model, adapters, config.rank, config.alpha, config.targets, config.dropout
        )
        self.language = Language(self.language_model)
        width = self.language.width
        self.picture = QueriedPicture(config.picture, width)
        self.router = InstructionRouter(width, len(EXPERTS), config.slots, config.router_width, config.router_heads)
        self.silence = nn.Parameter(0.02 * torch.randn(width))
        self.text_moe = SharedExperts(width) if config.released else None
        self.freeze(1)

    def freeze(self, stage: int) -> None:
        """Leave to training what a stage trains. 1: Q-Former, projection, adapters; 2: router, silence, adapters."""
        self.requires_grad_(False)
        learns: list[nn.Module] = [self.picture.ln_vision, self.picture.qformer, self.picture.project]
        for part in learns if stage == 1 else [self.router]:
            part.requires_grad_(True)
        self.silence.requires_grad_(stage != 1)
        if self.text_moe is not None:
            self.text_moe.requires_grad_(stage == 1)
        for layer in self.language_model.modules():
            if isinstance(layer, LoraStack):
                layer.down.requires_grad_(True)
                layer.up.requires_grad_(True)

    def start_experts(self) -> None:
        """Between the stages: every expert begins as what the first stage has learnt."""
        copy_expert(self.language_model, MERGING)

    def look(self, pixels: Tensor) -> Tensor:
        """(batch, 3, pixels, pixels) -> (batch, queries, language width): what a picture is among the words."""
        tokens: Tensor = self.picture(pixels)
        return tokens

    def route(self, tokens: Tensor, asked: Batch) -> Routed:
        """tokens: of `look`; asked: of `Words.asked`, as many rows."""
        evidence = torch.cat([tokens, self._embed(asked.ids)], dim=1)
        seen = torch.cat([torch.ones_like(tokens[..., 0], dtype=torch.long), asked.mask], dim=1)
        return self.router(evidence, seen)

    def forward(self, pixels: Tensor, lesson: Batch | Lessons) -> Tensor:
        """The loss of the first stage for a batch of `Words.lessons`; of the second for one of `Words.learn_parts`."""
        if isinstance(lesson, Lessons):
            losses = self.losses(pixels, lesson)
            return losses.drafts + losses.answer + self.config.balance * losses.balance
        embeddings = self._embed(lesson.ids, self.look(pixels))
        return self._loss(embeddings, lesson, self._merging(len(pixels)))

    def losses(self, pixels: Tensor, lessons: Lessons) -> Losses:
        """What the second stage learns from, apart."""
        tokens = self.look(pixels)
        routed = self.route(tokens, lessons.asked)
        embeddings = self._embed(lessons.parts.ids, self._instructed(tokens, routed))
        drafts = self._loss(embeddings, lessons.parts, self._experts(len(pixels)))
        heard = self._heard(lessons.merge, tokens, routed.gates)
        answer = self._loss(heard, lessons.merge.words, self._merging(len(pixels)))
        return Losses(drafts, answer, imbalance(routed.gates, routed.gates))

    @torch.no_grad()
    def draft(self, tokens: Tensor, routed: Routed, parts: Batch, stop: Stop | None = None) -> Spoken:
        """What the experts say: three rows for each picture. parts: of `Words.parts`. stop: as for Language.generate."""
        embeddings = self._embed(parts.ids, self._instructed(tokens, routed))
        with self.choice.of(self._experts(len(tokens))):
            return self.language.generate(
                embeddings, parts.mask, self.config.draft, parts.end, parts.padding, stop=stop
            )

    @torch.no_grad()
    def generate(
        self,
        tokens: Tensor,
        gates: Tensor,
        merge: Merge,
        most: int,
        on_token: OnToken | None = None,
        stop: Stop | None = None,
    ) -> Spoken:
        """The answer. tokens: of `look`; gates: (batch, experts); merge: of `Words.merge`, with the drafts in it."""
        words, embeddings = merge.words, self._heard(merge, tokens, gates)
        with self.choice.of(self._merging(len(tokens))):
            return self.language.generate(embeddings, words.mask, most, words.end, words.padding, on_token, stop)

    def _instructed(self, tokens: Tensor, routed: Routed) -> Tensor:
        """(batch * experts, queries + slots, width): the picture and what the router wrote, for each expert."""
        each = tokens.repeat_interleave(len(EXPERTS), dim=0)
        return torch.cat([each, routed.instructions.flatten(0, 1).to(each.dtype)], dim=1)

    def _heard(self, merge: Merge, tokens: Tensor, gates: Tensor) -> Tensor:
        """Embeddings of picture, drafts and question, (batch, length, width); drafts as far as their gates let through."""
        said = self._embed(merge.words.ids, tokens)
        relative = gates / gates.amax(dim=1, keepdim=True)
        through = torch.cat([torch.ones_like(relative[:, :1]), relative], dim=1).gather(1, merge.drafts)[..., None]
        return torch.lerp(self.silence.to(said.dtype).expand_as(said), said, through.to(said.dtype))

    def _embed(self, ids: Tensor, pictures: Tensor | None = None) -> Tensor:
        if self.text_moe is None:
            return self.language.embed(ids, pictures)
        words = self.text_moe(self.language.embed(ids))
        return words if pictures is None else words.masked_scatter((ids < 0)[..., None], pictures.to(words.dtype))

    def _loss(self, embeddings: Tensor, batch: Batch, rows: Tensor) -> Tensor:
        with self.choice.of(rows):
            return next_word_loss(self.language.logits(embeddings, batch.mask), batch.labels)

    def _merging(self, pictures: int) -> Tensor:
        return torch.full((pictures,), MERGING, device=self.silence.device)

    def _experts(self, pictures: int) -> Tensor:
        numbers: Sequence[int] = range(MERGING + 1, MERGING + 1 + len(EXPERTS))
        return torch.tensor(list(numbers), device=self.silence.device).repeat(pictures)

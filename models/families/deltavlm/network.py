"""DeltaVLM: questions about what changed between two dates (arXiv 2507.22346).

One image tower sees both dates; the difference module relates them (section 3.2); a Q-Former that reads the instruction
picks what answers it (section 3.3); a frozen language model writes. A sequence reads `queries, words, answer`. Knows
tensors only: pixels come normalised as CLIP's, words come as ids (see words.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rsvlm.models.families.deltavlm.words import Batch, Style
from rsvlm.models.parts.change_mask_decoder import ChangeMaskDecoder, token_grid
from rsvlm.models.parts.csrm import CrossSemanticRelation
from rsvlm.models.parts.eva_vit import EvaVit
from rsvlm.models.parts.known_sizes import llama_7b
from rsvlm.models.parts.language import IGNORED, Language, OnToken, Spoken, Stop, build, next_word_loss
from rsvlm.models.parts.qformer import QFormer

TRAINED_BLOCKS = 2  # of the image tower, the last ones
UNSAID = 1  # the first id of every answer in the release: never fed to the model, but counted as said


@dataclass(frozen=True)
class DeltaVlmConfig:
    """Sizes, saved beside the weights; the defaults are the released model's.

    language: a causal language model as transformers describes it. instruction, answer: most tokens of either that are
    read in training, and of an instruction by the Q-Former. mask_hidden: width of the decoder of change masks, 0 for none.
    style: how questions are put (see words.py); beams: sentences that are tried for an answer, which comes at once where they
    are more than one. released: train as the release does, without the difference module; mix the mask decoder's filters as
    it does; and count, as it does, a first word that is never said.
    """

    pixels: int = 224
    image_width: int = 1408
    image_depth: int = 39
    image_heads: int = 16
    queries: int = 32
    query_width: int = 768
    query_depth: int = 12
    query_heads: int = 12
    query_hidden: int = 3072
    query_vocabulary: int = 30523
    query_positions: int = 512
    instruction: int = 128
    answer: int = 256
    language: dict[str, Any] = field(default_factory=lambda: llama_7b(32001))
    mask_hidden: int = 0
    mask_attention: bool = True
    style: Style = "dialogue"
    beams: int = 1
    released: bool = False

    @classmethod
    def tiny(
        cls, vocabulary: int, query_vocabulary: int, mask_hidden: int = 0, released: bool = False
    ) -> DeltaVlmConfig:
        """The same architecture in small, for tests."""
        language = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 24, "intermediate_size": 32}
        language |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 128}
        sizes = (42, 16, 3, 2, 4, 16, 2, 2, 24)  # in the order of the fields
        return cls(*sizes, query_vocabulary, 24, 24, 16, language, mask_hidden, released=released)


@dataclass(frozen=True)
class Pair:
    """What the tower saw of two dates: (batch, tokens, width) each, the class token first, normalised."""

    before: Tensor
    after: Tensor

    @property
    def nbytes(self) -> int:
        return self.before.nbytes + self.after.nbytes


class DeltaVlm(nn.Module):
    """Attributes are called as the released keys are, apart from `csrm.` and `qformer.`."""

    def __init__(self, config: DeltaVlmConfig) -> None:
        super().__init__()
        self.config = config
        width = config.image_width
        self.visual_encoder = EvaVit(width, config.image_depth, config.image_heads, config.pixels)
        self.ln_vision = nn.LayerNorm(width)
        self.csrm = CrossSemanticRelation(width)
        self.qformer = QFormer(
            width,
            config.queries,
            config.query_width,
            config.query_depth,
            config.query_heads,
            config.query_hidden,
            config.query_vocabulary,
            config.query_positions,
        )
        self.llm_model = build(config.language)
        self.language = Language(self.llm_model)
        self.llm_proj = nn.Linear(config.query_width, self.language.width)
        self.mask_decoder: ChangeMaskDecoder | None = None
        if config.mask_hidden:
            self.mask_decoder = ChangeMaskDecoder(
                config.mask_hidden, attention=config.mask_attention, released=config.released
            )

    def freeze(self) -> None:
        """Leave to training what the paper trains: all but the language model and the lower blocks of the tower."""
        self.llm_model.requires_grad_(False)
        self.visual_encoder.requires_grad_(False)
        for block in self.visual_encoder.blocks[-TRAINED_BLOCKS:]:
            block.requires_grad_(True)

    def look(self, before: Tensor, after: Tensor) -> Pair:
        """before, after: (batch, 3, pixels, pixels)."""
        both = self.ln_vision(self.visual_encoder(torch.cat([before, after])))
        return Pair(both[: len(before)], both[len(before) :])

    def relate(self, pair: Pair) -> Tensor:
        """(batch, 2 * tokens, width): each date in the light of their difference, before's tokens first."""
        return self.csrm(pair.before, pair.after)

    def prefix(self, memory: Tensor, batch: Batch) -> Tensor:
        """(batch, queries, language width): what the language model reads before any word. memory: of `relate`."""
        return self.llm_proj(self.qformer(memory, batch.query_ids, batch.query_mask))

    def sequence(self, memory: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Embeddings (batch, queries + words, language width) and mask (batch, queries + words)."""
        prefix = self.prefix(memory, batch)
        words = self.language.embed(batch.ids)
        seen = functional.pad(batch.mask, (prefix.shape[1], 0), value=1)
        return torch.cat([prefix.to(words.dtype), words], dim=1), seen

    def forward(self, before: Tensor, after: Tensor, batch: Batch) -> Tensor:
        """The loss on the answers in a batch of `Words.lessons`: mean cross entropy of their tokens."""
        pair = self.look(before, after)
        memory = torch.cat([pair.before, pair.after], dim=1) if self.config.released else self.relate(pair)
        embeddings, seen = self.sequence(memory, batch)
        labels = functional.pad(batch.labels, (self.config.queries, 0), value=IGNORED)
        return next_word_loss(self.language.logits(embeddings, seen), labels)

    @torch.no_grad()
    def generate(
        self,
        memory: Tensor,
        batch: Batch,
        most: int,
        on_token: OnToken | None = None,
        stop: Stop | None = None,
        beams: int = 1,
        repetition_penalty: float = 1.0,
    ) -> Spoken:
        """Up to `most` tokens of each answer to a batch of `Words.questions`. memory: of `relate`.

        The rest as for Language.generate.
        """
        embeddings, seen = self.sequence(memory, batch)
        first = UNSAID if self.config.released else None
        return self.language.generate(
            embeddings, seen, most, batch.end, batch.padding, on_token, stop, beams, repetition_penalty, first
        )

    def change_mask(self, pair: Pair, pixels: int | None = None) -> Tensor:
        """(batch, 1, pixels, pixels): probability of change, from the plain difference of the dates.

        pixels: along each side, else the decoder's own. Raises ValueError for a model without the decoder.
        """
        if self.mask_decoder is None:
            raise ValueError("this model has no decoder of masks")
        return self.mask_decoder(token_grid(pair.after - pair.before), pixels)

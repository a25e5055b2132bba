"""RS-CapRet: captions of pictures, and pictures for a text, by two frozen networks (arXiv 2402.06475), built as FROMAGe.

CLIP's picture becomes a word of a causal language model by a linear layer; the state at [RET] and CLIP's picture meet in one
space (FROMAGe, arXiv 2301.13823, section 3). Knows tensors only: pixels come normalised as CLIP's, words as ids (see
words.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPVisionConfig, CLIPVisionModel

from rsvlm.models.families.capret.words import Batch
from rsvlm.models.parts.connector import LinearPrefix
from rsvlm.models.parts.contrastive import gathered
from rsvlm.models.parts.known_sizes import clip_large, llama_7b
from rsvlm.models.parts.language import IGNORED, IMAGE, Language, OnToken, Stop, build, next_word_loss
from rsvlm.models.parts.retrieval_token import Eagerness, RetrievalToken, contrastive_losses

START = 2.6593  # ln(1 / 0.07), of the scale of similarities


@dataclass(frozen=True)
class CapRetConfig:
    """Sizes, saved beside the weights.

    vision, language: as transformers describes them. prefix: tokens of a picture among the words. embedding: width of the
    space in which texts and pictures meet. retrieval: id of [RET]. caption: most tokens of a caption in training. begin, end,
    padding: names of those tokens. released: as FROMAGe, learn captions without their end, and begin questions as it does.
    """

    vision: dict[str, Any] = field(default_factory=lambda: clip_large(224))
    language: dict[str, Any] = field(default_factory=lambda: llama_7b(32001))
    prefix: int = 1
    embedding: int = 256
    retrieval: int = 32000
    caption: int = 24
    begin: str = "<s>"
    end: str = "</s>"
    padding: str = "<unk>"
    released: bool = False

    @classmethod
    def tiny(cls, vocabulary: int, retrieval: int, released: bool = False) -> CapRetConfig:
        """The same architecture in small, for tests."""
        vision = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
        vision |= {"patch_size": 14, "image_size": 28, "projection_dim": 8}
        language = {"model_type": "llama", "vocab_size": vocabulary, "hidden_size": 24, "intermediate_size": 32}
        language |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 128}
        return cls(vision, language, embedding=8, retrieval=retrieval, released=released)


@dataclass(frozen=True)
class Losses:
    """Of one batch. caption, retrieval: cross entropy of words; images, texts: each finds its partner. total: what is trained."""

    caption: Tensor
    retrieval: Tensor
    images: Tensor
    texts: Tensor

    @property
    def total(self) -> Tensor:
        return self.caption + self.retrieval + (self.images + self.texts) / 2


@dataclass(frozen=True)
class Said:
    """ids: (batch, said); confidence: (batch,), as of Spoken.

    asks: (batch,) whether a row says [RET]; embeddings: (batch, embedding), of unit length where it does, to be held against
    those of pictures.
    """

    ids: Tensor
    confidence: Tensor
    asks: Tensor
    embeddings: Tensor


class CapRet(nn.Module):
    """Attributes are called as the released keys are, apart from `text_fc.` and `retrieval_token.`."""

    def __init__(self, config: CapRetConfig) -> None:
        super().__init__()
        self.config = config
        self.visual_model = CLIPVisionModel(CLIPVisionConfig(**config.vision))
        self.lm = build(config.language)
        self.language = Language(self.lm)
        seen = self.visual_model.config.hidden_size
        self.visual_embeddings = LinearPrefix(seen, self.language.width, config.prefix)
        self.visual_fc = nn.Linear(seen, config.embedding)
        self.text_fc = nn.Linear(self.lm.get_output_embeddings().in_features, config.embedding)
        self.logit_scale = nn.Parameter(torch.tensor(START))
        self.retrieval_token = RetrievalToken(config.retrieval, self.lm)

    def freeze(self) -> None:
        """Leave to training what the paper trains: the linear layers, the scale and [RET]."""
        self.visual_model.requires_grad_(False)
        self.lm.requires_grad_(False)

    def settle(self) -> None:
        """To be called after each step of training: [RET] is kept as long as the other words."""
        self.retrieval_token.settle(self.lm.get_input_embeddings().weight)

    def train(self, mode: bool = True) -> CapRet:
        """The two networks stay as they are."""
        super().train(mode)
        self.visual_model.eval()
        self.lm.eval()
        return self

    def look(self, pixels: Tensor) -> Tensor:
        """(batch, 3, pixels, pixels) -> (batch, width): CLIP's one vector of each picture."""
        return self.visual_model(pixels).pooler_output

    def embed_images(self, looked: Tensor) -> Tensor:
        """looked: of `look` -> (batch, embedding), of unit length."""
        return functional.normalize(self.visual_fc(looked), dim=-1)

    def embed_texts(self, batch: Batch) -> Tensor:
        """batch: of `Words.texts` -> (batch, embedding), of unit length, comparable by their product with pictures'."""
        _, states = self.language.read(self.sequence(batch.ids))
        return self._met(states, batch)

    def sequence(self, ids: Tensor, looked: Tensor | None = None) -> Tensor:
        """Embeddings (batch, length, width). looked: of every picture for which ids have room, in their order."""
        pictures = None if looked is None else self.visual_embeddings(looked)
        return self.retrieval_token.embed(ids, self.language.embed(ids, pictures))

    def captioned(self, looked: Tensor, batch: Batch, joined: bool = False) -> tuple[Tensor, Tensor]:
        """Embeddings (batch, length, width) and labels (batch, length) of pictures and their captions, without padding's mask.

        joined: two captions with their pictures follow each other in one row, the batch being even.
        """
        ids, kept = batch.ids, batch.mask.bool()
        last = ids == self.config.retrieval
        if self.config.released:
            kept = kept & ~last
        else:
            ids = ids.masked_fill(last, batch.end)
        before = torch.cat([ids.new_full((self.config.prefix,), IMAGE), batch.prompt]).expand(len(ids), -1)
        embeddings = self.sequence(torch.cat([before, ids], dim=1), looked)
        labels = functional.pad(ids.masked_fill(~kept, IGNORED), (before.shape[1], 0), value=IGNORED)
        if not joined:
            return embeddings, labels
        used = functional.pad(kept, (before.shape[1], 0), value=True)
        return _joined(embeddings, labels, used)

    def losses(self, pixels: Tensor, batch: Batch, joined: bool = False) -> Losses:
        """batch: of `Words.captions`, one for each picture. Partners are looked for in all processes that train."""
        looked = self.look(pixels)
        embeddings, labels = self.captioned(looked, batch, joined)
        caption = next_word_loss(self.spoken(embeddings)[0], labels)
        logits, states = self.spoken(self.sequence(batch.ids))
        retrieval = next_word_loss(logits, batch.ids.masked_fill(batch.mask == 0, IGNORED))
        pairs = gathered(self.embed_images(looked)), gathered(self._met(states, batch))
        return Losses(caption, retrieval, *contrastive_losses(*pairs, self.logit_scale.exp()))

    def forward(self, pixels: Tensor, batch: Batch, joined: bool = False) -> Tensor:
        """The loss that is trained."""
        return self.losses(pixels, batch, joined).total

    def spoken(self, embeddings: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (batch, length, vocabulary) and states (batch, length, width); padding stands on the right."""
        logits, states = self.language.read(embeddings)
        return self.retrieval_token.logits(states, logits), states

    @torch.no_grad()
    def generate(
        self,
        looked: Tensor,
        batch: Batch,
        most: int,
        ends: Sequence[int] | None = None,
        on_token: OnToken | None = None,
        stop: Stop | None = None,
        eagerness: Eagerness | None = None,
    ) -> Said:
        """Answers to a batch of `Words.questions`. looked: of all pictures in them, in their order.

        ends: ids that end an answer, by default the end and [RET]. eagerness: how readily [RET] is said. The rest as for
        Language.generate.
        """
        self.retrieval_token.write(self.lm)
        embeddings = self.sequence(batch.ids, looked)
        ends = (batch.end, self.config.retrieval) if ends is None else ends
        processors = [eagerness] if eagerness else []
        spoken = self.language.generate(
            embeddings, batch.mask, most, ends, batch.padding, on_token, stop, processors=processors
        )
        ids = spoken.ids
        asked = ids == self.config.retrieval
        asks = asked.any(dim=1)
        found = embeddings.new_zeros(len(ids), self.config.embedding)
        if asks.any():
            whole = torch.cat([embeddings, self.sequence(ids)], dim=1)
            mask = functional.pad(batch.mask, (0, ids.shape[1]), value=1)
            _, states = self.language.read(whole, mask)
            places = embeddings.shape[1] + asked.int().argmax(dim=1)  # of the first one
            met = functional.normalize(self.text_fc(states[torch.arange(len(ids)), places]), dim=-1)
            found = torch.where(asks[:, None], met, found)
        return Said(ids, spoken.confidence, asks, found)

    def _met(self, states: Tensor, batch: Batch) -> Tensor:
        last = batch.mask.sum(dim=1) - 1
        return functional.normalize(self.text_fc(states[torch.arange(len(last)), last]), dim=-1)


def trained(name: str) -> bool:
    """Whether a weight of ours is one that the paper trains."""
    return not name.startswith(("visual_model.", "lm."))


def _joined(embeddings: Tensor, labels: Tensor, used: Tensor) -> tuple[Tensor, Tensor]:
    """(2n, length, ...) -> (n, 2 length, ...): what is used of both rows, then the rest of both. used: (2n, length)."""
    pairs = len(used) // 2
    order = (~used.reshape(pairs, -1)).byte().argsort(dim=1, stable=True)
    rows = torch.arange(pairs, device=order.device)[:, None]
    return embeddings.reshape(pairs, order.shape[1], -1)[rows, order], labels.reshape(pairs, -1)[rows, order]

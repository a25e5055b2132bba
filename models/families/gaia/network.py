"""GAIA's BLIP-2: captions of pictures of many satellites, by a Q-Former between two frozen networks.

GAIA (IEEE GRSM 2026, github.com/Orion-AI-Lab/GAIA) fine-tunes CLIP and BLIP-2 (arXiv 2301.12597, sections 3.1 and 3.2) on
41,030 pictures with five captions each. Neither its weights nor its hyper-parameters are released: the sizes are those of
BLIP-2 with OPT, 2.7B, and so is what is trained. Knows tensors only: pixels come normalised as CLIP's, words as ids.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from rsvlm.models.families.one_picture.words import Batch, Form
from rsvlm.models.parts.language import Language, OnToken, Spoken, Stop, build, next_word_loss
from rsvlm.models.parts.queried_picture import PictureSizes, QueriedPicture

CAPTION = "The image showcases:"  # how every caption of GAIA begins
ASK = "Question: {text} Answer:"


def opt() -> dict[str, Any]:
    """OPT, 2.7B; in transformers' words."""
    sizes = {"hidden_size": 2560, "ffn_dim": 10240, "num_hidden_layers": 32, "num_attention_heads": 32}
    return {"model_type": "opt", "vocab_size": 50272, **sizes, "word_embed_proj_dim": 2560}


@dataclass(frozen=True)
class GaiaConfig:
    """Sizes, saved beside the weights; the defaults are BLIP-2's with OPT, 2.7B.

    language: a causal language model as transformers describes it. answer: most tokens of a caption in training. begin, end,
    padding: names of those tokens; OPT ends a caption with a new line.
    """

    picture: PictureSizes = field(default_factory=PictureSizes)
    language: dict[str, Any] = field(default_factory=opt)
    answer: int = 128
    begin: str = "</s>"
    end: str = "Ċ"
    padding: str = "<pad>"

    @property
    def pixels(self) -> int:
        return self.picture.pixels

    @property
    def form(self) -> Form:
        return Form(self.begin, self.end, self.padding, "{picture}{begin}{question}")

    @classmethod
    def tiny(cls, vocabulary: int, clip: bool = False) -> GaiaConfig:
        """The same architecture in small, for tests."""
        sizes = {"hidden_size": 24, "ffn_dim": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "dropout": 0.0}
        language = {"model_type": "opt", "vocab_size": vocabulary, **sizes, "word_embed_proj_dim": 24}
        return cls(PictureSizes.tiny(clip), language | {"max_position_embeddings": 512}, 16)


class Gaia(nn.Module):
    """picture, language_model: the two halves; keys of BLIP-2's release are mapped in files.py."""

    def __init__(self, config: GaiaConfig) -> None:
        super().__init__()
        self.config = config
        self.language_model = build(config.language)
        self.language = Language(self.language_model)
        self.picture = QueriedPicture(config.picture, self.language.width)
        self.freeze()

    def freeze(self) -> None:
        """Leave to training what BLIP-2 trains: the Q-Former, the norm before it and the projection."""
        self.requires_grad_(False)
        for part in (self.picture.ln_vision, self.picture.qformer, self.picture.project):
            part.requires_grad_(True)

    def look(self, pixels: Tensor) -> Tensor:
        """(batch, 3, pixels, pixels) -> (batch, queries, language width): what a picture is among the words."""
        tokens: Tensor = self.picture(pixels)
        return tokens

    def forward(self, pixels: Tensor, batch: Batch) -> Tensor:
        """The loss on the answers in a batch of `PictureWords.lessons`: mean cross entropy of their tokens."""
        embeddings = self.language.embed(batch.ids, self.look(pixels))
        return next_word_loss(self.language.logits(embeddings, batch.mask), batch.labels)

    @torch.no_grad()
    def generate(
        self, tokens: Tensor, batch: Batch, most: int, on_token: OnToken | None = None, stop: Stop | None = None
    ) -> Spoken:
        """Up to `most` tokens of each answer to a batch of `PictureWords.questions`. tokens: of `look`."""
        embeddings = self.language.embed(batch.ids, tokens)
        return self.language.generate(embeddings, batch.mask, most, batch.end, batch.padding, on_token, stop)

"""A picture as a few words of a language model: a frozen tower looks, learnt queries pick what matters, one layer projects.

BLIP-2 (arXiv 2301.12597, section 3). The tower is EVA's, or CLIP's without its last block. Attributes are called as the
released keys are, but for those of the Q-Former and of the projection. Knows pixels and embeddings: nothing of words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from transformers import CLIPVisionConfig, CLIPVisionModel

from rsvlm.models.parts.eva_vit import EvaVit
from rsvlm.models.parts.qformer import QFormer
from rsvlm.models.parts.qformer import our_key as our_qformer_key

_COMPUTED = re.compile(r"(\.rotary_emb\.inv_freq|\.embeddings\.position_ids)$")  # not learnt, so not saved
_LANGUAGE = re.compile(r"^(opt|llm)_model\.")
_PROJECTION = re.compile(r"^(opt|llm)_proj\.")


@dataclass(frozen=True)
class PictureSizes:
    """Of the tower and of the Q-Former; the defaults are BLIP-2's. clip: CLIP's tower as transformers describes it, if it
    is that instead of EVA's, whose are image_width, image_depth and image_heads.
    """

    pixels: int = 224
    image_width: int = 1408
    image_depth: int = 39
    image_heads: int = 16
    clip: dict[str, Any] | None = None
    queries: int = 32
    query_width: int = 768
    query_depth: int = 12
    query_heads: int = 12
    query_hidden: int = 3072

    @classmethod
    def tiny(cls, clip: bool = False) -> PictureSizes:
        """The same architecture in small, for tests."""
        tower = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 3, "num_attention_heads": 2}
        tower |= {"patch_size": 14, "image_size": 42, "projection_dim": 8}
        return cls(42, 16, 2, 2, tower if clip else None, 4, 16, 2, 2, 24)


class QueriedPicture(nn.Module):
    """(batch, 3, pixels, pixels) normalised as CLIP's -> (batch, queries, width)."""

    def __init__(self, sizes: PictureSizes, width: int) -> None:
        super().__init__()
        self.visual_encoder: nn.Module
        if sizes.clip is None:
            seen = sizes.image_width
            self.visual_encoder = EvaVit(seen, sizes.image_depth, sizes.image_heads, sizes.pixels)
        else:
            seen = sizes.clip["hidden_size"]
            self.visual_encoder = CLIPVisionModel(CLIPVisionConfig(**sizes.clip))
        self.visual_encoder.requires_grad_(False)
        self.ln_vision = nn.LayerNorm(seen)
        self.qformer = QFormer(
            seen, sizes.queries, sizes.query_width, sizes.query_depth, sizes.query_heads, sizes.query_hidden,
            instructed=False,
        )  # fmt: skip
        self.project = nn.Linear(sizes.query_width, width)

    def forward(self, pixels: Tensor) -> Tensor:
        if isinstance(self.visual_encoder, EvaVit):
            seen = self.visual_encoder(pixels)
        else:
            seen = self.visual_encoder(pixels, output_hidden_states=True).hidden_states[-2]
        tokens: Tensor = self.project(self.qformer(self.ln_vision(seen)))
        return tokens


def our_keys(official: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of BLIP-2's or InstructBLIP's release (as LAVIS writes them) under the keys of a model that has this part as
    `picture` and a language model as `language_model`. Computed ones are left out; keys that nobody knows stay as they are.
    """
    return {_our_key(key): tensor for key, tensor in official.items() if not _COMPUTED.search(key)}


def _our_key(key: str) -> str:
    if key == "query_tokens":
        return "picture.qformer.query_tokens"
    if key.startswith("Qformer.bert."):
        return "picture.qformer." + our_qformer_key(key.removeprefix("Qformer.bert."))
    if key.startswith(("visual_encoder.", "ln_vision.")):
        return f"picture.{key}"
    return _LANGUAGE.sub("language_model.", _PROJECTION.sub("picture.project.", key))

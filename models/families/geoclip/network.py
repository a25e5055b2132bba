"""CLIP for remote sensing: an image tower and a text tower whose outputs can be compared. Built by open_clip.

GeoRSCLIP (RS5M, arXiv 2306.11300, B/32 to H/14), SkyCLIP (SkyScript, arXiv 2312.12856), RemoteCLIP (arXiv 2306.11029) and
GAIA's CLIP (arXiv 2502.09598) are this architecture (CLIP, arXiv 2103.00020); their parameters have open_clip's names. The
same weights under the other activation give other features, so `quick_gelu` is always said, never guessed.

Knows tensors and token ids; nothing of words, pictures or files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from open_clip import CLIP, get_model_config
from torch import Tensor
from torch.nn import functional

from rsvlm.models.parts.prompt_averaging import Averaging, average_prompts
from rsvlm.models.parts.retrieval_token import contrastive_losses

SCALE = 100.0  # of cosines, for probabilities of classes; and the most that a temperature learns (CLIP, section 2.5)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")  # of an architecture; others would lead open_clip to files or networks
RESNET_STRIDE = 32  # pixels along the side of a token of a ResNet


@dataclass(frozen=True)
class GeoClipConfig:
    """Sizes, by default those of B/32. pixels: side of a picture; patch: of a token, None for a ResNet (then `depth` is of
    its four stages, and `width` that of its stem). embedding: of both towers. context: tokens of a text with its ends.
    """

    quick_gelu: bool
    embedding: int = 512
    pixels: int = 224
    patch: int | None = 32
    width: int = 768
    depth: int | tuple[int, int, int, int] = 12
    head_width: int = 64
    text_width: int = 512
    text_heads: int = 8
    text_depth: int = 12
    context: int = 77
    vocabulary: int = 49408

    @classmethod
    def tiny(cls, quick_gelu: bool = True) -> GeoClipConfig:
        """The same architecture in small, for tests; with the whole vocabulary, which is open_clip's own."""
        small = cls(quick_gelu, embedding=16, pixels=32, patch=8, width=32, depth=2, head_width=16)
        return replace(small, text_width=16, text_heads=2, text_depth=2)

    @classmethod
    def named(cls, architecture: str, quick_gelu: bool) -> GeoClipConfig:
        """Of an architecture that open_clip knows, such as "ViT-L-14". Raises ValueError if it is none, or no plain CLIP."""
        content = get_model_config(architecture) if NAME.fullmatch(architecture) else None
        if content is None:
            raise ValueError(f"open_clip knows no architecture “{architecture}”")
        return cls.from_open_clip(content | {"quick_gelu": quick_gelu})

    @classmethod
    def from_open_clip(cls, content: Mapping[str, Any]) -> GeoClipConfig:
        """From a configuration in open_clip's words. Raises ValueError for one of another architecture."""
        try:
            top, image, text = dict(content), dict(content["vision_cfg"]), dict(content["text_cfg"])
            del top["vision_cfg"], top["text_cfg"]
            depth, patch = image.pop("layers"), image.pop("patch_size", 16)
            config = cls(
                quick_gelu=bool(top.pop("quick_gelu", False)),
                embedding=int(top.pop("embed_dim")),
                pixels=int(image.pop("image_size", 224)),
                patch=None if isinstance(depth, list | tuple) else int(patch),
                width=int(image.pop("width")),
                depth=_stages(depth) if isinstance(depth, list | tuple) else int(depth),
                head_width=int(image.pop("head_width", 64)),
                text_width=int(text.pop("width")),
                text_heads=int(text.pop("heads")),
                text_depth=int(text.pop("layers")),
                context=int(text.pop("context_length", 77)),
                vocabulary=int(text.pop("vocab_size", 49408)),
            )
        except (LookupError, TypeError) as error:
            raise ValueError(f"not a configuration of CLIP: {error}") from error
        if unknown := [*top, *image, *text]:
            raise ValueError(f"not a plain CLIP: {', '.join(sorted(unknown))}")
        return config

    def to_open_clip(self) -> dict[str, Any]:
        """In open_clip's words."""
        image = {"image_size": self.pixels, "layers": self.depth, "width": self.width, "head_width": self.head_width}
        text = {"context_length": self.context, "vocab_size": self.vocabulary, "width": self.text_width}
        return {
            "embed_dim": self.embedding,
            "quick_gelu": self.quick_gelu,
            "vision_cfg": image | {"patch_size": self.patch},
            "text_cfg": text | {"heads": self.text_heads, "layers": self.text_depth},
        }

    @property
    def image_tokens(self) -> int:
        """That a picture is cut into."""
        return (self.pixels // (self.patch or RESNET_STRIDE)) ** 2


def _stages(depth: list[Any] | tuple[Any, ...]) -> tuple[int, int, int, int]:
    first, second, third, fourth = depth
    return int(first), int(second), int(third), int(fourth)


class GeoClip(CLIP):
    """encode_image: (batch, 3, pixels, pixels) normalised -> (batch, embedding), of unit length if `normalize`."""

    def __init__(self, config: GeoClipConfig) -> None:
        super().__init__(**config.to_open_clip())
        self.config = config

    @classmethod
    def unfilled(cls, config: GeoClipConfig) -> GeoClip:
        """Without weights, on the meta device, but for what is no weight: the mask by which a text is read."""
        with torch.device("meta"):
            model = cls(config)
        model.attn_mask = torch.full((config.context, config.context), -torch.inf).triu_(1)
        return model

    def encode_text(self, text: Tensor, normalize: bool = False) -> Tensor:
        """text: ids (batch, context), the largest of each row at its end -> (batch, embedding), of unit length if `normalize`.

        Attention is causal, so that nothing behind the longest text's end has a part in it: it is left out.
        """
        ends = text.argmax(dim=-1)
        length = int(ends.max()) + 1
        states = self.token_embedding(text[:, :length]) + self.positional_embedding[:length]
        states = self.ln_final(self.transformer(states, attn_mask=self.attn_mask[:length, :length]))
        features = states[torch.arange(len(text), device=text.device), ends] @ self.text_projection
        return functional.normalize(features, dim=-1) if normalize else features

    def classes(self, ids: Tensor, averaging: Averaging) -> Tensor:
        """ids: (classes, sentences, context) -> (classes, embedding) of unit length."""
        embeddings = self.encode_text(ids.flatten(0, 1))
        return average_prompts(embeddings.view(*ids.shape[:2], -1), averaging)

    def loss(self, pixels: Tensor, ids: Tensor) -> Tensor:
        """Of pictures and the texts that belong to them, row by row: each has to find the other in the batch."""
        images, texts, scale = self(pixels, ids)
        to_texts, to_images = contrastive_losses(images, texts, scale.clamp(max=SCALE))
        return (to_texts + to_images) / 2


def class_logits(images: Tensor, classes: Tensor) -> Tensor:
    """images: (batch, width), classes: (classes, width), both of unit length -> (batch, classes), ready for softmax."""
    return SCALE * images @ classes.T

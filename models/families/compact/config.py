"""Sizes of the bundled family."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CompactConfig:
    """Saved beside the weights. scenes: names of the scene classes, in the order of the logits.

    pixel_width, pixel_embedding, pixel_depth, finest_depth, memories: of the masks; without pixel_width the model draws none and
    sees one date alone. difference_width, difference_depth: of the layers that tell two dates apart; 0: two convolutions do.
    """

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
    pixel_width: int = 0
    pixel_embedding: int = 32
    pixel_depth: int = 0
    finest_depth: int = 0
    memories: int = 64
    difference_width: int = 0
    difference_depth: int = 2

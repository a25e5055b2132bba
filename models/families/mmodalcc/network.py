"""MModalCC: what changed between two dates, in a sentence, from two pictures and two maps of land cover classes.

Paper: arXiv 2501.10075 (SECOND-CC, JSTARS 2025). Two ResNet-101 trunks (one for pictures, one for maps), a projection each,
learned positions, layers of cross attention, one memory per modality, and a gated decoder.

By default the layers are stacked, each question has attention weights of its own, each modality its own fusion, and pixels are
normalised as the trunks expect. `released` does as the published weights were trained: every layer sees the same input, one
attention, one decoder question and one fusion serve for both, and pixels are only divided by 255.

Without maps both are black, which in SECOND-CC means "unchanged": weights trained with maps will lean to "no change" then.
A model to be used without maps has to be trained without them.

Knows tensors and word ids; nothing of words, files or rasters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy

from rsvlm.models.parts.beam_search import Sentence, beam_search
from rsvlm.models.parts.gated_decoder import GatedDecoder
from rsvlm.models.parts.memory_attention import KeysValues
from rsvlm.models.parts.modal_cross_attention import DateFusion, ModalCrossAttention, Streams
from rsvlm.models.parts.resnet_trunk import EXPANSION, ResNetTrunk

PAD = 0  # word id
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which the trunks were first trained on


@dataclass(frozen=True)
class MModalCCConfig:
    """Sizes, by default those of the paper; saved beside the weights. vocabulary: words with <pad>, <start> and so on.

    pixels: side of a picture; grid: side of the token grid; longest: words of a sentence with <start> and <end>.
    released: see above.
    """

    vocabulary: int
    released: bool = False
    trunk_depths: tuple[int, int, int] = (3, 4, 23)
    trunk_width: int = 64
    pixels: int = 256
    grid: int = 14
    width: int = 512
    heads: int = 8
    depth: int = 2
    decoder_heads: int = 8
    decoder_depth: int = 1
    dropout: float = 0.5
    longest: int = 52

    def __post_init__(self) -> None:
        sizes = (
            self.vocabulary, *self.trunk_depths, self.trunk_width, self.pixels, self.grid, self.width, self.heads, self.depth,
            self.decoder_heads, self.decoder_depth, self.longest,
        )  # fmt: skip
        if min(sizes) < 1 or self.width % 2 or self.width % self.heads or 2 * self.width % self.decoder_heads:
            raise ValueError("sizes of no model: all are 1 or more, widths can be halved and shared by the heads")

    @classmethod
    def tiny(cls, vocabulary: int, released: bool = False) -> MModalCCConfig:
        """The same architecture in small, for tests."""
        small = cls(vocabulary, released, trunk_depths=(1, 1, 1), trunk_width=4, pixels=64, grid=3)
        return replace(small, width=16, heads=2, decoder_heads=2, dropout=0.1, longest=12)

    @property
    def features(self) -> int:
        """Channels that a trunk gives."""
        return 4 * EXPANSION * self.trunk_width


class ModalEncoder(nn.Module):
    """Features of two dates in two modalities -> one memory per modality."""

    def __init__(self, config: MModalCCConfig, features: int) -> None:
        super().__init__()
        self.released = config.released
        self.project_rgb = nn.Conv2d(features, config.width, 1)
        self.project_semantic = nn.Conv2d(features, config.width, 1)
        self.columns = nn.Embedding(config.grid, config.width // 2)
        self.rows = nn.Embedding(config.grid, config.width // 2)
        self.layers = nn.ModuleList(
            ModalCrossAttention(config.width, config.heads, config.dropout, config.released)
            for _ in range(config.depth)
        )
        self.fusions = nn.ModuleList(DateFusion(config.width, config.depth) for _ in range(1 if config.released else 2))

    def relate(self, features: Streams) -> list[Streams]:
        """features: each (batch, features, height, width) -> the streams (batch, height * width, width) of every layer."""
        given = Streams(
            self._tokens(self.project_rgb(features.rgb_before)),
            self._tokens(self.project_rgb(features.rgb_after)),
            self._tokens(self.project_semantic(features.semantic_before)),
            self._tokens(self.project_semantic(features.semantic_after)),
        )
        outputs: list[Streams] = []
        for layer in self.layers:
            outputs.append(layer(given if self.released or not outputs else outputs[-1]))
        return outputs

    def forward(self, features: Streams) -> tuple[Tensor, Tensor]:
        """Memories of rgb and semantic, each (batch, height * width, 2 * width)."""
        height, width = features.rgb_before.shape[-2:]
        layers = self.relate(features)
        rgb = self.fusions[0]([(layer.rgb_before, layer.rgb_after) for layer in layers], (height, width))
        pairs = [(layer.semantic_before, layer.semantic_after) for layer in layers]
        return rgb, self.fusions[-1](pairs, (height, width))

    def _tokens(self, planes: Tensor) -> Tensor:
        """(batch, width, rows, columns) -> (batch, rows * columns, width), with their places added."""
        rows, columns = planes.shape[-2:]
        across = self.columns.weight[:columns].expand(rows, -1, -1)
        down = self.rows.weight[:rows, None].expand(-1, columns, -1)
        places = torch.cat([across, down], dim=-1).flatten(0, 1)
        return planes.flatten(2).transpose(1, 2) + places


class MModalCC(nn.Module):
    """Trunks, encoder and decoder. Pictures come as pixels (batch, 4, 3, H, W) in [0, 1], H and W multiples of 16.

    Their order: rgb before, rgb after, map before, map after (the maps in colours, black where nothing changed).
    """

    def __init__(self, config: MModalCCConfig) -> None:
        super().__init__()
        self.config = config
        self.rgb_trunk = ResNetTrunk(config.trunk_depths, config.trunk_width)
        self.semantic_trunk = ResNetTrunk(config.trunk_depths, config.trunk_width)
        self.encoder = ModalEncoder(config, config.features)
        self.decoder = GatedDecoder(
            config.vocabulary,
            2 * config.width,
            config.decoder_heads,
            config.decoder_depth,
            config.dropout,
            config.released,
        )

    def features(self, pixels: Tensor) -> Streams:
        """Of each picture (batch, features, grid, grid)."""
        if not self.config.released:
            mean, deviation = pixels.new_tensor(MEAN)[:, None, None], pixels.new_tensor(DEVIATION)[:, None, None]
            pixels = (pixels - mean) / deviation
        trunks = (self.rgb_trunk, self.rgb_trunk, self.semantic_trunk, self.semantic_trunk)
        seen = (trunk(pixels[:, index]) for index, trunk in enumerate(trunks))
        return Streams(*(adaptive_avg_pool2d(planes, self.config.grid) for planes in seen))

    def encode(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """Memories of rgb and semantic, each (batch, grid * grid, 2 * width)."""
        return self.encoder(self.features(pixels))

    def caption_logits(self, pixels: Tensor, ids: Tensor) -> Tensor:
        """ids: (batch, length), <start> first -> logits (batch, length, vocabulary) of each next word."""
        return self.decoder(ids, self.decoder.read(*self.encode(pixels)))[0]

    def search(
        self, rgb: Tensor, semantic: Tensor, start: int, end: int, beams: int, stop: Callable[[], bool] = lambda: False
    ) -> Sentence:
        """rgb, semantic: memories of one pair, a batch of one. start, end: word ids."""
        memories = self.decoder.read(rgb, semantic)
        past: list[KeysValues] | None = None

        def step(words: Tensor, origins: Tensor) -> Tensor:
            nonlocal past
            words, origins = words.to(rgb.device), origins.to(rgb.device)
            kept = None if past is None else [layer.rows(origins) for layer in past]
            logits, past = self.decoder(words[:, None], memories, kept)
            return logits[:, -1]

        return beam_search(step, start, end, beams, self.config.longest, stop)


def caption_loss(logits: Tensor, captions: Tensor, lengths: Tensor) -> Tensor:
    """Mean cross entropy of every word after <start>, <end> included; the unknown padding is left out.

    logits: (batch, length, vocabulary) for captions: (batch, length); lengths: (batch,) words with <start> and <end>.
    """
    places = torch.arange(captions.shape[1] - 1, device=captions.device)
    spoken = places < (lengths - 1)[:, None]
    return cross_entropy(logits[:, :-1][spoken], captions[:, 1:][spoken], ignore_index=PAD)


def with_black_maps(pictures: Tensor) -> Tensor:
    """pictures: (batch, 2, 3, H, W), before and after -> (batch, 4, 3, H, W) as the model takes them without maps."""
    return torch.cat([pictures, torch.zeros_like(pictures)], dim=1)

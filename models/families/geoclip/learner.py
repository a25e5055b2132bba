"""CLIP models learning: pictures and their texts find each other among all of a step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.geoclip.files import load_geoclip, save_geoclip
from rsvlm.models.families.geoclip.network import GeoClip
from rsvlm.models.families.geoclip.words import batch_ids
from rsvlm.models.learning import Example
from rsvlm.models.parts.clip_pixels import middle_square, normalise_clip
from rsvlm.models.parts.contrastive import contrastive_loss, gathered
from rsvlm.models.wording import answer_of

PARTS = {
    "vision": ("visual.*",),
    "language": ("transformer.*", "token_embedding.*", "positional_embedding", "ln_final.*", "text_projection"),
    "heads": ("logit_scale",),
}


@dataclass(frozen=True)
class PairsLesson:
    """pixels: (batch, 3, pixels, pixels), normalised; ids: (batch, context) of the text that belongs to each."""

    pixels: Tensor
    ids: Tensor
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> PairsLesson:
        return replace(self, pixels=self.pixels.to(device, non_blocking=True), ids=self.ids.to(device))


class GeoClipLearner:
    objectives = ("contrastive",)
    parts = PARTS

    def __init__(self, model: GeoClip) -> None:
        self.network = model
        self.longest = model.config.context  # texts beyond are cut as CLIP cuts them; pictures are not among them

    def tokens(self, example: Example) -> int:
        return self.longest

    def batch(self, examples: Sequence[Example]) -> PairsLesson:
        squares = np.stack([middle_square(example.pictures[0], self.network.config.pixels) for example in examples])
        ids = batch_ids([answer_of(example) for example in examples], self.longest)
        return PairsLesson(normalise_clip(torch.from_numpy(squares)), ids, {"contrastive": len(examples)})

    def losses(self, lesson: PairsLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        """Texts that are the same are right for each other's pictures."""
        images, texts, scale = self.network(lesson.pixels, lesson.ids)
        ids = gathered(lesson.ids)
        same = (ids[:, None] == ids).all(dim=2)
        return {"contrastive": contrastive_loss(gathered(images), gathered(texts), same, scale.log())}

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        save_geoclip(folder, self.network.config, self.network.state_dict(), named=False)


def learn(card: ModelCard) -> GeoClipLearner:
    """Raises RsvlmError (model_failed)."""
    return GeoClipLearner(load_geoclip(card)[0])

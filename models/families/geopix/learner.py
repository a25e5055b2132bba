"""GeoPix learning: what is said, and a mask for each target that an answer points at."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.geopix.classes import meant
from rsvlm.models.families.geopix.files import load_geopix, save_geopix
from rsvlm.models.families.geopix.network import DICE_WEIGHT, PIXELS_WEIGHT, GeoPix, resized
from rsvlm.models.families.geopix.words import SEGS, Batch, Words, put
from rsvlm.models.learning import Example
from rsvlm.models.talking import learnt, pixels_of
from rsvlm.models.wording import worded

PARTS = {
    "vision": ("llava.model.vision_tower.*",),
    "connector": ("llava.model.multi_modal_projector.*",),
    "language": ("llava.model.language_model.*", "llava.lm_head.*"),
    "masks": (
        "necks.*",
        "text_hidden_fcs.*",
        "prompt_encoder.*",
        "mask_decoder.*",
        "multiseg_scalar",
        "multiscale_scalar",
    ),
    "memory": ("memory.*",),
}
_MARK = re.compile(r" ?\[(?:SEG|\d+)\]")  # where an answer points at its next target
_TARGET = "".join(SEGS)


@dataclass(frozen=True)
class MasksLesson:
    """pixels: (batch, 3, side, side). truth: (targets, 4 * grid, 4 * grid) in [0, 1], of all rows; classes: (targets,)."""

    pixels: Tensor
    words: Batch
    truth: Tensor
    classes: Tensor
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> MasksLesson:
        moved = {name: getattr(self, name).to(device, non_blocking=True) for name in ("pixels", "truth", "classes")}
        return replace(self, words=self.words.to(device), **moved)


class GeoPixLearner:
    """Answers point at their targets by [SEG] or [1], [2] ...; one without marks behind their phrases, or else at its end."""

    objectives = ("language", "masks")
    parts = PARTS

    def __init__(self, card: ModelCard, model: GeoPix, words: Words) -> None:
        self.network, self._card, self._words = model, card, words
        self.longest = model.llava.config.text_config.max_position_embeddings
        self._side = model.llava.config.vision_config.image_size

    def tokens(self, example: Example) -> int:
        return int(self._lessons([worded(example, self._card)]).ids.shape[1])

    def batch(self, examples: Sequence[Example]) -> MasksLesson:
        side, examples = 4 * self.network.config.grid, [worded(example, self._card) for example in examples]
        masks = [mask for example in examples for mask in _masks(example)]
        found = [resized(torch.from_numpy(mask)[None, None].float(), (side, side))[0, 0] for mask in masks]
        truth = torch.stack(found) if found else torch.zeros(0, side, side)
        classes = torch.tensor([place for example in examples for place in self._classes(example)], dtype=torch.long)
        words = self._lessons(examples)
        counts = {"language": learnt(words), "masks": len(truth)}
        if self.network.config.released:  # its weights know pictures that are read blue first
            examples = [replace(one, pictures=tuple(date[..., ::-1] for date in one.pictures)) for one in examples]
        return MasksLesson(pixels_of(examples, 1, self._side)[0], words, truth, classes, counts)

    def losses(self, lesson: MasksLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        kind = next(self.network.parameters()).dtype
        found = self.network(lesson.pixels.to(kind), lesson.words, lesson.truth, lesson.classes)
        masks = PIXELS_WEIGHT * found.pixels + DICE_WEIGHT * found.dice
        return {"language": found.words, "masks": masks}

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        save_geopix(folder, self.network, self._words)

    def _lessons(self, examples: Sequence[Example]) -> Batch:
        asked = [put(example.turns[-1][0]) for example in examples]
        return self._words.lessons(asked, [_pointing(example) for example in examples])

    def _classes(self, example: Example) -> list[int]:
        """Of each target, by the words before it; else the place for what is not told."""
        config, question = self.network.config, example.turns[-1][0]
        before = _pointing(example).split(_TARGET)[:-1]
        found = (meant(words, question, config.class_names) for words in before)
        return [config.classes - 1 if place is None else place for place in found]


def _pointing(example: Example) -> str:
    """The answer with the tokens of each target, as many as there are masks."""
    count, parts = len(_masks(example)), _MARK.split(example.turns[-1][1])
    if count and len(parts) == 1:
        parts = _behind(parts[0], example.phrases)
    marked = parts[: count + 1] if len(parts) > count else [*parts, *[""] * (count + 1 - len(parts))]
    return f" {_TARGET}".join(marked)


def _behind(answer: str, phrases: Sequence[str]) -> list[str]:
    """Cut behind each phrase; whole where they do not all follow each other in it."""
    parts, rest = [], answer
    for phrase in phrases:
        found = re.search(re.escape(phrase), rest, re.IGNORECASE)
        if not phrase or not found:
            return [answer]
        parts.append(rest[: found.end()])
        rest = rest[found.end() :]
    return [*parts, rest]


def _masks(example: Example) -> list[np.ndarray]:
    """Those that the answer points at: of other tasks than to outline things, none unless it has marks."""
    points = example.task == "segment" or _MARK.search(example.turns[-1][1])
    return list(example.masks) if example.masks is not None and points else []


def learn(card: ModelCard) -> GeoPixLearner:
    """In float32. Raises RsvlmError (model_failed)."""
    return GeoPixLearner(card, *load_geopix(card.folder, card.id, card.mend))

"""The bundled family learning: captions, classes, retrieval, and to see as a teacher does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import TypeAdapter
from tokenizers import Tokenizer
from torch import Tensor, nn

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.network import (
    CAPTION,
    EOS,
    PAD,
    RET,
    SPECIAL_TOKENS,
    Compact,
    CompactConfig,
    ImageFeatures,
)
from rsvlm.models.learning import Example
from rsvlm.models.parts.contrastive import contrastive_loss, gathered
from rsvlm.models.parts.distillation import Distillation
from rsvlm.models.parts.pixels import normalise
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer
from rsvlm.models.weights import load_compact, save_compact
from rsvlm.models.wording import answer_of

LONGEST = 24  # tokens of a caption
SMOOTHING = 0.05
ANSWERS = 8  # of a picture that are told from wrong ones, as many in every process
UNKNOWN = -1  # class of a picture that has none

Teacher = Callable[[Tensor], Tensor]  # (batch, 3, H, W) in [0, 1] -> (batch, channels, h, w)


@dataclass(frozen=True)
class CompactLesson:
    """pixels: (batch, 3, H, W) in [0, 1]. ids: (batch, length) task token, words, <eos>, padding; texts: words, [RET], padding.

    labels: (batch,) classes or UNKNOWN. said: (batch,) a number for each text, the same for the same; right: (batch, answers)
    the numbers of all texts that are right for a picture.
    """

    pixels: Tensor
    ids: Tensor
    texts: Tensor
    labels: Tensor
    said: Tensor
    right: Tensor
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> CompactLesson:
        names = ("pixels", "ids", "texts", "labels", "said", "right")
        return replace(self, **{name: getattr(self, name).to(device, non_blocking=True) for name in names})


class Pupil(nn.Module):
    """The model, and what only training needs of it."""

    def __init__(self, model: Compact) -> None:
        super().__init__()
        self.model = model
        self.distillation: Distillation | None = None


class CompactLearner:
    """Nobody teaches, unless `taught_by` is called before training."""

    objectives: tuple[str, ...] = ("language", "class", "contrastive")
    parts: Mapping[str, tuple[str, ...]] = {
        "vision": ("model.encoder.*",),
        "connector": ("model.connector.*",),
        "language": ("model.language.*",),
        "heads": ("model.scene_head.*", "model.image_head.*", "model.text_head.*", "model.log_scale", "distillation.*"),
    }
    longest = LONGEST + 2

    def __init__(self, model: Compact, tokenizer: Tokenizer) -> None:
        self.model, self.tokenizer = model, tokenizer
        self.network = Pupil(model)
        self._teacher: Teacher | None = None

    def taught_by(self, teacher: Teacher, channels: int) -> None:
        """From now on there is the objective "distillation": to see what the teacher sees in the same pixels."""
        self._teacher = teacher
        self.network.distillation = Distillation(self.model.config.token_width, channels)
        self.objectives = (*self.objectives, "distillation")

    def tokens(self, example: Example) -> int:
        return len(self._ids(answer_of(example))) + 2

    def batch(self, examples: Sequence[Example]) -> CompactLesson:
        pixels = (
            torch.from_numpy(np.stack([example.pictures[0] for example in examples])).permute(0, 3, 1, 2).float() / 255
        )
        texts = [tidy(answer_of(example)) for example in examples]
        rows = [self._ids(text) for text in texts]
        labels = [_place(example.label, self.model.config.scenes) for example in examples]
        return CompactLesson(
            pixels.contiguous(memory_format=torch.channels_last),
            _padded([[CAPTION, *row, EOS] for row in rows]),
            _padded([[*row, RET] for row in rows]),
            torch.tensor(labels),
            torch.tensor([_number(text) for text in texts]),
            _right(examples),
            {
                "language": sum(len(row) + 1 for row in rows),
                "class": sum(label != UNKNOWN for label in labels),
                "contrastive": len(examples),
                "distillation": len(examples),
            },
        )

    def losses(self, lesson: CompactLesson, wanted: Collection[str]) -> dict[str, Tensor]:
        features = self.model.encoder(normalise(lesson.pixels))
        found = {}
        if "language" in wanted:
            found["language"] = self._language(features, lesson.ids)
        if "class" in wanted and lesson.counts["class"]:
            logits = self.model.scene_head(features.pooled).float()
            found["class"] = nn.functional.cross_entropy(
                logits, lesson.labels, ignore_index=UNKNOWN, label_smoothing=SMOOTHING
            )
        if "contrastive" in wanted:
            found["contrastive"] = self._contrastive(features, lesson)
        if "distillation" in wanted and self._teacher and self.network.distillation:
            with torch.no_grad():
                target = self._teacher(lesson.pixels)
            found["distillation"] = self.network.distillation(features.tokens, features.grid, target)
        return found

    def begin(self, wanted: Collection[str]) -> None:
        """Nothing is to be made ready."""

    def settle(self) -> None:
        """Nothing follows a step."""

    def save(self, folder: Path) -> None:
        save_compact(folder, self.model, self.tokenizer)

    def _language(self, features: ImageFeatures, ids: Tensor) -> Tensor:
        logits = self.model.caption_logits(features, ids[:, :-1]).flatten(0, 1).float()
        return nn.functional.cross_entropy(logits, ids[:, 1:].flatten(), ignore_index=PAD, label_smoothing=SMOOTHING)

    def _contrastive(self, features: ImageFeatures, lesson: CompactLesson) -> Tensor:
        """Over the pictures and texts of all processes."""
        images, texts = gathered(self.model.embed_images(features)), gathered(self.model.embed_texts(lesson.texts))
        same = (gathered(lesson.right)[:, :, None] == gathered(lesson.said)).any(dim=1)
        return contrastive_loss(images, texts, same, self.model.log_scale)

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(tidy(text)).ids


def learn(card: ModelCard) -> CompactLearner:
    """Raises RsvlmError (model_failed)."""
    return CompactLearner(*load_compact(card.folder, card.id, card.mend))


def again(folder: Path) -> CompactLearner:
    """A new model as it was saved. Raises RsvlmError (model_failed)."""
    return CompactLearner(*load_compact(folder, mend="Begin the run again in another folder."))


def new(settings: Mapping[str, Any], texts: Iterable[str], labels: Sequence[str]) -> CompactLearner:
    """A model with random weights, with words and classes of the data. settings: of CompactConfig; ValueError for wrong ones."""
    config = TypeAdapter(CompactConfig).validate_python({"scenes": tuple(labels), **settings})
    return CompactLearner(Compact(config), train_tokenizer(map(tidy, texts), config.vocabulary, SPECIAL_TOKENS))


def _place(label: str | None, classes: Sequence[str]) -> int:
    return classes.index(label) if label in classes else UNKNOWN


def _number(text: str) -> int:
    """The same for the same text, in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")


def _right(examples: Sequence[Example]) -> Tensor:
    """(batch, ANSWERS): numbers of right answers, the one that is said first; it is repeated where a picture has fewer."""
    rows = [[_number(tidy(text)) for text in (answer_of(example), *example.answers)] for example in examples]
    return torch.tensor([(row + row[:1] * ANSWERS)[:ANSWERS] for row in rows])


def _padded(rows: list[list[int]]) -> Tensor:
    """(rows, LONGEST + 2) int64, padded at the end: one shape for all batches, which CPU kernels are compiled for."""
    return torch.tensor([row + [PAD] * (LONGEST + 2 - len(row)) for row in rows])

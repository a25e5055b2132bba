"""Examples as the bundled family learns from them: pixels, rows of ids, masks, classes, and which texts are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from rsvlm.models.families.compact.strange import strange
from rsvlm.models.families.compact.words import (
    ASK,
    CAPTION,
    GROUND,
    IGNORED,
    NONE,
    PAD,
    RET,
    Row,
    box_ids,
    padded,
)
from rsvlm.models.learning import Example
from rsvlm.models.parts.tokenizer import tidy
from rsvlm.models.predictors.zero_shot import SENTENCES
from rsvlm.models.prompts import class_sentences
from rsvlm.protocol import RsvlmError

STRANGE = 16  # examples for each picture that shows nothing
NAMED = 0.3  # share of the described pictures of a known class that are told by its name, as zero-shot classes are
ANSWERED = 4  # one caption in so many is learnt as the answer to a question: what a picture shows may be asked too
ANSWERS = 9  # of a picture that are told from wrong ones, as many in every process
UNKNOWN = -1  # class of a picture that has none

Turn = tuple[int, list[int], list[int]]  # task token, question, answer


@dataclass(frozen=True)
class CompactLesson:
    """pixels: (batch + pairs + strange, 3, H, W) in [0, 1]: the pictures of all examples, the later dates of `pairs`, and ones
    that show nothing (strange.py). pairs: (pairs,) examples that have two dates.

    ids, labels: (rows, length), see words.py; of: (rows,) the example of each. truth: (masks, H / 2, W / 2) in [0, 1], one for
    each [SEG] of ids, row by row, empty where the phrase's things are not there.
    texts: (batch, length) words of a caption or of the class's name, [RET], padding; said: (batch,) a number for each text, the
    same for the same; right: (batch, answers) the numbers of all texts that are right for a picture; described: (batch,)
    whether there is a text at all.
    classes: (batch,), or UNKNOWN. references: of each described picture, all right captions. seed: of what is drawn for this
    batch, the same in every session.
    """

    pixels: Tensor
    pairs: Tensor
    ids: Tensor
    labels: Tensor
    of: Tensor
    truth: Tensor
    texts: Tensor
    said: Tensor
    right: Tensor
    described: Tensor
    classes: Tensor
    references: Sequence[Sequence[str]]
    seed: int
    counts: Mapping[str, int]

    def to(self, device: torch.device | str) -> CompactLesson:
        found: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        tensors = [name for name, value in found.items() if isinstance(value, Tensor)]
        return replace(self, **{name: found[name].to(device, non_blocking=True) for name in tensors})


class Lessons:
    """Examples in the words of one model. scenes: names of its classes."""

    def __init__(self, tokenizer: Tokenizer, scenes: Sequence[str]) -> None:
        self.tokenizer, self.scenes = tokenizer, scenes

    def rows(self, example: Example) -> list[Row]:
        """A conversation is one row; each phrase that is looked for is one of its own, as it is asked later."""
        if example.task == "ground":
            return [Row.of([turn]) for turn in self._boxes(example)]
        outlines = [Row.outline(self._ids(phrase), bool(mask.any())) for phrase, mask in _targets(example)]
        return [Row.of(self._spoken(example)), *outlines] if example.turns and example.task != "segment" else outlines

    def batch(self, examples: Sequence[Example]) -> CompactLesson:
        pairs = [number for number, example in enumerate(examples) if len(example.pictures) > 1]
        pictures = [example.pictures[0] for example in examples] + [examples[number].pictures[1] for number in pairs]
        height, width = pictures[0].shape[:2]
        if any(picture.shape[:2] != (height, width) for picture in pictures):
            raise RsvlmError(
                "bad_request",
                "The pictures are of several sizes, and this model learns from pictures of one.",
                "Set their side in the recipe, for example pixels=[{start: 0, pixels: 128}].",
            )
        generator = _generator(examples)
        odd = strange(len(examples) // STRANGE if self.scenes else 0, height, width, generator)
        pixels = torch.from_numpy(np.concatenate([np.stack(pictures), odd])).permute(0, 3, 1, 2).float() / 255
        rows = [(number, row) for number, example in enumerate(examples) for row in self.rows(example)]
        labels = padded([row.labels for _, row in rows], IGNORED)
        truth = [mask for example in examples for _, mask in _targets(example)]
        described = [_described(example) for example in examples]
        names = [
            class_sentences(example.label, SENTENCES) if example.label and example.label in self.scenes else []
            for example in examples
        ]
        texts = [
            _told(example, own) if told else "" for example, own, told in zip(examples, names, described, strict=True)
        ]
        classes = [
            self.scenes.index(example.label) if example.label in self.scenes else UNKNOWN for example in examples
        ]
        counts = {
            "language": int((labels != IGNORED).sum()),
            "masks": len(truth),
            "class": sum(place != UNKNOWN for place in classes) + len(odd),
            "contrastive": sum(described),
            "distillation": sum(described),
            "self_critical": sum(described),
        }
        return CompactLesson(
            pixels.contiguous(memory_format=torch.channels_last),
            torch.tensor(pairs, dtype=torch.long),
            padded([row.ids for _, row in rows], PAD),
            labels,
            torch.tensor([number for number, _ in rows]),
            _halved(truth, pixels.shape[-2:]),
            padded([[*self._ids(text), RET] for text in texts], PAD),
            torch.tensor([_number(text) for text in texts]),
            _right(examples, texts, names),
            torch.tensor(described),
            torch.tensor(classes),
            [example.answers for example, told in zip(examples, described, strict=True) if told],
            int(generator.integers(1 << 62)),
            counts,
        )

    def _spoken(self, example: Example) -> list[Turn]:
        caption = example.task == "caption" and _number(example.id) % ANSWERED != 0
        return [
            (ASK if question and not caption else CAPTION, self._ids(question), self._ids(answer))
            for question, answer in example.turns
        ]

    def _boxes(self, example: Example) -> list[Turn]:
        """Of each phrase all its boxes, from the upper left on; the phrase alone in words is of something that is not there."""
        if example.boxes is None:
            return [(GROUND, self._ids(question), [NONE]) for question, _ in example.turns]
        size = example.pictures[-1].shape[:2]
        found: dict[str, list[list[int]]] = {}
        for phrase, box in zip(example.phrases, example.boxes.tolist(), strict=True):
            found.setdefault(phrase, []).append(box_ids(box, *size))
        return [
            (GROUND, self._ids(phrase), [place for box in sorted(boxes) for place in box])
            for phrase, boxes in found.items()
        ]

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer.encode(tidy(text)).ids


def _targets(example: Example) -> list[tuple[str, np.ndarray]]:
    """Each phrase of an example with the mask, (H, W) bool, of all that it means, perhaps of nothing; none where words alone
    are learnt. What is looked for and has no outline is not there.
    """
    if example.task not in ("segment", "change"):
        return []
    found: dict[str, np.ndarray] = {}
    if example.masks is not None:
        for phrase, mask in zip(example.phrases, example.masks, strict=True):
            found[phrase] = found[phrase] | mask if phrase in found else mask
    if not example.phrases and example.task == "segment":
        found = {question: np.zeros(example.pictures[-1].shape[:2], bool) for question, _ in example.turns}
    return list(found.items())


def _described(example: Example) -> bool:
    return example.task == "caption" and len(example.pictures) == 1 and bool(example.turns)


def _told(example: Example, names: Sequence[str]) -> str:
    """What a picture is compared with: what is said of it, or one of the sentences that name its class.

    Drawn by what is seen, so that it is the same whatever else is in the batch, and another one after another change.
    """
    seen = blake2b(example.pictures[0][::8, ::8].tobytes(), digest_size=7).digest()
    generator = np.random.default_rng([_number(example.id), int.from_bytes(seen, "big")])
    if names and generator.random() < NAMED:
        return names[int(generator.integers(len(names)))]
    return tidy(example.turns[-1][1])


def _halved(masks: Sequence[np.ndarray], size: Sequence[int]) -> Tensor:
    """(masks, H / 2, W / 2) in [0, 1]: which share of four pixels is meant."""
    half = (size[0] // 2, size[1] // 2)
    if not masks:
        return torch.zeros(0, *half)
    return adaptive_avg_pool2d(torch.from_numpy(np.stack(masks)).float(), half)


def _generator(examples: Sequence[Example]) -> np.random.Generator:
    """The same for the same batch, in every process and session."""
    return np.random.default_rng([_number(example.id) for example in examples[:4]])


def _number(text: str) -> int:
    """The same for the same text, in every process."""
    return int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big")


def _right(examples: Sequence[Example], texts: Sequence[str], names: Sequence[Sequence[str]]) -> Tensor:
    """(batch, ANSWERS): numbers of right answers, the one that is said first, and of the class's names; it is repeated where a
    picture has fewer.
    """
    rows = [
        list(dict.fromkeys(map(_number, (text, *own, *map(tidy, example.answers)))))
        for example, text, own in zip(examples, texts, names, strict=True)
    ]
    return torch.tensor([(row + row[:1] * ANSWERS)[:ANSWERS] for row in rows])

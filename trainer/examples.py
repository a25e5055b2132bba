"""Records as examples: what a source of a recipe shows and says, as it is seen at one place of a run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path

import numpy as np
import torch

from rsvlm.models.learning import Example, Turn
from rsvlm.trainer.augment import random_affine, random_light, warp
from rsvlm.trainer.order import Order
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.recipe import Augment, Source
from rsvlm.trainer.records import Record, read_caption_archive


class Examples:
    """sources: records, how often each is seen in an epoch, and how they are changed, of each source.

    Places of a run are counted through from its first step on; what is seen at one is a function of it and the seed alone.
    """

    def __init__(self, sources: Sequence[tuple[Sequence[Record], float, Augment]], seed: int) -> None:
        self.records = [records for records, _, _ in sources]
        self.augments = [augment for _, _, augment in sources]
        self.starts = list(accumulate([0, *(len(records) for records in self.records)]))
        self.order = Order(seed, [len(records) for records in self.records], [times for _, times, _ in sources])
        self.seed = seed

    @classmethod
    def of(cls, sources: Sequence[Source], data: Path, seed: int) -> Examples:
        """The sources of a recipe. Raises RsvlmError (not_found, bad_request)."""
        return cls([(open_source(source, data), source.repeat, source.augment) for source in sources], seed)

    def __len__(self) -> int:
        return self.starts[-1]

    def texts(self) -> Iterator[str]:
        """All that assistants say."""
        for records in self.records:
            for record in records:
                yield from (message["content"] for message in record.messages if message["role"] == "assistant")

    def labels(self) -> list[str]:
        """Classes of whole pictures, sorted."""
        found = {record.meta.get("scene") for records in self.records for record in records}
        return sorted(label for label in found if label)

    def record(self, number: int) -> tuple[Record, Augment]:
        """Number: counted through over all sources."""
        source = bisect_right(self.starts, number) - 1
        return self.records[source][number - self.starts[source]], self.augments[source]

    def at(self, place: int, side: int | None = None) -> Example:
        """As it is seen at this place. side: see read_picture. Raises what reading raises."""
        record, augment = self.record(int(self.order.at(place, 1)[0]))
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + place)
        return seen(example(record, int(torch.randint(1 << 30, (1,), generator=generator)), side), augment, generator)


def open_source(source: Source, data: Path) -> Sequence[Record]:
    """Raises RsvlmError (not_found, bad_request)."""
    records = read_caption_archive(data / source.path, source.split or "train")
    found = [record for record in records if not source.tasks or record.task in source.tasks]
    return found[: source.limit]


def example(record: Record, draw: int = 0, side: int | None = None) -> Example:
    """A record with its pictures read. draw: any number; picks one of several right answers."""
    pictures = tuple(read_picture(image, side) for image in record.images)
    turns, answers = conversation(record.messages, draw)
    return Example(
        id=record.id, task=record.task, pictures=pictures, turns=turns, answers=answers,
        label=record.meta.get("scene"), meta=record.meta,
    )  # fmt: skip


def conversation(messages: Sequence[dict[str, str]], draw: int) -> tuple[tuple[Turn, ...], tuple[str, ...]]:
    """Turns, and all right answers to the last question: assistant messages that follow each other are alternatives."""
    turns: list[Turn] = []
    question, answers = "", []
    for message in messages:
        if message["role"] == "assistant":
            answers.append(message["content"])
        else:
            if answers:
                turns.append((question, answers[draw % len(answers)]))
                question, answers = "", []
            question = f"{question} {message['content']}".strip()
    if answers:
        turns.append((question, answers[draw % len(answers)]))
    return tuple(turns), tuple(answers)


def seen(found: Example, augment: Augment, generator: torch.Generator) -> Example:
    """The example in another light, and from another side where `augment` says so."""
    if augment == "none":
        return found
    affine = random_affine(1, generator) if augment == "view" else None
    pictures = tuple(_picture(picture, affine, generator) for picture in found.pictures)
    return Example(**{**found.__dict__, "pictures": pictures})


def _picture(picture: np.ndarray, affine: torch.Tensor | None, generator: torch.Generator) -> np.ndarray:
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    if affine is not None:
        pixels = warp(pixels, affine, picture.shape[0])
    pixels = random_light(pixels, generator)
    return (pixels[0].permute(1, 2, 0) * 255).round().byte().numpy()

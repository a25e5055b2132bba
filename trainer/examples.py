"""Records as examples: what a source of a recipe shows and says, as it is seen at one place of a run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rsvlm.models.learning import Example, Turn
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import formats
from rsvlm.trainer.augment import random_affine, random_light, warp
from rsvlm.trainer.order import Order
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.recipe import Augment, Source
from rsvlm.trainer.records import Records, Writer, read_caption_archive
from rsvlm.trainer.regions import mask_of


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
    def of(cls, sources: Sequence[Source], data: Path, folder: Path, seed: int) -> Examples:
        """The sources of a recipe. folder: of the run. Raises RsvlmError (not_found, bad_request)."""
        opened = (open_source(source, data, folder / f"data-{n}.jsonl") for n, source in enumerate(sources, 1))
        return cls(
            [(records, source.repeat, source.augment) for records, source in zip(opened, sources, strict=True)], seed
        )

    def __len__(self) -> int:
        return self.starts[-1]

    def texts(self) -> Iterator[str]:
        """All that is asked and said, and what regions are called."""
        for records in self.records:
            for record in records:
                yield from (message["content"] for message in record.messages)
                yield from dict.fromkeys(region["label"] for region in record.regions)

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


def open_source(source: Source, data: Path, kept: Path) -> Sequence[Record]:
    """data: the folder that a path is from where it is not whole. kept: a file for records of other formats, made once.

    Raises RsvlmError: not_found, bad_request; for a source without any record too.
    """
    path = data / source.path
    if source.format == "archive":
        found: Sequence[Record] = read_caption_archive(path, source.split or "train")
        found = [record for record in found if not source.tasks or record.task in source.tasks]
    else:
        if source.format != "records" and not kept.exists():
            given = formats.Source(path, data / source.images if source.images else None)
            with Writer(kept, f"{source.format} {path}") as writer:
                for record in islice(formats.read(source.format, given), writer.written, None):
                    writer.write(record)
        records = Records(path if source.format == "records" else kept)
        found = records.select(source.split, source.tasks) if source.split or source.tasks else records
    if not len(found):
        raise RsvlmError("bad_request", f"{source.path} has no such records.", "Look at its split and tasks.")
    if source.limit and source.limit < len(found):
        return found[:: len(found) // source.limit][: source.limit]
    return found


def example(record: Record, draw: int = 0, side: int | None = None) -> Example:
    """A record with its pictures read. draw: any number; picks one of several right answers."""
    pictures = [read_picture(image, side) for image in record.images]
    turns, answers = conversation(record.messages, draw)
    phrases, masks, boxes = targets(record.regions, pictures[-1]) if record.regions and pictures else ((), None, None)
    maps = tuple(read_picture(row, side).pixels for row in record.meta.get("maps", ()))
    return Example(
        record.id, record.task, tuple(picture.pixels for picture in pictures), turns, answers, phrases, masks, boxes,
        record.meta.get("scene"), maps, record.meta,
    )  # fmt: skip


def targets(
    regions: Sequence[dict[str, Any]], picture: Picture
) -> tuple[tuple[str, ...], np.ndarray | None, np.ndarray | None]:
    """Phrases, masks (n, H, W) and boxes (n, 4) on the pixels of the picture; None where not every region has one."""
    height, width = picture.pixels.shape[:2]
    across, down = width / picture.width, height / picture.height
    rows, columns = (np.arange(height) + 0.5) / down, (np.arange(width) + 0.5) / across
    masks = [mask_of(region, picture.height, picture.width) for region in regions]
    small = [mask[rows.astype(int)[:, None], columns.astype(int)] for mask in masks if mask is not None]
    corners = [region.get("bbox") for region in regions]
    boxes = [[x0 * across, y0 * down, x1 * across, y1 * down] for x0, y0, x1, y1 in (box for box in corners if box)]
    return (
        tuple(region["label"] for region in regions),
        np.stack(small) if len(small) == len(regions) else None,
        np.array(boxes) if len(boxes) == len(regions) else None,
    )


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
    """The example in another light, and from another side where `augment` says so; masks, boxes and maps follow."""
    if augment == "none":
        return found
    lit = tuple(_lit(picture, generator) for picture in found.pictures)
    if augment == "light":
        return replace(found, pictures=lit)
    affine = random_affine(1, generator)
    masks = found.masks
    if masks is not None:
        masks = _turned(masks.transpose(1, 2, 0).astype(np.uint8) * 255, affine, "nearest").transpose(2, 0, 1) > 127
    return replace(
        found,
        pictures=tuple(_turned(picture, affine) for picture in lit),
        masks=masks,
        boxes=None if found.boxes is None else turned_boxes(found.boxes, affine, found.pictures[-1].shape[:2]),
        maps=tuple(_turned(plane, affine, "nearest") for plane in found.maps),
    )


def turned_boxes(boxes: np.ndarray, affine: torch.Tensor, size: tuple[int, int]) -> np.ndarray:
    """(n, 4) pixels around the same things after `warp`, inside the picture. affine: (1, 2, 3); size: height, width."""
    scale = np.array([size[1], size[0]]) / 2
    whole = np.vstack([affine[0].numpy(), [0, 0, 1]])
    x0, y0, x1, y1 = boxes.T
    corners = np.stack([np.stack([x, y], axis=-1) for x in (x0, x1) for y in (y0, y1)], axis=1) / scale - 1
    moved = corners @ np.linalg.inv(whole)[:2, :2].T + np.linalg.inv(whole)[:2, 2]
    moved = (moved + 1) * scale
    return np.concatenate([moved.min(axis=1), moved.max(axis=1)], axis=1).clip(0, np.tile(scale * 2, 2))


def _lit(picture: np.ndarray, generator: torch.Generator) -> np.ndarray:
    return _bytes(random_light(_floats(picture), generator))


def _turned(picture: np.ndarray, affine: torch.Tensor, mode: str = "bilinear") -> np.ndarray:
    return _bytes(warp(_floats(picture), affine, picture.shape[:2], mode))


def _floats(picture: np.ndarray) -> torch.Tensor:
    """(H, W, channels) uint8 -> (1, channels, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None].float() / 255


def _bytes(pixels: torch.Tensor) -> np.ndarray:
    """The other way."""
    return (pixels[0].permute(1, 2, 0) * 255).round().byte().numpy()

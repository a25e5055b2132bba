"""Records as examples: what a source of a recipe shows and says, as it is seen at one place of a run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.models.learning import Example, Turn
from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer import formats
from rsvlm.trainer.augment import read_at, seen
from rsvlm.trainer.conversion import Converted, convert
from rsvlm.trainer.order import Order, spread
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.recipe import Source
from rsvlm.trainer.records import Records, read_caption_archive
from rsvlm.trainer.regions import bbox_of, mask_of

CONVERTED = "converted"  # in the folder of a run, which may be somebody's folder of data too
AS_THEY_ARE = ("records", "archive")  # formats that are read without being made into records first


class Examples:
    """sources: records, how often each is seen in an epoch, and how they are changed, of each source.

    Places of a run are counted through from its first step on; what is seen at one is a function of it and the seed alone.
    converted: by the path of a source, what became of it if it was of another format and was made into records just now.
    """

    def __init__(
        self,
        sources: Sequence[tuple[Sequence[Record], float, tuple[str, ...]]],
        seed: int,
        converted: Mapping[str, Converted] | None = None,
    ) -> None:
        self.records = [records for records, _, _ in sources]
        self.augments = [augment for _, _, augment in sources]
        self.starts = list(accumulate([0, *(len(records) for records in self.records)]))
        self.order = Order(seed, [len(records) for records in self.records], [times for _, times, _ in sources])
        self.seed = seed
        self.converted = converted or {}

    @classmethod
    def of(cls, sources: Sequence[Source], data: Path, folder: Path, seed: int) -> Examples:
        """The sources of a recipe. folder: of the run. Raises RsvlmError (not_found, bad_request)."""
        opened = [(source, *open_source(source, data, kept_in(folder, n))) for n, source in enumerate(sources, 1)]
        return cls(
            [(records, source.repeat, source.augment) for source, records, _ in opened],
            seed,
            {source.path: converted for source, _, converted in opened if converted},
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
        found = {_scene(record) for records in self.records for record in records}
        return sorted(label for label in found if label)

    def record(self, number: int) -> tuple[Record, tuple[str, ...]]:
        """Number: counted through over all sources."""
        source = bisect_right(self.starts, number) - 1
        return self.records[source][number - self.starts[source]], self.augments[source]

    def at(self, place: int, side: int | None = None) -> Example:
        """As it is seen at this place. side: see read_picture. Raises what reading raises."""
        record, augment = self.record(int(self.order.at(place, 1)[0]))
        random = np.random.default_rng([self.seed, place])
        finest = read_at(augment, side) if side else None
        return seen(example(record, int(random.integers(1 << 30)), side, finest), augment, random, side)


def kept_in(folder: Path, number: int) -> Path:
    """The file for the records that a source of another format is made into. number: of the source, from 1 on."""
    return folder / CONVERTED / f"{number}.jsonl"


def forget_conversions(sources: Sequence[Source], folder: Path) -> None:
    """A run that begins makes its records anew: those that a refused one left there may be of other data."""
    for number, source in enumerate(sources, 1):
        if source.format not in AS_THEY_ARE:
            kept_in(folder, number).unlink(missing_ok=True)


def open_source(source: Source, data: Path, kept: Path) -> tuple[Sequence[Record], Converted | None]:
    """Its records, and what became of it if it had to be converted. data: the folder that a path is from where it is not whole.
    kept: a file for records of other formats, made once.

    Raises RsvlmError: not_found, bad_request; for a source without any record too.
    """
    path, converted = data / source.path, None
    if source.format == "archive":
        found: Sequence[Record] = read_caption_archive(path, source.split or "train")
        found = [record for record in found if not source.tasks or record.task in source.tasks]
    else:
        if source.format != "records" and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            given = formats.Source(path, data / source.images if source.images else None)
            converted = convert(source.format, given, kept, False, Watch())
        records = Records(path if source.format == "records" else kept)
        found = records.select(source.split, source.tasks) if source.split or source.tasks else records
    if not len(found):
        raise RsvlmError("bad_request", f"{source.path} has no such records.", "Look at its split and tasks.")
    if source.limit and source.limit < len(found):
        numbers = spread(len(found), source.limit)
        found = found.pick(numbers) if isinstance(found, Records) else [found[number] for number in numbers]
    return found, converted


def example(record: Record, draw: int = 0, side: int | None = None, finest: int | None = None) -> Example:
    """A record with its pictures read. draw: any number; picks one of several right answers. side, finest: see read_picture."""
    pictures = [read_picture(image, side, finest) for image in record.images]
    turns, answers = conversation(record.messages, draw)
    try:
        phrases, masks, boxes = (
            targets(record.regions, pictures[-1]) if record.regions and pictures else ((), None, None)
        )
    except RsvlmError as error:
        raise RsvlmError(error.code, f"The record {record.id}: {error.message}", error.hint) from error
    maps = tuple(read_picture(row, side, finest).pixels for row in record.meta.get("maps", ()))
    return Example(
        record.id, record.task, tuple(picture.pixels for picture in pictures), turns, answers, phrases, masks, boxes,
        _scene(record), maps, record.meta,
    )  # fmt: skip


def _scene(record: Record) -> str | None:
    """The class of the whole picture; a drawn one is no example of how its kind of place looks."""
    return None if record.meta.get("sensor") == "generated" else record.meta.get("scene")


def targets(
    regions: Sequence[dict[str, Any]], picture: Picture
) -> tuple[tuple[str, ...], np.ndarray | None, np.ndarray | None]:
    """Phrases, masks (n, H, W) and boxes (n, 4) on the pixels of the picture; None where not every region has one.

    The box of an outline without one is that around it.
    """
    height, width = picture.pixels.shape[:2]
    across, down = width / picture.width, height / picture.height
    rows, columns = (np.arange(height) + 0.5) / down, (np.arange(width) + 0.5) / across
    small: list[np.ndarray] = []
    boxes: list[list[float]] = []
    for region in regions:
        mask = mask_of(region, picture.height, picture.width)  # as large as the image: one at a time
        if mask is not None:
            small.append(mask[rows.astype(int)[:, None], columns.astype(int)])
        if box := _box(region, mask):
            x0, y0, x1, y1 = box
            boxes.append([x0 * across, y0 * down, x1 * across, y1 * down])
    return (
        tuple(region["label"] for region in regions),
        np.stack(small) if len(small) == len(regions) else None,
        np.array(boxes) if len(boxes) == len(regions) else None,
    )


def _box(region: Mapping[str, Any], mask: np.ndarray | None) -> Sequence[float] | None:
    return region.get("bbox") or (None if mask is None else bbox_of(mask))


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

"""What builders share: chance by seed, where a record comes from, and work that is stopped and goes on.

A builder is an iterator of records that gives the same ones in the same order whenever it is asked; so work that was stopped
leaves out as many as are written already. What is dear to find out, such as an answer of a model, is kept meanwhile.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any

from rsvlm.protocol import VERSION, Record, RsvlmError, Watch
from rsvlm.trainer import formats
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.records import Records, Writer, json_line

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".jp2", ".vrt")  # by how they end
_TELL = 50  # records between two tellings


class Job:
    """builder: its name. seed: of all that is drawn. sources: files that records are made from. options: all that changes
    them. split: what the records are called.

    left_out: reason -> how many things gave no record. done, total: places that were looked at; total 0 = not known.
    """

    def __init__(
        self, builder: str, seed: int, sources: Sequence[Path], options: dict[str, Any], split: str = "train"
    ) -> None:
        """Raises RsvlmError (not_found) for a source that is not there."""
        for path in sources:
            if not path.exists():
                raise RsvlmError("not_found", f"There is no {path}.", "Check the path.")
        self.builder, self.seed, self.split = builder, seed, split
        self.sources = [path.absolute() for path in sources]
        self.options = options
        self.left_out: Counter[str] = Counter()
        self.done = self.total = 0

    def draw(self, *names: Any) -> random.Random:
        """Chance of its own for each thing, whatever was drawn for others."""
        return random.Random(f"{self.builder} {self.seed} {names}")  # nosec B311 # no secret: the same records for the same seed

    def record(
        self,
        ident: str,
        task: str,
        images: list[dict[str, Any]],
        messages: list[dict[str, str]],
        regions: list[dict[str, Any]],
        meta: dict[str, Any],
        split: str | None = None,
    ) -> Record:
        """With what made it, in its meta; and what made the record that it is from, if that is told there."""
        sources = [str(path) for path in self.sources]
        made: dict[str, Any] = {"builder": self.builder, "version": VERSION, "seed": self.seed, "sources": sources}
        made |= {"from": meta["made"]} if "made" in meta else {}
        return Record(ident, task, split or self.split, images, messages, regions, {**meta, "made": made})

    @property
    def key(self) -> str:
        """Other work, other words: a source that was changed is another one."""
        stamps = [(str(path), _stamp(path)) for path in self.sources]
        return json.dumps([self.builder, VERSION, self.seed, self.split, stamps, self.options], default=str)

    @property
    def mark(self) -> str:
        """The key, short enough for the name of a file."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:12]


def _stamp(path: Path) -> list[Any]:
    """Sizes and times of a file, or of all pictures in a folder; records that are written there are none of it."""
    files = [path]
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES and file.is_file())
    return [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]


@dataclass(frozen=True)
class Built:
    """records: in the file, of which `before` were there from work that was stopped. tasks, kinds: how many of each task and
    meta type. left_out: reason -> things.
    """

    records: int
    before: int
    tasks: dict[str, int]
    kinds: dict[str, int]
    left_out: dict[str, int]


def build(job: Job, made: Iterator[Record], out: Path, overwrite: bool, watch: Watch) -> Built:
    """Write what a builder makes, beside `out` and then in its place.

    Raises RsvlmError: cancelled; bad_request where nothing was made, with the commonest reason.
    """
    tasks: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    with Writer(out, job.key, overwrite) as writer:
        before = writer.written
        for number, record in enumerate(made, 1):
            watch.check()
            if job.total:
                watch.progress(job.done, job.total, "Places")
            elif number % _TELL == 0:
                watch.progress(number, number + _TELL, "Records")
            tasks[record.task] += 1
            kinds[str(record.meta.get("type", record.task))] += 1
            if number > before:
                writer.write(record)
        if not writer.written:
            why = next((f"{reason} ({count} times)" for reason, count in job.left_out.most_common(1)), "it is empty")
            raise RsvlmError(
                "bad_request", f"No record could be made: {why}.", "See docs/data.md for what this builder needs."
            )
    return Built(writer.written, before, dict(tasks), dict(kinds), dict(job.left_out.most_common()))


class Answers:
    """What was found out once, by name, in a file beside `out` until the work is done; a context manager.

    So work that was stopped asks no model again, neither for what became a record nor for what was refused.
    """

    def __init__(self, out: Path, job: Job) -> None:
        """Raises RsvlmError (bad_request) where it cannot be written."""
        self._path = out.with_name(f".{out.name}.{job.mark}.answers")
        self._known: dict[str, Any] = {}
        try:
            self._file = self._path.open("a+b")
        except OSError as error:
            raise RsvlmError(
                "bad_request", f"{out} cannot be written.", "Choose a folder that is there and can be written to."
            ) from error
        self._file.seek(0)
        end = 0
        for line in self._file:
            if line.endswith(b"\n"):
                end += len(line)
                name, value = json.loads(line)
                self._known[name] = value
        self._file.truncate(end)

    def get(self, name: str, find: Callable[[], Any]) -> Any:
        """What `find` gives, as JSON has it."""
        if name not in self._known:
            value = find()
            self._file.write(json_line([name, value]))
            self._file.flush()
            self._known[name] = value
        return self._known[name]

    def __enter__(self) -> Answers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if kind is None or not self._known:
            os.unlink(self._path)


def place_of(image: dict[str, Any]) -> str:
    """The same for the same pixels of the same file."""
    return json.dumps([image["href"], image.get("window"), image.get("extent"), image.get("bands")])


def whole_pictures(records: Sequence[Record], used: Callable[[Record], bool]) -> Iterator[list[Record]]:
    """All records of the same pictures that are used, wherever they stand; pictures in the order of their first records."""
    found: dict[tuple[str, ...], list[int]] = {}
    for number, record in enumerate(records):
        if used(record):
            found.setdefault(tuple(map(place_of, record.images)), []).append(number)
    for numbers in found.values():
        yield [records[number] for number in numbers]


def by_picture(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records that follow each other and show the same pictures."""
    for _, group in groupby(records, key=lambda record: [place_of(image) for image in record.images]):
        yield list(group)


def split_of(records: Sequence[Record]) -> str:
    """Of all that is known of one picture, where its records are in several splits: what is held out stays held out."""
    found = [record.split for record in records]
    return next((split for split in ("test", "val", *found) if split in found and split != "train"), "train")


def given(path: Path, images: Path | None, job: Job) -> Sequence[Record]:
    """Records of a .jsonl, or of outlines in a vector file over the raster, or the folder of them, that `images` names.

    Raises RsvlmError (bad_request, not_found).
    """
    if path.suffix.lower() == ".jsonl":
        return Records(path)
    if images is None:
        raise RsvlmError(
            "bad_request",
            f"{path.name} is no .jsonl of records, and no raster is given for outlines.",
            "Make records of a data set with “rsvlm data convert”, or add --images RASTER to a vector file.",
        )
    source = Source(path, images, job.split)
    source.left_out = job.left_out
    return list(formats.read("rasters", source))

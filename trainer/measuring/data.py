"""The data set that a model is measured on: records of any format, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import formats
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.records import is_held

ALL = "all"  # splits
MEASURED = ("val", "test", "held")  # splits to measure on, the first that there is
BY_SUFFIX = {".zip": "archive", ".jsonl": "records"}


@dataclass(frozen=True)
class Data:
    """path: of its annotations. format: a name of formats.FORMATS, None = by the file's suffix. images: folder of its pictures,
    None = beside the annotations. split: only this one, or ALL; None = the first of MEASURED where there are several.
    tasks: of the records by which that is chosen, () = all.
    """

    path: Path
    format: str | None = None
    images: Path | None = None
    split: str | None = None
    tasks: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Name of the format. Raises RsvlmError (bad_request) where the suffix does not tell it."""
        name = self.format or BY_SUFFIX.get(self.path.suffix.lower())
        if name is None:
            raise RsvlmError(
                "bad_request",
                f"It does not show what {self.path.name} is.",
                "Name its --format; “rsvlm data formats” lists them.",
            )
        formats.find(name)
        return name

    @cached_property
    def splits(self) -> Counter[str]:
        """How many records of the tasks each split has; empty where nobody needs to know. Reads all of them."""
        if self.split:
            return Counter()
        records = formats.read(self.kind, Source(self.path, self.images))
        return Counter(self._split(record) for record in records if not self.tasks or record.task in self.tasks)

    def _split(self, record: Record) -> str:
        """Of what a caption archive has for training, one in ten is held out."""
        held = self.kind == "archive" and record.split == "train" and is_held(record.meta["filename"])
        return "held" if held else record.split

    @property
    def part(self) -> str | None:
        """The split that is measured, None for all records."""
        if self.split:
            return None if self.split == ALL else self.split
        several = len(self.splits) > 1 or self.kind == "archive"  # an archive's has a name in any case
        return next((name for name in MEASURED if name in self.splits), None) if several else None

    @property
    def warning(self) -> str:
        """What a user who named no split has to know of the one that was taken."""
        name = self.path.name
        if set(self.splits) == {"train"}:
            return (
                f"All records of {name} are of the split “train”: who learnt from them does better here than elsewhere."
            )
        if len(self.splits) < 2:
            return ""
        there = ", ".join(f"{split} ({count:,})" for split, count in self.splits.items())
        taken = f"“{self.part}” is measured" if self.part else "all of them are measured"
        return f"{name} has records of the splits {there}; {taken}. Name another --split, or “{ALL}”."

    @property
    def job(self) -> str:
        """Tells these very records: work on them that was stopped goes on only if it is the same."""
        stamp = self.path.stat().st_mtime_ns if self.path.exists() else 0
        return f"{self.kind} {self.path.absolute()} {stamp} {self.images} {self.part}"

    def source(self) -> Source:
        return Source(self.path, self.images, self.part)

    def records(self, source: Source) -> Iterator[Record]:
        """Raises RsvlmError: not_found, bad_request."""
        return formats.read(self.kind, source)

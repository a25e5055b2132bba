"""The data set that a model is measured on: records of any format, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import formats
from rsvlm.trainer.formats.reading import Source

BY_SUFFIX = {".zip": "archive", ".jsonl": "records"}


@dataclass(frozen=True)
class Data:
    """path: of its annotations. format: a name of formats.FORMATS, None = by the file's suffix. images: folder of its pictures,
    None = beside the annotations. split: only this one; None = all, of a caption archive val.
    """

    path: Path
    format: str | None = None
    images: Path | None = None
    split: str | None = None

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

    @property
    def part(self) -> str | None:
        return self.split or ("val" if self.kind == "archive" else None)

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

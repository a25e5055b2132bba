"""Data sets become files of records, and records become files of published formats; what was left out is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from rsvlm.protocol import RsvlmError, Watch, passing_folder
from rsvlm.trainer import formats
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.records import Records, Writer

_TELL = 1000  # records between two tellings


@dataclass(frozen=True)
class Converted:
    """records: in the file, of which `before` were there from work that was stopped. tasks, splits: how many of each.

    left_out: reason -> rows. missing: how often a picture that is named is not there; first_missing: the path of the first.
    """

    records: int
    before: int
    tasks: dict[str, int]
    splits: dict[str, int]
    left_out: dict[str, int]
    missing: int
    first_missing: str

    @property
    def lacking(self) -> list[str]:
        """What is not there as it should be, in sentences."""
        told = [f"Left out {count:,}: {reason.rstrip('.')}." for reason, count in self.left_out.items()]
        if self.missing:
            told.append(f"Pictures that are not there: {self.missing:,}, the first is {self.first_missing}.")
        return told


def convert(name: str, source: Source, out: Path, overwrite: bool, watch: Watch) -> Converted:
    """Write the records of a data set of the format `name` as JSON lines. Stopped, it goes on where it was the next time.

    Raises RsvlmError: bad_request, not_found; cancelled.
    """
    formats.find(name)
    tasks: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    changed = source.path.stat().st_mtime_ns if source.path.exists() else 0
    with Writer(out, f"{name} {source.path} {changed} {source.images} {source.split}", overwrite) as writer:
        before = writer.written
        for number, record in enumerate(formats.read(name, source), 1):
            if number % _TELL == 0:
                watch.check()
                watch.progress(number, number + _TELL, "Records")
            tasks[record.task] += 1
            splits[record.split] += 1
            if number > before:
                writer.write(record)
        if not writer.written:
            why = next((f"{reason} ({count} times)" for reason, count in source.left_out.most_common(1)), "it is empty")
            named = f" with the split “{source.split}”" if source.split else ""
            raise RsvlmError(
                "bad_request",
                f"Nothing of {source.path.name} could be read as {name}{named}: {why}.",
                "See docs/data.md for what each format looks like.",
            )
    return Converted(
        writer.written, before, dict(tasks), dict(splits), dict(source.left_out.most_common()),
        source.missing, source.first_missing,
    )  # fmt: skip


def export(name: str, records: Path, out: Path, split: str | None, overwrite: bool) -> int:
    """Write records in a published format; how many of its rows there are. Raises RsvlmError: bad_request, not_found."""
    if not formats.find(name).writes:
        able = ", ".join(name for name, kind in formats.FORMATS.items() if kind.writes)
        raise RsvlmError("bad_request", f"The format {name} is only read.", f"Take one of {able}.")
    if out.exists() and not overwrite:
        raise RsvlmError("bad_request", f"The file {out} is there already.", "Take another name, or add --overwrite.")
    if not out.parent.is_dir():
        raise RsvlmError("bad_request", f"There is no folder {out.parent}.", "Make it, or name another one.")
    found = Records(records)
    with passing_folder(out.parent, ".rsvlm-") as stage:
        module = import_module(f"{formats.__name__}.{formats.FORMATS[name].module}")
        count: int = module.write(found if split is None else found.select(split), stage / out.name)
        if not count:
            raise RsvlmError(
                "bad_request", f"No record of {records.name} has what {name} holds.", "See docs/data.md on formats."
            )
        (stage / out.name).replace(out)
    return count

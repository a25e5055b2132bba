"""What a run is made from: data files as they were when it began, and records to validate with that none of them holds too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.recipe import Recipe, Source

SOURCES = "sources.json"  # in the folder of a run; those that an older version began have none
Opened = Sequence[tuple[Source, Sequence[Record]]]


def settle_sources(
    folder: Path, recipe: Recipe, data: Path, taught: Examples, held: Examples | None, resumes: bool
) -> None:
    """As a run begins, write down what its data are; as it goes on, see that they are the same.

    Raises RsvlmError (bad_request): they are others, or something is trained on and validated with.
    """
    trained = list(zip(recipe.data, taught.records, strict=True))
    validated = list(zip(recipe.validation.data, held.records, strict=True)) if recipe.validation and held else []
    if resumes:
        check_sources(folder, [*trained, *validated], data)
    else:
        check_held_out(recipe, trained, validated, data)
    if not (resumes and (folder / SOURCES).exists()):
        write_sources(folder, [*trained, *validated], data)


def write_sources(folder: Path, opened: Opened, data: Path) -> None:
    """Into the folder of a run: of each source its file's size and date, none for a folder, and its number of records."""
    part = folder / f"{SOURCES}.part"
    rows = [_row(source, len(records), data) for source, records in opened]
    part.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    part.replace(folder / SOURCES)


def check_sources(folder: Path, opened: Opened, data: Path) -> None:
    """See that a run which goes on has the data that it began with. Raises RsvlmError (bad_request)."""
    path = folder / SOURCES
    if not path.exists():
        return
    for row, (source, records) in zip(json.loads(path.read_text("utf-8")), opened, strict=True):
        now = _row(source, len(records), data)
        if now == row:
            continue
        what = "its file was written since"
        if now["records"] != row["records"]:
            what = f"it had {row['records']:,} records and has {now['records']:,}"
        raise RsvlmError(
            "bad_request",
            f"The data {source.path} are not those that the run in {folder} began with: {what}.",
            f"Put them back, or begin another run with output_dir=FOLDER; where nothing but a date is another, remove {path}.",
        )


def _row(source: Source, records: int, data: Path) -> dict[str, Any]:
    path = data / source.path
    found = path.stat() if path.is_file() else None
    size, date = (found.st_size, found.st_mtime_ns) if found else (None, None)
    return {"path": source.path, "bytes": size, "modified_ns": date, "records": records}


def check_held_out(recipe: Recipe, taught: Opened, held: Opened, data: Path) -> None:
    """Raises RsvlmError (bad_request) where a record is both trained on and validated with."""
    for source, records in held:
        for other, trained in taught:
            if (data / source.path).resolve() != (data / other.path).resolve() or _apart(source, other):
                continue
            held_out = {(record.task, record.id) for record in records}
            both = next((record.id for record in trained if (record.task, record.id) in held_out), None)
            if both is not None:
                raise RsvlmError(
                    "bad_request",
                    f"The recipe {recipe.name} trains on records of {source.path} that it validates with, {both} among them.",
                    "Give the two different splits (“rsvlm data split” makes some), or validate with another file.",
                )


def _apart(one: Source, other: Source) -> bool:
    """Whether their splits alone say that they have no record in common; those of an archive lie within each other."""
    named = one.split is not None and other.split is not None and one.split != other.split
    return named and "archive" not in (one.format, other.format)

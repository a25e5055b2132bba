"""Pictures that have a label, or none: folders of classes, tables, COCO, records, rasters."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer import formats
from rsvlm.trainer.builders.building import PICTURES, Job
from rsvlm.trainer.builders.things import class_of, is_cover
from rsvlm.trainer.builders.wording import class_name, is_mass, plural
from rsvlm.trainer.formats.reading import Source, text_lines
from rsvlm.trainer.records import Records
from rsvlm.trainer.regions import decode

FILE_COLUMNS = ("filename", "file", "image", "path", "filepath", "href")
LABEL_COLUMNS = ("label", "class", "category", "scene", "labels")


@dataclass(frozen=True)
class Labelled:
    """labels: as they stand in a sentence, one for each thing, or the one of a scene. meta: what is known besides."""

    ident: str
    image: dict[str, Any]
    labels: list[str]
    meta: dict[str, Any]
    split: str


def labelled(path: Path, images: Path | None, job: Job) -> Iterator[Labelled]:
    """images: folder of the pictures of a table or of COCO. Raises RsvlmError (bad_request, not_found)."""
    kind = path.suffix.lower()
    if path.is_dir():
        yield from _folder(path, job)
    elif kind == ".csv":
        yield from _table(path, images, job)
    elif kind == ".jsonl":
        yield from (_of_record(record, job) for record in Records(path) if len(record.images) == 1)
    elif kind == ".json":
        source = Source(path, images, None)
        source.left_out = job.left_out
        yield from (_of_record(record, job) for record in formats.read("coco", source))
    elif kind in PICTURES:
        yield Labelled(path.stem, {"href": str(path.absolute())}, [], {}, job.split)
    else:
        raise RsvlmError(
            "bad_request",
            f"{path.name} is nothing that pictures are found by.",
            "Give a folder of classes, a .csv of filename and label, COCO's .json, records as .jsonl, or a raster.",
        )


def _folder(path: Path, job: Job) -> Iterator[Labelled]:
    """Pictures in a folder for each class; those in the folder itself have no label."""
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in PICTURES)
    if not found:
        raise RsvlmError(
            "bad_request", f"There is no picture in {path}.", "Give a folder with a folder for each class."
        )
    for file in found:
        labels = [] if file.parent == path else [class_name(file.parent.name)]
        meta = {"scene": file.parent.name} if labels else {}
        ident = file.relative_to(path).with_suffix("").as_posix()
        yield Labelled(ident, {"href": str(file.absolute())}, labels, meta, job.split)


def _table(path: Path, images: Path | None, job: Job) -> Iterator[Labelled]:
    source = Source(path, images)
    rows = csv.DictReader(text_lines(path))
    names = {str(name).strip().lower(): name for name in rows.fieldnames or ()}
    column = next((names[name] for name in FILE_COLUMNS if name in names), None)
    label = next((names[name] for name in LABEL_COLUMNS if name in names), None)
    if column is None or label is None:
        raise RsvlmError(
            "bad_request",
            f"{path.name} has no columns for a file and its label.",
            f"Name them {FILE_COLUMNS[0]} and {LABEL_COLUMNS[0]} in its first line.",
        )
    for number, row in enumerate(rows):
        name, said = (row.get(column) or "").strip(), (row.get(label) or "").strip()
        if not name or not said:
            job.left_out["a row names no file or no label"] += 1
            continue
        labels = [class_name(one) for one in said.split(";") if one.strip()]
        split = (row.get(names.get("split", "")) or job.split).strip()
        yield Labelled(f"{path.stem}/{number}", source.image(name), labels, {"filename": name}, split)


def _of_record(record: Record, job: Job) -> Labelled:
    scene = record.meta.get("scene")
    labels = [class_name(str(scene))] if scene else _classes(record, job)
    return Labelled(record.id, record.images[0], labels, record.meta, record.split)


def _classes(record: Record, job: Job) -> list[str]:
    """One for each region that is not of nothing; in plural for all of a class, which may be several things."""
    found = []
    for region in record.regions:
        try:
            if "rle" in region and not decode(region["rle"]).any():
                continue
        except RsvlmError as error:
            job.left_out[error.message] += 1
            continue
        if is_cover(record):
            label = class_of(record, region)
            found.append(label if is_mass(label) else plural(label))
        else:
            found.append(class_name(str(region["label"])))
    return found

"""SkyEye-968k (SkyEyeGPT, arXiv 2401.09712): LLaVA conversations in a folder for each task, boxes as text in percent.

Boxes {<x0><y0><x1><y1>} of an answer become regions where the picture is there to tell its size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import rasterio
from rasterio.errors import RasterioError

import rsvlm.geo.opening  # noqa: F401 # its limits; pictures without a place are no reason to warn
from rsvlm.models.boxes import read as read_boxes
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.llava import conversations
from rsvlm.trainer.formats.reading import Source

FOLDERS = {
    "caption": "caption", "vg": "ground", "phrasegrounding": "ground", "vqa": "vqa", "multitask_conversation": "chat",
}  # fmt: skip


def read(source: Source) -> Iterator[Record]:
    files = sorted(source.path.rglob("*.json")) if source.path.is_dir() else [source.path]
    if not files:
        raise RsvlmError("bad_request", f"{source.path} has no .json.", "Give the unpacked folder of SkyEye-968k.")
    for path in files:
        split = Source(path).named_split()
        if source.wants(split):
            for record in conversations(source, path, split, FOLDERS.get(path.parent.name)):
                yield grounded(replace(record, meta={**record.meta, "source": path.stem}))


def grounded(record: Record) -> Record:
    """With the boxes that its last question or answer names, in pixels of its one picture, as regions."""
    spoken = [message["content"] for message in record.messages[-2:] if "{<" in message["content"]]
    if len(record.images) != 1 or not spoken:
        return record
    size = _size(record.images[0]["href"])
    if size is None:
        return record
    regions: list[dict[str, Any]] = []
    for text in spoken:
        for box in read_boxes(text, "percent", *size).boxes:
            corners = [max(0.0, box.x0), max(0.0, box.y0), min(size[0], box.x1), min(size[1], box.y1)]
            if corners[0] < corners[2] and corners[1] < corners[3]:
                regions.append({"label": box.label or _asked(record), "bbox": corners})
    return replace(record, regions=regions)


def _asked(record: Record) -> str:
    """What is looked for: the question after its usual beginning; of an object that is named, its name."""
    if record.task == "identify":
        return record.captions[-1]
    question = next((message["content"] for message in record.messages if message["role"] == "user"), "")
    for beginning in ("give me the location of", "where is", "please provide the bounding box of"):
        _, found, phrase = question.partition(beginning)
        if found:
            return phrase.strip(" .?")
    return question


def _size(href: str) -> tuple[int, int] | None:
    try:
        with rasterio.open(href) as picture:
            return picture.width, picture.height
    except RasterioError:
        return None

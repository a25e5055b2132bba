"""COCO (arXiv 1405.0312): images, categories and annotations with boxes x, y, width, height and outlines; or captions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import shapely

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import Source, items, said
from rsvlm.trainer.regions import bbox_of, decode


def read(source: Source) -> Iterator[Record]:
    notes: dict[Any, list[Mapping[str, Any]]] = defaultdict(list)
    for note in items(source.path, "annotations"):
        notes[note.get("image_id") if isinstance(note, dict) else None].append(note)
    try:
        names = {row["id"]: row["name"] for row in items(source.path, "categories")}
    except RsvlmError:  # a file of captions has none
        names = {}
    split = source.named_split()

    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        found = notes.pop(row["id"], [])
        image = source.image(str(row["file_name"]), f"images/{row['file_name']}")
        ident = f"{source.path.stem}/{row['id']}"
        meta = {"filename": row["file_name"], "width": row.get("width"), "height": row.get("height")}
        captions = [str(note["caption"]) for note in found if "caption" in note]
        if captions:
            yield Record(ident, "caption", split, [image], said(QUESTION, *captions), meta=meta)
        regions = list(source.each([note for note in found if "category_id" in note], region))
        outlined = [one for one in regions if "rle" in one or "polygon" in one]
        boxed = [one for one in regions if not ("rle" in one or "polygon" in one)]
        if outlined:
            yield Record(ident, "segment", split, [image], [], outlined, meta)
        if boxed:
            yield Record(f"{ident}/boxes" if outlined else ident, "ground", split, [image], [], boxed, meta)
        if not captions and not regions:
            raise RsvlmError("bad_request", "the image has no annotation")

    def region(note: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield _region(note, str(names[note["category_id"]]))

    yield from source.each(items(source.path, "images"), make)
    if left := sum(map(len, notes.values())):
        source.left_out["the annotation is of no image"] += left


def _region(note: Mapping[str, Any], label: str) -> dict[str, Any]:
    x, y, width, height = note["bbox"]
    if width <= 0 or height <= 0:
        raise RsvlmError("bad_request", "the box of an annotation is empty")
    found: dict[str, Any] = {"label": label, "bbox": [x, y, x + width, y + height]}
    outline = note.get("segmentation")
    if isinstance(outline, dict):
        found["rle"] = {"size": outline["size"], "counts": outline["counts"]}
    elif outline:
        found["polygon"] = [[list(xy) for xy in zip(part[::2], part[1::2], strict=True)] for part in outline]
    return found


def write(records: Iterable[Record], path: Path) -> int:
    """How many regions were written. Records of one picture are one image; alternatives and words of records are left out."""
    images: dict[str, dict[str, Any]] = {}
    categories: dict[str, int] = {}
    notes: list[dict[str, Any]] = []
    for record in records:
        if not record.images or not record.regions:
            continue
        href = record.images[-1]["href"]
        name = record.meta.get("filename", href)
        image = images.setdefault(name, {"id": len(images) + 1, "file_name": name})
        image |= {side: record.meta[side] for side in ("width", "height") if record.meta.get(side)}
        for region in record.regions:
            category = categories.setdefault(record.meta.get("category", region["label"]), len(categories) + 1)
            notes.append({"id": len(notes) + 1, "image_id": image["id"], "category_id": category, **_note(region)})
    listed = [{"id": number, "name": name} for name, number in categories.items()]
    whole = {"images": list(images.values()), "annotations": notes, "categories": listed}
    path.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    return len(notes)


def _note(region: Mapping[str, Any]) -> dict[str, Any]:
    """Box, area and outline as COCO has them."""
    found: dict[str, Any] = {"iscrowd": 0}
    box = region.get("bbox")
    if "rle" in region:
        mask = decode(region["rle"])
        found |= {"segmentation": region["rle"], "area": int(mask.sum())}
        box = box or bbox_of(mask)
    elif "polygon" in region:
        rings = region["polygon"]
        found |= {"segmentation": [[value for xy in ring for value in xy] for ring in rings], "area": _area(rings)}
        xs, ys = zip(*(xy for ring in rings for xy in ring), strict=True)
        box = box or [min(xs), min(ys), max(xs), max(ys)]
    x0, y0, x1, y1 = box or (0, 0, 0, 0)
    return {"area": (x1 - x0) * (y1 - y0), **found, "bbox": [x0, y0, x1 - x0, y1 - y0]}


def _area(rings: list[list[list[float]]]) -> float:
    """Of parts, square pixels."""
    return sum(shapely.Polygon(ring).area for ring in rings)

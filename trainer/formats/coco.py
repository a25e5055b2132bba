"""COCO (arXiv 1405.0312): images, categories and annotations with boxes x, y, width, height and outlines; or captions."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from rsvlm.geo.run_lengths import encode_within
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.outlines import overlapping, united
from rsvlm.trainer.formats.reading import Source, items, said
from rsvlm.trainer.formats.writing import name_of
from rsvlm.trainer.pictures import size_of
from rsvlm.trainer.regions import bbox_of, decode, filled


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
    elif rings := united([list(zip(part[::2], part[1::2], strict=True)) for part in outline or ()]):
        found["polygon"] = rings
    return found


def write(records: Iterable[Record], path: Path) -> int:
    """How many regions were written. Records of one picture are one image; alternatives and words of records are left out.

    Regions of windows are placed in the whole picture. Raises RsvlmError (bad_request) for extents on a map, and for run lengths
    that cannot be placed as the size of the picture is not known.
    """
    images: dict[str, dict[str, Any]] = {}  # by href
    names: set[str] = set()
    categories: dict[str, int] = {}
    notes: list[dict[str, Any]] = []
    for record in records:
        if not record.images or not record.regions:
            continue
        shown = record.images[-1]
        if "extent" in shown:
            raise RsvlmError(
                "bad_request",
                f"The record {record.id} shows an extent on the map, and COCO counts in pixels of whole pictures.",
                "Take records whose images have windows in pixels.",
            )
        href = shown["href"]
        if href not in images:
            name = name_of(record, href, names)
            images[href] = {"id": len(images) + 1, "file_name": name, **_sides(record)}
        for region in record.regions:
            category = categories.setdefault(record.meta.get("category", region["label"]), len(categories) + 1)
            about = {"id": len(notes) + 1, "image_id": images[href]["id"], "category_id": category}
            notes.append({**about, **_note(region, shown.get("window"), images[href])})
    listed = [{"id": number, "name": name} for name, number in categories.items()]
    whole = {"images": list(images.values()), "annotations": notes, "categories": listed}
    path.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")
    return len(notes)


def _sides(record: Record) -> dict[str, int]:
    """Width and height of the whole picture, where they are known."""
    stated = {side: record.meta[side] for side in ("width", "height") if record.meta.get(side)}
    size = None if len(stated) == 2 else size_of(record.images[-1]["href"])
    return {"width": size[0], "height": size[1]} if size else stated


def _note(region: Mapping[str, Any], window: Sequence[float] | None, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Box, area and outline as COCO has them, in pixels of the picture. window: where the region's own pixels lie, None = all."""
    left, top = window[:2] if window else (0, 0)
    found: dict[str, Any] = {"iscrowd": 0}
    box = region.get("bbox")
    if "rle" in region:
        mask = decode(region["rle"])
        runs = _placed(mask, left, top, picture) if window else region["rle"]
        found |= {"segmentation": runs, "area": int(mask.sum())}
        box = box or bbox_of(mask)
    elif "polygon" in region:
        found |= _outline([[(x + left, y + top) for x, y in ring] for ring in region["polygon"]], picture)
        xs, ys = zip(*(xy for ring in region["polygon"] for xy in ring), strict=True)
        box = box or [min(xs), min(ys), max(xs), max(ys)]
    x0, y0, x1, y1 = box or (0, 0, 0, 0)
    return {"area": (x1 - x0) * (y1 - y0), **found, "bbox": [x0 + left, y0 + top, x1 - x0, y1 - y0]}


def _outline(rings: list[list[tuple[float, float]]], picture: Mapping[str, Any]) -> dict[str, Any]:
    """Outline and area, square pixels. What has holes is told by run lengths: COCO's polygons have none."""
    parts = [shapely.Polygon(ring) for ring in rings]
    if not overlapping(rings):
        return {
            "segmentation": [[value for xy in ring for value in xy] for ring in rings],
            "area": sum(part.area for part in parts),
        }
    x0, y0, x1, y1 = shapely.total_bounds(parts)
    left, top = math.floor(x0), math.floor(y0)
    inner = [[(x - left, y - top) for x, y in ring] for ring in rings]
    mask = filled(inner, math.ceil(y1) - top, math.ceil(x1) - left)
    return {"segmentation": _placed(mask, left, top, picture), "area": int(mask.sum())}


def _placed(mask: np.ndarray, left: float, top: float, picture: Mapping[str, Any]) -> dict[str, Any]:
    """Run lengths of the whole picture, empty but for a mask, (H, W) bool, at left and top; what lies outside is cut off."""
    if not picture.keys() >= {"width", "height"}:
        raise RsvlmError(
            "bad_request",
            f"A mask cannot be placed in {picture['file_name']}, as its size is not known.",
            "Put the picture where its record says, or its width and height into the meta of the record.",
        )
    x, y = round(left), round(top)
    height, width = picture["height"], picture["width"]
    seen = mask[max(0, -y) : max(0, height - y), max(0, -x) : max(0, width - x)]
    return encode_within(seen, max(0, x), max(0, y), height, width)

"""GeoPixInstruct (GeoPix, arXiv 2501.06828): objects of a picture with a phrase, a class and a mask as COCO's run lengths.

[{"image_id", "image_path", "instances": [{"bbox", "category", "category_id", "description", "instance_id", "mask"}]}]; one
record for each object, whose region is called by its phrase. The box of a region is the one around its mask.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import UNLIKE, Source, items, said
from rsvlm.trainer.formats.writing import name_of, refuse_parts
from rsvlm.trainer.regions import bbox_of, decode


def read(source: Source) -> Iterator[Record]:
    split = source.named_split()

    def make(pair: tuple[Mapping[str, Any], Mapping[str, Any]]) -> Iterator[Record]:
        row, found = pair
        mask = found["mask"]
        rle = {"size": [int(side) for side in mask["size"]], "counts": mask["counts"]}
        box = bbox_of(decode(rle))
        if box is None:
            raise RsvlmError("bad_request", "the mask of an object is empty")
        phrase = str(found.get("description") or found["category"]).strip()
        meta = {key: found[key] for key in ("category", "category_id", "instance_id") if key in found}
        meta |= {"image_id": row["image_id"], "filename": row["image_path"]}
        images = [source.image(str(row["image_path"]), f"images/{row['image_path']}")]
        ident = f"{source.path.stem}/{row['image_id']}/{found['instance_id']}"
        yield Record(ident, "segment", split, images, said(phrase), [{"label": phrase, "bbox": box, "rle": rle}], meta)

    return source.each(_objects(source), make)


def _objects(source: Source) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    for row in items(source.path):
        if isinstance(row, dict) and isinstance(row.get("instances"), list):
            yield from ((row, found) for found in row["instances"])
        else:
            source.left_out[UNLIKE] += 1


def write(records: Iterable[Record], path: Path) -> int:
    """How many objects were written; records without a mask in run lengths are left out. Raises what refuse_parts raises."""
    pictures: dict[str, dict[str, Any]] = {}  # by href
    names: set[str] = set()
    idents: set[Any] = set()
    written = 0
    for record in records:
        for number, region in enumerate(record.regions if record.images else []):
            if "rle" not in region:
                continue
            refuse_parts(record)
            href = record.images[0]["href"]
            if href not in pictures:
                ident = record.meta.get("image_id")
                if ident is None or ident in idents:
                    ident = next(free for free in count(len(pictures)) if free not in idents)
                idents.add(ident)
                pictures[href] = {"image_id": ident, "image_path": name_of(record, href, names), "instances": []}
            pictures[href]["instances"].append(
                {
                    "bbox": region.get("bbox") or bbox_of(decode(region["rle"])),
                    "category": record.meta.get("category", region["label"]),
                    "category_id": record.meta.get("category_id", 0),
                    "description": region["label"],
                    "instance_id": record.meta.get("instance_id", f"{record.id}/{number}"),
                    "mask": region["rle"],
                }
            )
            written += 1
    path.write_text(json.dumps(list(pictures.values()), ensure_ascii=False), "utf-8")
    return written

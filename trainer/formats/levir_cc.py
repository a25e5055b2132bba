"""LEVIR-CC and LEVIR-MCI: Karpathy's layout for two dates, pictures in images/SPLIT/A and B, masks in images/SPLIT/label.

RSICCformer (Liu et al., TGRS 2022) and Change-Agent (arXiv 2403.19646), whose masks are 128 for roads and 255 for buildings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import rasterio

import rsvlm.geo.opening  # noqa: F401 # its limits; pictures without a place are no reason to warn
from rsvlm.protocol import Record
from rsvlm.trainer.formats.karpathy import sentences, split_of
from rsvlm.trainer.formats.karpathy import write as write
from rsvlm.trainer.formats.reading import Source, items, said
from rsvlm.trainer.regions import bbox_of, encode

QUESTION = "Describe what has changed."
CLASSES = {128: "road", 255: "building"}


def read(source: Source) -> Iterator[Record]:
    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        split = split_of(row)
        if source.wants(split):
            changed = {"changed": bool(row["changeflag"])} if "changeflag" in row else {}
            folder = str(row.get("filepath") or split)
            yield pair(source, folder, split, str(row["filename"]), sentences(row), changed)

    return source.each(items(source.path, "images"), make)


def pair(source: Source, folder: str, split: str, name: str, captions: list[str], about: Mapping[str, Any]) -> Record:
    """A record of two dates with sentences, and with the outlines of what changed where there is a mask."""
    places = [f"images/{folder}/{{}}/{name}", f"{folder}/{{}}/{name}", f"{{}}/{name}"]
    images = [source.image(*(place.format(date) for place in places), keep=2) for date in ("A", "B")]
    labels = (source.find(place.format("label"), keep=2) for place in places)
    regions = outlines(next((label for label in labels if label), None))
    meta = {"filename": name, "filepath": folder, **about}
    return Record(f"{source.path.stem}/{name}", "change", split, images, said(QUESTION, *captions), regions, meta)


def outlines(label: str | None) -> list[dict[str, Any]]:
    """Regions of a mask of classes; none where there is no mask."""
    if label is None:
        return []
    with rasterio.open(label) as mask:
        values: np.ndarray = mask.read(1)
    found = {name: values == code for code, name in CLASSES.items()}
    return [
        {"label": name, "bbox": bbox_of(inside), "rle": encode(inside)}
        for name, inside in found.items()
        if inside.any()
    ]

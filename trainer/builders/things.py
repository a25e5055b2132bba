"""What a picture shows, thing by thing: class, outline, place, size and colour, as phrases tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.colours import colour_shares
from rsvlm.trainer.builders.components import middle, parts
from rsvlm.trainer.builders.wording import class_name, cover_class
from rsvlm.trainer.pictures import Picture, read_picture
from rsvlm.trainer.regions import bbox_of, encode, mask_of


@dataclass(frozen=True)
class Thing:
    """label: its class, as it stands in a sentence. region: as records have it. pixels: of its mask.

    x, y: its middle, as shares of the picture. colours: name -> share of its pixels.
    """

    label: str
    region: dict[str, Any]
    pixels: int
    x: float
    y: float
    colours: dict[str, float]


def things(record: Record, apart: bool, job: Job) -> tuple[list[Thing], set[str]]:
    """All regions that have an outline, and the classes of which some region has none, so that they are not known one by one.

    apart: each connected part of a mask is a thing of its own. Left out and told: regions without an outline, empty ones, and
    masks of whole classes that are not taken apart.
    Raises RsvlmError for a picture that cannot be read.
    """
    picture = read_picture(record.images[-1])
    found: list[Thing] = []
    undrawn: set[str] = set()
    for region in record.regions:
        label = class_of(record, region)
        try:
            mask = mask_of(region, picture.height, picture.width)
        except RsvlmError as error:
            job.left_out[error.message] += 1
            undrawn.add(label)
            continue
        if mask is None:
            job.left_out["a region has a box, but no outline"] += 1
            undrawn.add(label)
            continue
        if is_cover(record) and not apart and mask.any():
            job.left_out["the mask of a whole class is not one thing: add --apart"] += 1
            undrawn.add(label)
            continue
        for part, described in _parts(mask, region, apart):
            if not part.any():
                job.left_out["the outline of a region is empty"] += 1
                continue
            x, y = middle(part)
            colours = colour_shares(picture.pixels[on_pixels(part, picture)])
            found.append(Thing(label, described, int(part.sum()), x, y, colours))
    return found, undrawn


def is_cover(record: Record) -> bool:
    """Whether a region is all that there is of a class (trainer/formats/masks.py), not one thing."""
    return isinstance(record.meta.get("classes"), list)


def class_of(record: Record, region: dict[str, Any]) -> str:
    """As it stands in a sentence; of coloured masks the class itself, by whichever of its names the region goes."""
    label = str(record.meta.get("category") or region["label"])
    if is_cover(record) and label not in record.meta["classes"]:
        return cover_class(class_name(label))
    return class_name(label)


def _parts(mask: np.ndarray, region: dict[str, Any], apart: bool) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    if not apart:
        yield mask, {**region, "bbox": region.get("bbox") or bbox_of(mask) or [0, 0, 1, 1]}
        return
    for part in parts(mask):
        yield part, {"label": region["label"], "bbox": bbox_of(part), "rle": encode(part)}


def on_pixels(mask: np.ndarray, picture: Picture) -> np.ndarray:
    """The mask on the pixels of a picture that may have been read smaller."""
    height, width = picture.pixels.shape[:2]
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
    small: np.ndarray = mask[rows[:, None], columns]
    return small


def classes_of(records: Sequence[Record]) -> list[str]:
    """All that things of some records are called, sorted."""
    return sorted({class_of(record, region) for record in records for region in record.regions})

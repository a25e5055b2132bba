"""Pictures with coloured masks, a colour for each class, as sets of land cover are published: a .zip or a folder.

It has classes.json {"building": "#3C1098", ...}, images/ and masks/, in which a picture and its mask have one name. Pixels of a
class that says nothing (ignore, unlabeled), or of a colour that is not in the list, are in no region. A region is all that
there is of a class, and `meta.classes` names those that are there: by it builders know that a region is not one thing. Of the
pictures, sorted by the SHA-256 of their names without endings, the first sixth is the split “held”, seen whole; the others are
“train”, seen whole and in windows of several sizes, with questions that the masks decide.
"""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.wording import cover_names
from rsvlm.trainer.formats.cover_questions import cover_questions
from rsvlm.trainer.formats.reading import SUFFIXES, Source, said
from rsvlm.trainer.pictures import size_of
from rsvlm.trainer.regions import bbox_of, encode

NOBODY = ("ignore", "ignored", "unlabeled", "unlabelled", "unknown", "void")
HELD = 6  # one picture in so many is held out
SIDES = (128, 192, 256, 384, 512, 768)  # pixels of windows: as squares of one size they are of several scales
MOST = 24  # windows of one size in a picture
ALONE, KEPT = 0.98, 0.25  # of windows that are of one class to so large a share, this share is kept
UNKNOWN = 0.2  # of a window's pixels that may be of no class

Place = Any  # pathlib.Path or zipfile.Path: a folder on disk or in an archive
Window = tuple[int, int, int, int]


@dataclass(frozen=True)
class Covered:
    """A picture, and where each class is: (H, W) bool, in pixels of the picture. image: as records have it."""

    name: str
    split: str
    image: dict[str, Any]
    covers: dict[str, np.ndarray]


def read(source: Source) -> Iterator[Record]:
    """Raises RsvlmError (bad_request) where there is no classes.json, or no picture with a mask."""
    for one in covered(source):
        yield from _records(f"{source.path.stem}/{one.name}", one, source)


def covered(source: Source) -> Iterator[Covered]:
    """Whole pictures in the order of their names. Raises what `read` raises."""
    root: Place = zipfile.Path(source.path) if zipfile.is_zipfile(source.path) else source.path
    palette = _palette(root, source.path.name)
    pictures, masks = (_files(root / folder) for folder in ("images", "masks"))
    names = sorted(set(pictures) & set(masks))
    if not names:
        raise RsvlmError(
            "bad_request", f"{source.path.name} has no picture with a mask.", "Give images/NAME.jpg and masks/NAME.png."
        )
    if without := len(set(pictures) - set(masks)):
        source.left_out["the picture has no mask"] += without
    start = f"/vsizip/{source.path}" if isinstance(root, zipfile.Path) else str(source.path)
    held = set(sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())[: len(names) // HELD])

    def make(name: str) -> Iterator[Covered]:
        image = {"href": f"{start}/images/{pictures[name].name}"}
        covers = _covers(masks[name].read_bytes(), palette)
        fit(image["href"], next(iter(covers.values())))
        yield Covered(name, "held" if name in held else "train", image, covers)

    yield from source.each((name for name in names if source.wants("held" if name in held else "train")), make)


def fit(href: str, mask: np.ndarray) -> None:
    """Whether the mask, (H, W), lies on the pixels of the picture. Raises RsvlmError (bad_request) where it cannot."""
    size = size_of(href)
    if size is None:
        raise RsvlmError("bad_request", "the picture cannot be read")
    if size != mask.shape[::-1]:
        raise RsvlmError("bad_request", "the mask differs in size from its picture")


def _palette(root: Place, name: str) -> dict[str, int]:
    """Class -> colour as one number, of those that say something."""
    try:
        found = {str(label): int(str(colour).lstrip("#"), 16) for label, colour in json.loads(
            (root / "classes.json").read_text("utf-8")).items()}  # fmt: skip
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise RsvlmError(
            "bad_request", f"{name} has no classes.json that tells colours.", 'Write {"building": "#3C1098", ...}.'
        ) from error
    return {label: colour for label, colour in found.items() if label.lower() not in NOBODY}


def _files(folder: Place) -> dict[str, Place]:
    """Name without ending -> file."""
    there = folder.iterdir() if folder.is_dir() else ()
    return {Path(file.name).stem: file for file in there if Path(file.name).suffix.lower() in SUFFIXES}


def _covers(content: bytes, palette: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Class -> (H, W) bool. Raises RsvlmError (bad_request) for what is no picture."""
    try:
        colours = np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(np.int32)
    except (UnidentifiedImageError, OSError) as error:
        raise RsvlmError("bad_request", "the mask cannot be read") from error
    values = colours @ np.array([65536, 256, 1], np.int32)
    covers = {label: values == colour for label, colour in palette.items()}
    if not np.any(list(covers.values())):
        raise RsvlmError("bad_request", "the mask has none of the colours of classes.json")
    return covers


def _records(ident: str, one: Covered, source: Source) -> Iterator[Record]:
    image, split = one.image, one.split
    height, width = next(iter(one.covers.values())).shape
    for window in [None, *(windows(width, height, ident) if split == "train" else [])]:
        x0, y0, x1, y1 = window or (0, 0, width, height)
        seen = {label: mask[y0:y1, x0:x1] for label, mask in one.covers.items()}
        if window and sum(mask.mean() for mask in seen.values()) < 1 - UNKNOWN:
            source.left_out["much of a window is of no class"] += 1
            continue
        draw = random.Random(f"{ident} {window}")  # nosec B311 # no secret: the same windows say the same
        if window and max(mask.mean() for mask in seen.values()) > ALONE and draw.random() > KEPT:
            source.left_out["a window is all of one class, as many are"] += 1
            continue
        called = {label: draw.choice(cover_names(label)) if window else label for label in seen}
        shown = {**image, "window": list(window)} if window else image
        place = f"{ident}/{x0}_{y0}_{x1 - x0}" if window else ident
        about = {"source": source.path.name, "classes": [label for label, mask in seen.items() if mask.any()]}
        regions = [_region(called[label], mask) for label, mask in seen.items()]
        asked = said(f"Outline {', '.join(called.values())}.")
        yield Record(place, "segment", split, [shown], asked, regions, about)
        for kind, question, answer in cover_questions(seen, draw):
            turns = said(question, answer)
            yield Record(f"{place}/{kind}", "vqa", split, [shown], turns, meta={**about, "type": kind})


def _region(label: str, mask: np.ndarray) -> dict[str, Any]:
    """One of nothing where the class is absent: that is to be learnt too."""
    box = bbox_of(mask)
    return {"label": label, **({"bbox": box} if box else {}), "rle": encode(mask)}


def windows(width: int, height: int, name: str) -> Iterator[Window]:
    """x0, y0, x1, y1 in a picture of this size: of each side that fits, neighbours sharing about a half; the same by name."""
    for side in SIDES:
        if side >= min(width, height):
            return
        across, down = (_starts(length, side) for length in (width, height))
        places = [(x, y, x + side, y + side) for y in down for x in across]
        draw = random.Random(f"{name} {side}")  # nosec B311 # no secret
        yield from sorted(draw.sample(places, min(MOST, len(places))))


def _starts(length: int, side: int) -> list[int]:
    count = max(2, round(2 * (length - side) / side) + 1)
    return np.linspace(0, length - side, count).astype(int).tolist()

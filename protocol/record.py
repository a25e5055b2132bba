"""The training record: one example that a model learns from or is measured by; the one schema that all data sets come to.

A record refers to its images and never contains them. The plugin writes one when an analyst corrects an answer.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Dict, List, Mapping, Sequence

from .errors import RsvlmError

TASKS = ("caption", "vqa", "chat", "change", "segment", "ground", "identify", "classify", "localize", "rag")
ROLES = ("system", "user", "assistant")
FIELDS = ("id", "task", "split", "images", "messages", "regions", "meta")
IMAGE_FIELDS = ("href", "window", "extent", "crs", "bands", "date")
MESSAGE_FIELDS = ("role", "content")
REGION_FIELDS = ("label", "bbox", "rle", "polygon")
_RANGES = {"lat": (-90.0, 90.0), "lon": (-180.0, 180.0), "gsd_m": (0.0, math.inf)}
_DATE = re.compile(r"\d{4}(-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?)?)?")


@dataclass(frozen=True)
class Record:
    """One training example. What it holds is checked when it is made: RsvlmError (bad_request) says what is wrong.

    id: of its own within a data set. task: one of TASKS. split: train, val, test or another name.
    images: one, or two dates of one place, before first: {"href": what GDAL opens, "window": x0, y0, x1, y1 in pixels or
    "extent": x0, y0, x1, y1 in "crs" (None = the raster's own), "bands": 1-based, "date": ISO 8601}; only href is needed.
    messages: {"role": one of ROLES, "content"}; assistant messages that follow each other are alternatives, all right.
    regions: {"label", "bbox": x0, y0, x1, y1, "rle": COCO's, {"size": [height, width], "counts"}, or "polygon": rings of
    [x, y], parts and holes by the even-odd rule}, in pixels of the window or extent of the (last) image, x right, y down.
    meta: all else, kept as it is: "lat", "lon", "gsd_m", "sensor", "scene", where it came from.
    """

    id: str
    task: str
    split: str
    images: List[Dict[str, Any]]
    messages: List[Dict[str, str]]
    regions: List[Dict[str, Any]] = field(default_factory=list)
    meta: Dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in (("id", self.id), ("split", self.split)):
            if not isinstance(value, str) or not value:
                raise _wrong(f"its {name} is no text", f"Give it one, such as {name} “train”.")
        if self.task not in TASKS:
            raise _wrong(f"there is no task “{self.task}”", _instead(str(self.task), TASKS))
        for name in ("images", "messages", "regions"):
            rows = getattr(self, name)
            if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                raise _wrong(f"its {name} are no list of objects", "Write [] where there are none.")
        if not isinstance(self.meta, dict):
            raise _wrong("its meta is no object", "Write {} where there is nothing to tell.")
        for image in self.images:
            _check_image(image)
        for message in self.messages:
            _check_message(message)
        for region in self.regions:
            _check_region(region)
        _check_place(self.meta)

    @property
    def captions(self) -> List[str]:
        """All that the assistant says."""
        return [message["content"] for message in self.messages if message["role"] == "assistant"]

    def to_json(self) -> Dict[str, Any]:
        """As it stands in a line of a file; without regions and meta where there are none."""
        data = {name: getattr(self, name) for name in FIELDS}
        return {name: value for name, value in data.items() if value or name not in ("regions", "meta")}

    @classmethod
    def from_json(cls, data: Any) -> "Record":
        """Raises RsvlmError (bad_request); a field that records do not have is refused, with the nearest that they have."""
        if not isinstance(data, dict):
            raise _wrong("it is no object", "Write {...} with the fields " + ", ".join(FIELDS) + ".")
        _check_fields(data, FIELDS, "a record", "what is of your own belongs in its meta")
        missing = [name for name in FIELDS[:5] if name not in data]
        if missing:
            raise _wrong(f"it has no {' and no '.join(missing)}", "Add what is missing.")
        return cls(**data)


def _wrong(what: str, mend: str) -> RsvlmError:
    return RsvlmError("bad_request", f"This is no training record: {what}.", mend)


def _instead(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    return f"Did you mean “{near[0]}”?" if near else f"Take one of {', '.join(names)}."


def _check_fields(data: Mapping[str, Any], names: Sequence[str], what: str, advice: str = "") -> None:
    for name in data:
        if name not in names:
            near = _instead(str(name), names)
            raise _wrong(f"{what} has no field “{name}”", f"{near[:-1]}; {advice}." if advice else near)


def _check_place(meta: Mapping[str, Any]) -> None:
    for name, (low, high) in _RANGES.items():
        value = meta.get(name)
        if value is not None and not (_are_numbers([value]) and low <= value <= high):
            raise _wrong(f"its {name} is {value!r}", "Give a number that can be one, or leave it out.")


def _check_image(image: Mapping[str, Any]) -> None:
    _check_fields(image, IMAGE_FIELDS, "an image")
    if not isinstance(image.get("href"), str) or not image["href"]:
        raise _wrong("an image has no href", "Give the path of its file.")
    if "window" in image and "extent" in image:
        raise _wrong("an image has both a window and an extent", "Keep one of them.")
    for name in ("window", "extent"):
        if name in image:
            _check_box(image[name], f"the {name} of an image")
    if not isinstance(image.get("crs", ""), str):
        raise _wrong("the crs of an image is no text", "Give “EPSG:N” or WKT, or leave it out.")
    bands = image.get("bands", [1])
    if not (isinstance(bands, list) and bands and all(type(band) is int and band > 0 for band in bands)):
        raise _wrong(f"the bands of an image are {bands!r}", "Number them from 1, such as [3, 2, 1].")
    date = image.get("date", "2000")
    if not (isinstance(date, str) and _DATE.fullmatch(date)):
        raise _wrong(f"the date of an image is {date!r}", "Write it as 2024-05-31.")


def _check_message(message: Mapping[str, Any]) -> None:
    _check_fields(message, MESSAGE_FIELDS, "a message")
    if message.get("role") not in ROLES:
        raise _wrong(f"there is no role “{message.get('role')}”", _instead(str(message.get("role")), ROLES))
    if not isinstance(message.get("content"), str):
        raise _wrong("the content of a message is no text", "Images stand under images, not in messages.")


def _check_region(region: Mapping[str, Any]) -> None:
    _check_fields(region, REGION_FIELDS, "a region")
    if not isinstance(region.get("label"), str):
        raise _wrong("a region has no label", "Say what it shows, or write an empty text.")
    if not any(name in region for name in REGION_FIELDS[1:]):
        raise _wrong("a region has no place", "Give its bbox, rle or polygon.")
    if "bbox" in region:
        _check_box(region["bbox"], "the bbox of a region")
    if "rle" in region:
        _check_rle(region["rle"])
    rings = region.get("polygon", [])
    if not (isinstance(rings, list) and all(isinstance(ring, list) and len(ring) >= 3 for ring in rings)):
        raise _wrong("a polygon is no list of rings", "Write [[[x, y], [x, y], [x, y]]].")
    if not all(isinstance(xy, (list, tuple)) and len(xy) == 2 and _are_numbers(xy) for ring in rings for xy in ring):
        raise _wrong("a polygon has a corner that is no [x, y]", "Give two numbers, in pixels.")
    if "polygon" in region and not rings:
        raise _wrong("a polygon has no ring", "Leave the region out.")


def _check_box(box: Any, what: str) -> None:
    if not (isinstance(box, (list, tuple)) and len(box) == 4 and _are_numbers(box)):
        raise _wrong(f"{what} is {box!r}", "Give four numbers: x0, y0, x1, y1.")
    if not (box[0] < box[2] and box[1] < box[3]):
        raise _wrong(f"{what}, {list(box)}, is empty or inverted", "Write x0, y0, x1, y1 with x0 < x1 and y0 < y1.")


def _check_rle(rle: Any) -> None:
    """Its form only; what its counts cover is found when it is decoded."""
    size = rle.get("size") if isinstance(rle, dict) else None
    counts = rle.get("counts") if isinstance(rle, dict) else None
    if not (isinstance(size, list) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)):
        raise _wrong("an rle has no size", "Write it as COCO does: size [height, width] and counts.")
    if isinstance(counts, list) and all(type(count) is int and count >= 0 for count in counts):
        return
    if not isinstance(counts, str):
        raise _wrong("the counts of an rle are neither text nor numbers", "Write them as COCO does.")


def _are_numbers(values: Sequence[Any]) -> bool:
    return all(
        isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value) for value in values
    )

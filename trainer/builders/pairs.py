"""Two dates of a place with masks of what changed, window by window: files or folders of files of the same names.

A mask is read on its own grid; the later date lies on that grid, the earlier one may lie on another if both are on a map.
Where a mask states that it has no data, nothing changed; a window of which that is much is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

import rsvlm.geo.opening  # noqa: F401 # its limits; pictures without a place are no reason to warn
from rsvlm.geo.metadata import acquired
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.builders.building import PICTURES, Job
from rsvlm.trainer.builders.components import without_small

ANY = "area"  # what changed where a mask has no classes
UNKNOWN = 0.2  # of a window's pixels that a mask may have no data of


@dataclass(frozen=True)
class Changed:
    """Pixels of one class: state “new”, “lost” or what the user calls it; mask (H, W) bool."""

    state: str
    label: str
    mask: np.ndarray


@dataclass(frozen=True)
class Pair:
    """images: before and after, as records have them. height, width: of the masks, in pixels. gsd_m: None without a map."""

    name: str
    images: list[dict[str, Any]]
    changed: list[Changed]
    height: int
    width: int


@dataclass(frozen=True)
class Reading:
    """classes: value of a mask -> name, {} = all values but 0 are one. state: of a mask of changes. side: of a window, pixels.

    smallest: pixels of a part that counts.
    """

    classes: Mapping[int, str]
    state: str
    side: int
    smallest: int


def pairs(before: Path, after: Path, masks: Sequence[Path], reading: Reading, job: Job) -> Iterator[Pair]:
    """masks: one of changes, or maps of classes of both dates. Left out and told: pairs that cannot be read or do not fit.

    Raises RsvlmError (bad_request) where nothing belongs together.
    """
    for name, paths in _files([before, after, *masks], job):
        try:
            yield from _windows(name, paths, reading, job)
        except RsvlmError as error:
            job.left_out[error.message] += 1
        except RasterioError:
            job.left_out["a picture or mask cannot be read"] += 1


def _files(places: Sequence[Path], job: Job) -> Iterator[tuple[str, list[Path]]]:
    if len({path.is_dir() for path in places}) > 1:
        raise RsvlmError("bad_request", "Files and folders are mixed.", "Give files only, or folders only.")
    if not places[0].is_dir():
        yield places[1].stem, list(places)
        return
    found = [
        {path.stem: path for path in sorted(place.iterdir()) if path.suffix.lower() in PICTURES} for place in places
    ]
    shared = set.intersection(*(set(files) for files in found))
    if not shared:
        raise RsvlmError(
            "bad_request",
            "The folders of both dates and of the masks have no file name in common.",
            "Name the files of a place alike, such as A/12.png, B/12.png and label/12.png.",
        )
    for name in sorted(set.union(*(set(files) for files in found)) - shared):
        job.left_out["a date or the mask is missing"] += bool(name)
    for name in sorted(shared):
        yield name, [files[name] for files in found]


def _windows(name: str, paths: Sequence[Path], reading: Reading, job: Job) -> Iterator[Pair]:
    with rasterio.open(paths[0]) as before, rasterio.open(paths[1]) as after:
        opened = [rasterio.open(path) for path in paths[2:]]
        try:
            grid = opened[-1]
            if any(not _same_grid(other, grid) for other in (after, *opened)):
                raise RsvlmError("bad_request", "the mask lies on another grid than the later date")
            whole = grid.width <= reading.side and grid.height <= reading.side
            for y in range(0, grid.height, reading.side):
                for x in range(0, grid.width, reading.side):
                    box = (x, y, min(x + reading.side, grid.width), min(y + reading.side, grid.height))
                    values, unknown = _values(opened, Window.from_slices((y, box[3]), (x, box[2])), reading)
                    if unknown > UNKNOWN:
                        job.left_out["much of a window has no data in a mask"] += 1
                        continue
                    yield Pair(
                        name if whole else f"{name}/{x}_{y}",
                        [_image(date, grid, box, whole) for date in (before, after)],
                        _changes(values, reading, job),
                        box[3] - y,
                        box[2] - x,
                    )
        finally:
            for mask in opened:
                mask.close()


def _values(masks: Sequence[DatasetReader], window: Window, reading: Reading) -> tuple[list[np.ndarray], float]:
    """Of each mask, (H, W), 0 where any of them has no data; and the share of such pixels. 0 and what is named are data."""
    values = [mask.read(1, window=window) for mask in masks]
    known = [0, *reading.classes]
    unknown = np.any(
        [
            (mask.read_masks(1, window=window) == 0) & ~np.isin(each, known)
            for mask, each in zip(masks, values, strict=True)
        ],
        axis=0,
    )
    return [np.where(unknown, 0, each) for each in values], float(unknown.mean())


def _same_grid(one: DatasetReader, other: DatasetReader) -> bool:
    """Of one size; and in one place where both are on a map."""
    placed = bool(one.crs) and bool(other.crs)
    near = not placed or (
        one.crs == other.crs and one.transform.almost_equals(other.transform, abs(one.transform.a) / 4)
    )
    return (one.width, one.height) == (other.width, other.height) and near


def _image(date: DatasetReader, grid: DatasetReader, box: tuple[int, int, int, int], whole: bool) -> dict[str, Any]:
    stated = acquired(date)
    image: dict[str, Any] = {"href": str(Path(date.name).absolute()), **({"date": stated} if stated else {})}
    if _same_grid(date, grid):
        return image if whole and not date.crs else {**image, "window": list(box)}
    if not (date.crs and grid.crs):
        raise RsvlmError("bad_request", "the two dates differ in size, and one of them is on no map")
    (x0, y0), (x1, y1) = grid.transform @ (box[0], box[3]), grid.transform @ (box[2], box[1])
    return {**image, "extent": [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)], "crs": grid.crs.to_wkt()}


def _changes(values: Sequence[np.ndarray], reading: Reading, job: Job) -> list[Changed]:
    """By class in the order that they are named, first what is new; parts that are too small are taken out."""
    found = []
    after, before = values[-1], values[0]
    for label in dict.fromkeys(reading.classes.values()) or [ANY]:
        named = [value for value, name in reading.classes.items() if name == label]
        there, was = (np.isin(each, named) if named else each != 0 for each in (after, before))
        states = {"new": there & ~was, "lost": was & ~there} if len(values) == 2 else {reading.state: there}
        for state, mask in states.items():
            kept, small = without_small(mask, reading.smallest)
            if small:
                job.left_out[f"a part has fewer than {reading.smallest} pixels"] += small
            found.append(Changed(state, label, kept))
    known = [*reading.classes, 0]
    if reading.classes and (strange := sorted(set(np.unique(np.concatenate(values))) - set(known))):
        job.left_out[f"the value {strange[0]} of a mask has no class, and counts as unchanged"] += 1
    return sorted(found, key=lambda one: one.state != found[0].state)

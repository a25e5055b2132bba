"""Splits by place: records that lie near each other go into one split, so that no model is measured on what it was taught.

The ground is laid out in square blocks, and whole blocks are drawn. What overlaps a held-out window from across the edge of a
block is left out. Pictures on no map are blocks of their own, joined where records have one in common, of whatever date, or where
they look nearly the same. Knows records, where their images lie, and how those on no map look.
"""

from __future__ import annotations

import json
import math
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from pyproj import Transformer

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, Record, RsvlmError, Watch
from rsvlm.trainer.records import Records, Writer
from rsvlm.trainer.stats.hashing import groups, near_pairs
from rsvlm.trainer.stats.looking import look

METRES = 111_320.0  # of a degree of latitude
BLOCK = 2.0  # sides of a window along a block, unless told
OVERLAP = 0.01  # of the smaller of two windows, that another split may share
NEAR = 4  # bits in which the hashes of pictures may differ that look nearly the same
HELD = ("test", "val")  # in the order in which they are drawn
TRAIN = "train"
TELL = 50  # records between two tellings


@dataclass(frozen=True)
class Place:
    """corners: of the window, (4, 2), x and y in degrees, or in pixels of `picture` where that is on no map; () of words alone,
    which lie nowhere.
    """

    picture: str
    corners: tuple[tuple[float, float], ...]

    @property
    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 around it."""
        xs, ys = zip(*self.corners, strict=True)
        return min(xs), min(ys), max(xs), max(ys)

    def side(self) -> float:
        """Of the window, in metres; in pixels where it is on no map."""
        x0, y0, x1, y1 = self.box
        if self.picture:
            return max(x1 - x0, y1 - y0)
        return max((x1 - x0) * math.cos(math.radians((y0 + y1) / 2)), y1 - y0) * METRES

    def block(self, side: float) -> tuple[str, int, int]:
        """Of the ground, or of the picture, by its middle. Rows of blocks have a number of columns of their own."""
        x, y = (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2
        if self.picture:
            return self.picture, int(x // side), int(y // side)
        row = math.floor(y * METRES / side)
        across = math.cos(math.radians(min(89.0, abs((row + 0.5) * side / METRES))))
        return "", math.floor(x * across * METRES / side), row


@dataclass(frozen=True)
class Divided:
    """splits: records of each. block: metres (pixels on no map). overlapping: records that were left out."""

    splits: dict[str, int]
    block: float
    blocks: int
    overlapping: int


def divide(
    files: Sequence[Path],
    out: Path,
    shares: dict[str, float],
    block: float,
    seed: int,
    overwrite: bool,
    watch: Watch,
) -> Divided:
    """Write all records of `files` with the splits of `shares` (of HELD; the rest is TRAIN). block: 0 = BLOCK windows. Records
    without a picture are for training.

    Raises RsvlmError: not_found, bad_request, bad_raster, cancelled.
    """
    sets = [Records(path) for path in files]
    count = sum(map(len, sets))
    if not count:
        raise RsvlmError("bad_request", "There is no record to divide.", "Give files with records in them.")
    if sum(shares.values()) >= 1:
        raise RsvlmError("bad_request", "The shares that are held out leave nothing to train on.", "Hold out less.")
    places: list[Place] = []
    shown: dict[Place, int] = {}  # pictures of records on no map, of any date, and the first record of each
    hashes: list[tuple[int, int]] = []  # that record, and how the picture looks
    together: list[tuple[int, int]] = []  # records with a picture in common
    for number, record in enumerate(_all(sets)):
        watch.check()
        if (number + 1) % TELL == 0 or number + 1 == count:
            watch.progress(number + 1, count, "Places")
        places.append(place_of(record))
        for image in record.images if places[-1].picture else ():
            picture = _place(image)
            if picture not in shown:
                shown[picture] = number
                if (seen := look(image).hash) is not None:
                    hashes.append((number, seen))
            elif places[shown[picture]] != places[-1]:
                together.append((shown[picture], number))
    sides = [place.side() for place in places if place.corners]
    block = block or BLOCK * (float(np.median(sides or [0.0])) or 1.0)
    blocks: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for number, place in enumerate(places):
        if place.corners:
            blocks[place.block(block)].append(number)
    _join(blocks, hashes, together)
    splits = _drawn(blocks, shares, count, seed)
    left_out = _overlapping(places, splits)
    told = Counter(split for number, split in enumerate(splits) if number not in left_out)
    _check(told, shares)
    ids: Counter[str] = Counter()
    job = [[(str(path), path.stat().st_mtime_ns) for path in files], shares, block, seed]
    with Writer(out, json.dumps(job), overwrite) as writer:
        before, kept = writer.written, 0
        for number, record in enumerate(_all(sets)):
            if number in left_out:
                continue
            kept += 1
            ids[record.id] += 1
            again = f"#{ids[record.id]}" if ids[record.id] > 1 else ""
            if kept > before:
                writer.write(replace(record, id=record.id + again, split=splits[number]))
    return Divided(dict(told), round(block, 1), len(blocks), len(left_out))


def place_of(record: Record) -> Place:
    """Where the last image of a record lies. Raises RsvlmError (not_found, bad_raster) for one that cannot be opened."""
    return _place(record.images[-1]) if record.images else Place("", ())


def _place(image: Mapping[str, Any]) -> Place:
    way, transform, whole = _ground(image["href"])
    extent = image.get("extent")
    x0, y0, x1, y1 = extent or image.get("window") or whole
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    if way is None:
        return Place(os.path.realpath(image["href"]), tuple(corners))
    if extent and image.get("crs"):
        way = _way(image["crs"])
    elif not extent:
        corners = [transform @ xy for xy in corners]
    xs, ys = way.transform(*zip(*corners, strict=True))
    return Place("", tuple(zip(map(float, xs), map(float, ys), strict=True)))


@lru_cache(maxsize=2**16)
def _ground(href: str) -> tuple[Transformer | None, Affine, tuple[int, int, int, int]]:
    """From the raster's CRS to degrees, None where it has none; from its pixels to the CRS; all of its pixels."""
    with Scene.open(Raster(href=href)) as scene:
        way = _way(scene.crs.to_wkt()) if scene.crs else None
        return way, scene.transform, (0, 0, scene.width, scene.height)


@lru_cache(maxsize=64)
def _way(crs: str) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)


def _all(sets: Sequence[Records]) -> Iterator[Record]:
    for records in sets:
        yield from records


def _join(
    blocks: dict[tuple[str, int, int], list[int]],
    hashes: Sequence[tuple[int, int]],
    together: Sequence[tuple[int, int]],
) -> None:
    """Make one block of those, in place, that have records whose pictures look nearly the same, or that belong together.

    hashes: number of a record, and hash of a picture of it. together: numbers of two records.
    """
    keys = list(blocks)
    place = {number: at for at, key in enumerate(keys) for number in blocks[key]}
    numbers = np.array([number for number, _ in hashes], np.int64)
    found = np.array([seen for _, seen in hashes], np.uint64)
    values, firsts, same = np.unique(found, return_index=True, return_inverse=True)
    near, others = near_pairs(values, NEAR)
    alike = np.concatenate([firsts[near], firsts[same]]), np.concatenate([firsts[others], np.arange(len(found))])
    pairs = np.concatenate([numbers[np.stack(alike, axis=1)], np.array(together, np.int64).reshape(-1, 2)])
    first, second = (np.array([place[number] for number in side], np.int64) for side in pairs.T.tolist())
    for first_block, *joined in groups(first, second):
        for other in joined:
            blocks[keys[first_block]] += blocks.pop(keys[other])


def _check(counts: Counter[str], shares: dict[str, float]) -> None:
    """Raises RsvlmError (bad_request) where nothing is left of a split that was asked for."""
    for name in (*(name for name in HELD if shares.get(name)), TRAIN):
        if not counts[name]:
            raise RsvlmError(
                "bad_request",
                f"Nothing is left of the split {name}: all of it overlaps windows of another split.",
                "Make the blocks larger, hold less out, or give windows that overlap less.",
            )


def _drawn(blocks: dict[Any, list[int]], shares: dict[str, float], count: int, seed: int) -> list[str]:
    """The split of each record: blocks in an order that is drawn, each split as near its share as whole blocks go. Where all of
    them are too large for a share, it is the smallest.

    Raises RsvlmError (bad_request) where there are too few blocks for a split to have one and training to keep one.
    """
    order = sorted(blocks)
    random.Random(f"split {seed}").shuffle(order)  # nosec B311 # no secret: the same splits for the same seed
    splits = [TRAIN] * count
    wanted = {name: shares[name] * count for name in HELD if shares.get(name)}
    if len(order) <= len(wanted):
        raise RsvlmError(
            "bad_request",
            f"All records lie in {len(order)} blocks of ground, too few for {len(wanted) + 1} splits.",
            "Make the blocks smaller, hold nothing out, or add rasters of other places.",
        )
    for after, (name, share) in enumerate(wanted.items(), 1):
        most = len(order) - 1 - (len(wanted) - after)  # blocks that leave one to each of the other splits
        held: list[Any] = []
        records = 0
        for block in order:
            if len(held) < most and records + len(blocks[block]) / 2 <= share:
                held.append(block)
                records += len(blocks[block])
        for block in held or [min(order, key=lambda each: len(blocks[each]))]:
            order.remove(block)
            for number in blocks[block]:
                splits[number] = name
    return splits


def _overlapping(places: Sequence[Place], splits: Sequence[str]) -> set[int]:
    """Records of training that share ground with one held out, and those of val that do with one of test."""
    found: set[int] = set()
    for name, lesser in (("test", ("val", TRAIN)), ("val", (TRAIN,))):
        held = [number for number, split in enumerate(splits) if split == name and number not in found]
        if not held:
            continue
        shapes = [shapely.Polygon(places[number].corners) for number in held]
        tree = shapely.STRtree(shapes)
        for number, split in enumerate(splits):
            if split not in lesser or number in found:
                continue
            shape = shapely.Polygon(places[number].corners)
            near = (int(at) for at in tree.query(shape, predicate="intersects"))
            same = (at for at in near if places[held[at]].picture == places[number].picture)
            if any(shapes[at].intersection(shape).area > OVERLAP * min(shapes[at].area, shape.area) for at in same):
                found.add(number)
    return found

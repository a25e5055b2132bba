"""Lots along a street: gardens, houses, garages, drives, sheds, hedges, pools, parked cars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Iterator, List, Optional, Tuple

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes.layout import Drafts, Strip
from rsvlm.trainer.scenes.shapes import Taken, Vector, normal, place, rectangle, ribbon, segment

ROOFS = ("clay", "clay", "rust", "brown", "slate", "slate", "grey", "light")
VERGE = 1.5  # metres of pavement between carriageway and lot
SHORT = 0.8  # share of its depth that a lot can do with where the ground is tight
CARS = ("white", "white", "silver", "black", "black", "red", "blue", "grey")
DRIVES = ("pavers", "pavers", "asphalt", "gravel")


@dataclass(frozen=True)
class Lot:
    """A building plot: `front` is the middle of its street side, `along` the street, `inward` away from it."""

    outline: Polygon
    front: Vector
    along: Vector
    inward: Vector
    width: float
    depth: float


def lots_along(
    rng: np.random.Generator,
    street: Strip,
    side: int,
    taken: Taken,
    depth: Tuple[float, float] = (23.0, 26.0),
    width: Tuple[float, float] = (16.0, 24.0),
    start: float = 9.0,
    end: Optional[float] = None,
) -> Iterator[Lot]:
    """Plots on one side of a street (side 1: right of its direction, -1: left) wherever the ground is free.

    A plot is taken when it is asked for: whoever stops asking leaves the rest of the street free.
    """
    at, stop = start, street.axis.length - 7.0 if end is None else end
    while at < stop - width[0]:
        wide, deep = rng.uniform(*width), rng.uniform(*depth)
        here, along = place(street.axis, at + wide / 2)
        inward = normal(along) * side
        front = here + inward * (street.width / 2 + VERGE)
        outline = rectangle(front + inward * deep / 2, along, wide, deep)
        if taken.touches(outline.buffer(-0.6)):
            deep *= SHORT
            outline = rectangle(front + inward * deep / 2, along, wide, deep)
        if taken.touches(outline.buffer(-0.6)):
            at += 4.0
            continue
        taken.add(outline.buffer(-0.3))
        yield Lot(outline, front, along, inward, wide, deep)
        at += wide


def add_house(rng: np.random.Generator, drafts: Drafts, lot: Lot, fresh: bool = False) -> None:
    """Build on a lot. fresh: newly built, so earth instead of lawn and nothing grown yet."""
    length = float(np.clip(rng.normal(0.62 * lot.width, 1.4), 9.0, lot.width - 6.0))
    across = float(np.clip(rng.normal(9.6, 0.9), 8.0, 11.5))
    setback = float(np.clip(rng.uniform(4.0, 7.5), 3.0, lot.depth - across - 6.0))
    shift = rng.uniform(-0.5, 0.5) * (lot.width - length - 4.0)
    centre = lot.front + lot.inward * (setback + across / 2) + lot.along * shift
    along = _turned(lot.along, rng.normal(0, 0.03))
    inward = lot.inward
    roof = str(rng.choice(ROOFS))
    strips = _roof_strips(rng, centre, along, inward, length, across)
    shape = shapely.union_all([ribbon(strip.axis, strip.width) for strip in strips])
    kind, style = "garden", "fresh" if fresh else str(rng.choice(("lawn", "lawn", "rough")))
    if fresh and rng.random() < 0.4:
        kind, style = "site", "earth"
    drafts.add(kind, lot.outline, style, (Strip(segment(centre, along, length), 1.0),), tone=rng.uniform(-1, 1))
    hip = "hip" if len(strips) == 1 and rng.random() < 0.28 else "gable"
    drafts.add("building", shape, f"{roof}-{hip}", strips, rng.uniform(4.2, 6.2), rng.uniform(-1, 1))
    solid: List[BaseGeometry] = [shape]
    _add_drive(rng, drafts, lot, centre, length, setback, solid)
    _furnish(rng, drafts, lot, centre, across, fresh, solid)


def _turned(along: Vector, angle: float) -> Vector:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([along[0] * cos - along[1] * sin, along[0] * sin + along[1] * cos])


def _roof_strips(
    rng: np.random.Generator, centre: Vector, along: Vector, inward: Vector, length: float, across: float
) -> Tuple[Strip, ...]:
    """The ridge of the house, and sometimes that of a wing at its back."""
    if rng.random() < 0.3:
        return (Strip(segment(centre, normal(along), across), length),)
    strips = [Strip(segment(centre, along, length), across)]
    if length > 11.0 and rng.random() < 0.4:
        wide, reach = rng.uniform(5.0, 6.5), rng.uniform(3.0, 5.0)
        root = centre + along * rng.choice((-1, 1)) * (length - wide) / 2
        strips.append(Strip(LineString([root, root + inward * (across / 2 + reach)]), wide))
    return tuple(strips)


def _add_drive(
    rng: np.random.Generator,
    drafts: Drafts,
    lot: Lot,
    centre: Vector,
    length: float,
    setback: float,
    solid: List[BaseGeometry],
) -> None:
    """A drive on the roomier side of the house, with a garage at its end or a car on it."""
    offset = float(np.dot(centre - lot.front, lot.along))
    hand = -1.0 if offset > 0 else 1.0
    room = lot.width / 2 - hand * offset - length / 2
    wide = float(np.clip(room - 0.8, 2.6, 3.6))
    middle = lot.front + lot.along * (offset + hand * (length / 2 + 0.5 + wide / 2))
    garage = room > 4.0 and rng.random() < 0.65
    reach = setback + (2.0 if garage else rng.uniform(3.0, 8.0))
    drive = ribbon(LineString([middle - lot.inward * 1.2, middle + lot.inward * reach]), wide)
    drafts.add("paved", drive, str(rng.choice(DRIVES)), (), tone=rng.uniform(-1, 1))
    if garage:
        body = rectangle(middle + lot.inward * (reach + 3.2), lot.inward, 6.4, wide)
        if not any(body.distance(other) < 0.45 for other in solid):
            axis = segment(middle + lot.inward * (reach + 3.2), lot.inward, 6.4)
            drafts.add("building", body, "gravel-flat", (Strip(axis, wide),), 2.7, rng.uniform(-1, 1))
            solid.append(body)
    if reach > 5.4 and rng.random() < 0.55:
        spot = middle + lot.inward * rng.uniform(1.6, reach - 2.8)
        add_car(rng, drafts, spot, lot.inward * rng.choice((-1, 1)), solid)


def add_car(rng: np.random.Generator, drafts: Drafts, spot: Vector, along: Vector, solid: List[BaseGeometry]) -> None:
    """A car, unless it would stand within half a metre of something in `solid` (which it then joins)."""
    length, width = rng.uniform(4.0, 4.8), rng.uniform(1.75, 1.95)
    shape = rectangle(spot, along, length, width)
    if any(shape.distance(other) < 0.75 for other in solid):
        return
    drafts.add("car", shape, str(rng.choice(CARS)), (Strip(segment(spot, along, length), width),), 1.4)
    solid.append(shape)


def _furnish(
    rng: np.random.Generator,
    drafts: Drafts,
    lot: Lot,
    centre: Vector,
    across: float,
    fresh: bool,
    solid: List[BaseGeometry],
) -> None:
    """Terrace, shed, pool and hedges behind the house."""
    back = centre + lot.inward * (across / 2 + 2.0)
    terrace = rectangle(back + lot.along * rng.uniform(-2, 2), lot.along, rng.uniform(4, 7), rng.uniform(3, 4.4))
    drafts.add("paved", terrace, str(rng.choice(("pavers", "wood", "pale"))), tone=rng.uniform(-1, 1))
    if fresh:
        return
    far = lot.front + lot.inward * (lot.depth - 3.0)
    corner = far + lot.along * rng.choice((-1, 1)) * (lot.width / 2 - 3.2)
    if rng.random() < 0.4:
        shed = rectangle(corner, lot.along, rng.uniform(2.6, 4.0), rng.uniform(2.2, 3.0))
        if not any(shed.distance(other) < 0.75 for other in solid):
            axis = segment(corner, lot.along, 3.0)
            drafts.add("building", shed, "shed-flat", (Strip(axis, 2.5),), 2.2, rng.uniform(-1, 1))
            solid.append(shed)
    if rng.random() < 0.1:
        pool = rectangle(far - lot.inward * 2.5 + lot.along * rng.uniform(-1, 1), lot.along, 7.5, 3.8).buffer(0.5)
        if not any(pool.distance(other) < 1.5 for other in solid):
            drafts.add("paved", pool.buffer(1.1, join_style="mitre"), "pale", tone=rng.uniform(-1, 1))
            drafts.add("pool", pool, tone=rng.uniform(-1, 1))
            solid.append(pool)
    edge = lot.width / 2 - 0.7
    runs = (
        (lot.front + lot.inward * (lot.depth - 0.7), lot.along, lot.width - 1.0),
        (lot.front + lot.inward * (lot.depth * 0.62) + lot.along * edge, lot.inward, lot.depth * 0.7),
        (lot.front + lot.inward * (lot.depth * 0.62) - lot.along * edge, lot.inward, lot.depth * 0.7),
    )
    for spot, direction, reach in runs:
        hedge = ribbon(segment(spot, direction, reach), rng.uniform(0.9, 1.6))
        if rng.random() < 0.5 and not any(hedge.distance(other) < 0.4 for other in solid):
            drafts.add("hedge", hedge, height=1.7, tone=rng.uniform(-1, 1))

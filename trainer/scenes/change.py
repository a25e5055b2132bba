"""Two dates of one scene: what is built, felled and moved between them, known to the object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Iterable, List, Optional, Tuple

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, affinity
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes import fields, houses, lake
from rsvlm.trainer.scenes.classes import KINDS
from rsvlm.trainer.scenes.layout import Drafts, Layout, Strip, Thing
from rsvlm.trainer.scenes.shapes import Taken, vector
from rsvlm.trainer.scenes.streets import WIDTHS, add_street
from rsvlm.trainer.scenes.village import Village, compose, park

FELLED = 27.0  # radius of the clearing, metres


@dataclass(frozen=True)
class Change:
    """One object that is there on one date only. action: "added" or "removed"; label: its class."""

    action: str
    label: str
    id: int


@dataclass(frozen=True)
class Pair:
    """A scene before and after; an object that stays keeps its id, its outline and its class."""

    before: Layout
    after: Layout

    @property
    def changes(self) -> Tuple[Change, ...]:
        """What the layouts differ in, by id."""
        old, new = self.before.ids(), self.after.ids()
        gone = [Change("removed", KINDS[thing.kind], thing.id) for thing in self.before.things if thing.id not in new]
        came = [Change("added", KINDS[thing.kind], thing.id) for thing in self.after.things if thing.id not in old]
        return (*gone, *came)


def make_pair(seed: int, size: float = 600.0) -> Pair:
    """A village by a lake of size x size metres, before and after; the same arguments give the same pair."""
    rng = np.random.default_rng([seed, 1])
    village = compose(rng, size)
    # By itself: how often others draw may hang on the processor's rounding.
    turn = int(np.random.default_rng([seed, 3]).integers(8))
    later = replace(village, drafts=village.drafts.copy())
    _alter(np.random.default_rng([seed, 2]), later)
    empty = Layout(size, seed, ())
    layouts = [
        empty.with_things(_turned(drafts.things.values(), size, turn)) for drafts in (village.drafts, later.drafts)
    ]
    return Pair(layouts[0], layouts[1])


def _turned(things: Iterable[Thing], size: float, turn: int) -> List[Thing]:
    """One of the eight ways to lay a square down, and only what then shows on it."""
    square = shapely.box(0, 0, size, size)
    a, b, d, e = ((1, 0, 0, 1), (0, -1, 1, 0), (-1, 0, 0, -1), (0, 1, -1, 0))[turn % 4]
    if turn >= 4:
        a, d = -a, -d
    matrix = (a, b, d, e, size * (a + b < 0), size * (d + e < 0))
    return [
        replace(
            thing,
            shape=affinity.affine_transform(thing.shape, matrix),
            strips=tuple(Strip(affinity.affine_transform(s.axis, matrix), s.width) for s in thing.strips),
        )
        for thing in things
        if thing.shape.intersection(square).area > min(3.0, thing.shape.area / 2)
    ]


def _alter(rng: np.random.Generator, village: Village) -> None:
    """Years pass: a field is built up, gaps are filled, trees felled, boats and cars come and go, crops rotate."""
    drafts = village.drafts
    for lot in village.vacant[: max(2, len(village.vacant) * 2 // 3)]:
        houses.add_house(rng, drafts, lot, fresh=True)
    _build_up(rng, village)
    _fell(rng, village)
    _rearrange_boats(rng, village)
    for thing in list(drafts.things.values()):
        if thing.kind == "car" and rng.random() < 0.6:
            drafts.things.pop(thing.id)
        elif thing.kind == "field" and rng.random() < 0.6:
            crop = str(rng.choice(fields.CROPS[:7]))
            drafts.things[thing.id] = replace(thing, style=crop, tone=float(rng.uniform(-1, 1)))
    _clear_trees(drafts)
    park(rng, village.plan, drafts, int(village.plan.size / 24))


def _build_up(rng: np.random.Generator, village: Village) -> None:
    """Turn the best field by a street into a new quarter with its own street, if one can be reached."""
    plan, drafts = village.plan, village.drafts
    streets = shapely.union_all([plan.upper, plan.main, plan.country, *plan.sides])
    middle = Point(plan.size / 2, plan.size / 2)

    def merit(thing: Thing) -> float:
        seen = thing.shape.intersection(plan.square).area
        return min(seen, 16_000) - 120 * thing.shape.distance(streets) - 12 * thing.shape.distance(middle)

    solid = shapely.union_all(drafts.shapes("building", "hedge", "pool", "pitch", "water"))
    parcels = sorted((thing for thing in drafts.things.values() if thing.kind == "field"), key=merit, reverse=True)
    choices = ((thing, _new_street(thing.shape, streets, solid)) for thing in parcels)
    old, axis = next(((thing, axis) for thing, axis in choices if axis is not None), (None, None))
    if old is None or axis is None:
        return
    drafts.things.pop(old.id)
    drafts.add("site", old.shape, "earth", old.strips, tone=rng.uniform(-1, 1))
    add_street(drafts, axis, "street")
    strip = Strip(axis, WIDTHS["street"])
    taken = Taken([old.shape.exterior, *(shape.buffer(0.8) for shape in drafts.shapes("road"))])
    taken.add(*drafts.shapes("building"))
    for side in (-1, 1):
        for lot in houses.lots_along(rng, strip, side, taken, (22.0, 24.0), (16.5, 19.0), start=6.0):
            if old.shape.contains(lot.outline.centroid):
                houses.add_house(rng, drafts, lot, fresh=True)


def _new_street(field: Polygon, streets: BaseGeometry, solid: BaseGeometry) -> Optional[LineString]:
    """Through the field along its longer side, joined to a street by the shortest way clear of `solid`, if any is."""
    along, length = fields.long_side(field)
    centre = vector(field.centroid.x, field.centroid.y)
    reach = vector(along.x, along.y) * length
    inside = LineString([centre - reach, centre + reach]).intersection(field.buffer(-9))
    if inside.is_empty:
        return None
    run = max(shapely.get_parts(inside), key=lambda part: part.length)
    ways = [
        LineString([axis.interpolate(at), run.coords[end], run.coords[end - 1]])
        for axis in shapely.get_parts(streets)
        for at in np.arange(0.0, axis.length, 6.0)
        for end in (0, -1)
    ]
    for way in sorted(ways, key=lambda way: way.length):
        if way.length < run.length + 70 and not way.buffer(5.5).intersects(solid):
            return way
    return None


def _fell(rng: np.random.Generator, village: Village) -> None:
    """Clear a round patch of the wood, well inside the picture."""
    drafts = village.drafts
    inner = village.plan.square.buffer(-FELLED * 1.2)
    stand = [thing for thing in drafts.things.values() if thing.kind == "tree" and thing.shape.within(village.wood)]
    seeds = [thing for thing in stand if inner.contains(thing.shape.centroid)] or stand
    centre = seeds[int(rng.integers(len(seeds)))].shape.centroid
    for thing in stand:
        if thing.shape.centroid.distance(centre) < FELLED:
            drafts.things.pop(thing.id)


def _rearrange_boats(rng: np.random.Generator, village: Village) -> None:
    """Some boats leave, others come to the free berths and to the open water."""
    drafts = village.drafts
    for boat in [thing for thing in drafts.things.values() if thing.kind == "boat"]:
        if rng.random() < 0.4:
            drafts.things.pop(boat.id)
    lake.moor(rng, village.plan, drafts, village.stages, 0.5)
    lake.anchor(rng, village.plan, drafts, 4)


def _clear_trees(drafts: Drafts) -> None:
    """Trees do not stand on what was built later."""
    built = [t for t in drafts.things.values() if t.kind in ("building", "road", "boat", "car", "pool")]
    tree = shapely.STRtree([thing.shape for thing in built])
    for thing in [t for t in drafts.things.values() if t.kind == "tree"]:
        over = [built[index] for index in tree.query(thing.shape.buffer(0.3), predicate="intersects")]
        if any(other.kind != "road" or other.shape.contains(thing.shape.centroid) for other in over):
            drafts.things.pop(thing.id)

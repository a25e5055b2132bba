"""The village's larger places: church and square, market with parking, farms, sports pitch."""

from __future__ import annotations

from typing import Optional

import numpy as np
import shapely
from shapely import Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from rsvlm.trainer.scenes.houses import Lot, add_car
from rsvlm.trainer.scenes.layout import Drafts, Strip
from rsvlm.trainer.scenes.shapes import Taken, Vector, bend, normal, rectangle, ribbon, segment, vector
from rsvlm.trainer.scenes.streets import Plan, add_street


def add_church(rng: np.random.Generator, drafts: Drafts, lot: Lot) -> None:
    """Nave and tower on a churchyard with a gravel square before it."""
    drafts.add("garden", lot.outline, "lawn", (Strip(segment(lot.front, lot.along, 10), 1.0),), tone=0.2)
    square = rectangle(lot.front + lot.inward * 5.5, lot.along, lot.width - 5, 10.5)
    drafts.add("paved", square, "gravel", tone=0.3)
    centre = lot.front + lot.inward * 20.5
    nave = Strip(segment(centre, lot.along, 24.0), 11.0)
    drafts.add("building", ribbon(nave.axis, nave.width), "clay-gable", (nave,), 8.5, rng.uniform(-0.4, 0.6))
    spot = centre - lot.along * 15.3
    tower = Strip(segment(spot, lot.along, 6.4), 6.4)
    drafts.add("building", ribbon(tower.axis, tower.width), "slate-spire", (tower,), 17.0, 0.0)


def add_market(rng: np.random.Generator, drafts: Drafts, lot: Lot) -> None:
    """A flat-roofed shop with a car park in front, partly filled."""
    drafts.add("paved", lot.outline, "asphalt", tone=rng.uniform(-0.5, 1))
    deep = 17.0
    centre = lot.front + lot.inward * (lot.depth - deep / 2 - 2)
    hall = Strip(segment(centre, lot.along, lot.width - 6), deep)
    shape = ribbon(hall.axis, hall.width)
    drafts.add("building", shape, "gravel-flat", (hall,), 6.0, 0.5)
    rows = (4.6, 16.0) if lot.depth - deep - 2 > 18.9 else (4.6,)  # a lot cut short has no room for the second
    for row in rows:
        _add_bays(rng, drafts, lot.front + lot.inward * row, lot.along, lot.width - 7)


def _add_bays(rng: np.random.Generator, drafts: Drafts, middle: Vector, along: Vector, length: float) -> None:
    """A row of parking bays side by side, about half of them taken."""
    for at in np.arange(-length / 2, length / 2, 2.75):
        spot = middle + along * at
        drafts.add("paved", ribbon(segment(spot + along * 1.38, normal(along), 5.0), 0.18), "line")
        if rng.random() < 0.55:
            add_car(rng, drafts, spot, normal(along) * rng.choice((-1, 1)), [])


def add_harbour_street(rng: np.random.Generator, plan: Plan, drafts: Drafts, x: float) -> BaseGeometry:
    """A street from the main street down to the quay, with a car park and a boathouse; the ground it takes."""
    foot = plan.shore_at(x)
    start = np.asarray(plan.main.interpolate(plan.main.project(Point(foot))).coords[0])
    axis = bend(rng, start, foot - vector(0, 5), 5.0)
    add_street(drafts, axis, "street")
    down = (foot - start) / np.hypot(*(foot - start))
    middle = foot - down * 33 - normal(down) * 15.5
    yard = rectangle(middle, down, 34.0, 22.0)
    drafts.add("paved", yard, "asphalt", tone=0.4)
    for shift in (-7.5, 7.5):
        _add_bays(rng, drafts, middle + normal(down) * shift, down, 28.0)
    strip = Strip(segment(foot - down * 30 + normal(down) * 17.0, down, 26.0), 12.0)
    drafts.add("building", ribbon(strip.axis, strip.width), "slate-gable", (strip,), 5.0, 0.3)
    return shapely.union_all([axis.buffer(7), yard.buffer(3), strip.axis.buffer(12)])


def add_footpaths(rng: np.random.Generator, plan: Plan, drafts: Drafts, taken: Taken) -> None:
    """Paths from the side streets' lower ends on to the shore walk where the ground is free."""
    for side in plan.sides:
        start = np.asarray(side.coords[0]) + vector(0, 3)
        path = bend(rng, start, plan.shore_at(float(start[0])) - vector(0, 14), 4.0)
        ground = ribbon(path, 2.0)
        if rng.random() < 0.7 and not taken.touches(substring(path, 9.0, path.length - 4.0).buffer(2.0)):
            drafts.add("path", ground, "gravel", (Strip(path, 2.0),))
            taken.add(ground.buffer(0.8))


def add_farm(rng: np.random.Generator, drafts: Drafts, taken: Taken, centre: Vector, along: Vector) -> bool:
    """Long barns, a farmhouse and a silo round a yard; False if the ground is not free."""
    ground = rectangle(centre, along, 62.0, 48.0)
    if taken.touches(ground):
        return False
    taken.add(ground)
    across = normal(along)
    drafts.add("paved", ground.buffer(-9).buffer(6), "gravel", tone=rng.uniform(-1, 0.3))
    parts = (
        (centre - across * 15, along, 36.0, 13.5, "rust-gable", 5.5),
        (centre + along * 19 + across * 6, across, 27.0, 12.0, "grey-gable", 5.0),
        (centre - along * 19 + across * 8, across, 14.0, 10.5, "clay-gable", 5.6),
    )
    for spot, direction, length, width, style, height in parts:
        strip = Strip(segment(spot, direction, length), width)
        drafts.add("building", ribbon(strip.axis, width), style, (strip,), height, rng.uniform(-1, 1))
    spot = centre - along * 26.5 - across * 15
    silo = Polygon([spot + 3.2 * vector(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 24)[:-1]])
    drafts.add("building", silo, "light-flat", (Strip(segment(spot, along, 6), 6.0),), 9.0, 0.6)
    add_car(rng, drafts, centre + across * 13, along, [])
    return True


def add_pitch(rng: np.random.Generator, plan: Plan, drafts: Drafts, taken: Taken) -> Optional[Polygon]:
    """A football pitch on free ground near the streets; the ground it takes, or None if there is no room."""
    streets = [street for street in (plan.main, plan.upper, *plan.sides)]
    for _ in range(300):
        spot = vector(*rng.uniform(0.08, 0.92, 2) * plan.size)
        turn = rng.uniform(-0.4, 0.4) + rng.choice((0, np.pi / 2))
        along = vector(np.cos(turn), np.sin(turn))
        ground = rectangle(spot, along, 100.0, 66.0)
        near = min(ground.distance(street) for street in streets)
        if near > 45 or taken.touches(ground) or not plan.square.buffer(-4).contains(ground):
            continue
        taken.add(ground)
        drafts.add("garden", ground, "rough", (Strip(segment(spot, along, 90), 1.0),), tone=0.5)
        drafts.add("pitch", rectangle(spot, along, 90.0, 56.0), "football", (Strip(segment(spot, along, 90), 56.0),))
        house = Strip(segment(spot + normal(along) * 31.0, along, 14.0), 6.0)
        drafts.add("building", ribbon(house.axis, house.width), "brown-gable", (house,), 3.0, 0.2)
        return ground
    return None

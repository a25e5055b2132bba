"""Compose a village by a lake from its parts, on one date. The same seed always gives the same village."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import List, Tuple

import numpy as np
import shapely
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes import fields, houses, lake, places, trees
from rsvlm.trainer.scenes.houses import Lot
from rsvlm.trainer.scenes.layout import Drafts, Strip
from rsvlm.trainer.scenes.shapes import Taken, bend, normal, place, ribbon, vector
from rsvlm.trainer.scenes.streets import WIDTHS, Plan, draw_streets, make_plan

VACANT = 0.09  # share of lots not built on yet


@dataclass
class Village:
    """A composed scene and what later change needs to know of it."""

    plan: Plan
    drafts: Drafts
    vacant: List[Lot]
    stages: List[LineString]
    wood: Polygon


def compose(rng: np.random.Generator, size: float) -> Village:
    """Lay out everything on a square of `size` metres (400 or more), lake below, fields above."""
    plan = make_plan(rng, size)
    drafts = Drafts()
    lake.draw_lake(rng, plan, drafts)
    draw_streets(plan, drafts)
    harbour_x = rng.uniform(0.36, 0.62) * size
    stages = lake.draw_harbour(plan, drafts, harbour_x)
    yard = places.add_harbour_street(rng, plan, drafts, harbour_x)
    bathing_x = harbour_x - 0.26 * size if harbour_x > size / 2 else harbour_x + 0.26 * size
    lawn = lake.bathing_place(rng, plan, drafts, bathing_x)
    harbour = shapely.union_all([stage.buffer(34) for stage in stages] + drafts.shapes("pier"))
    lake.draw_reeds(rng, plan, drafts, shapely.union_all([harbour, lawn]))
    lake.moor(rng, plan, drafts, stages, 0.64)
    lake.anchor(rng, plan, drafts, 6)

    taken = Taken([shape.buffer(0.8) for shape in drafts.shapes("road")])
    taken.add(plan.water.buffer(14), lawn, yard)
    places.add_footpaths(rng, plan, drafts, taken)
    vacant = _settle(rng, plan, drafts, taken, harbour_x)
    pitch = places.add_pitch(rng, plan, drafts, taken)
    _add_farms(rng, plan, drafts, taken)
    lanes = _add_lanes(rng, plan, drafts)
    wood = fields.add_wood(rng, plan, drafts, taken.union().union(plan.country.buffer(8)))
    village = taken.union().buffer(30).buffer(-27).simplify(5)
    fields.add_fields(rng, plan, drafts, shapely.union_all([village, wood.buffer(4), plan.water.buffer(33), *lanes]))
    park(rng, plan, drafts, int(size / 14))
    keep = shapely.union_all([shape for shape in (lawn, pitch, yard) if shape is not None])
    _plant(rng, plan, drafts, wood, village.difference(plan.water.buffer(3)), harbour, keep)
    return Village(plan, drafts, vacant, stages, wood)


def _settle(rng: np.random.Generator, plan: Plan, drafts: Drafts, taken: Taken, harbour_x: float) -> List[Lot]:
    """Church, market and houses along all streets; returns the lots left empty."""
    main = Strip(plan.main, WIDTHS["main"])
    first = plan.main.project(shapely.Point(plan.sides[0].coords[0]))
    last = plan.main.project(shapely.Point(plan.sides[-1].coords[0]))
    middle = plan.main.project(shapely.Point(plan.shore_at(harbour_x)))
    for lot in islice(houses.lots_along(rng, main, -1, taken, (36, 36), (46, 46), middle - 110, middle + 110), 1):
        places.add_church(rng, drafts, lot)
    for lot in islice(houses.lots_along(rng, main, 1, taken, (38, 38), (50, 50), middle + 20, last), 1):
        places.add_market(rng, drafts, lot)
    streets: List[Tuple[Strip, float, float]] = [(main, first - 55, last + 60)]
    streets += [(Strip(axis, WIDTHS["street"]), 10.0, axis.length - 6) for axis in (*plan.sides, plan.upper)]
    vacant = []
    for street, start, end in streets:
        for side in (-1, 1):
            for lot in houses.lots_along(rng, street, side, taken, start=start, end=end):
                if rng.random() < VACANT:
                    drafts.add("garden", lot.outline, "hay", tone=rng.uniform(-1, 1))
                    vacant.append(lot)
                else:
                    houses.add_house(rng, drafts, lot)
    return vacant


def _add_farms(rng: np.random.Generator, plan: Plan, drafts: Drafts, taken: Taken) -> None:
    found = 0
    for _ in range(60):
        road = plan.country if rng.random() < 0.5 else plan.main
        here, along = place(road, rng.uniform(0, road.length))
        centre = here + normal(along) * rng.choice((-1, 1)) * 34
        if plan.square.buffer(-20).contains(shapely.Point(centre)):
            found += places.add_farm(rng, drafts, taken, centre, along)
        if found == 2:
            return


def _add_lanes(rng: np.random.Generator, plan: Plan, drafts: Drafts) -> List[BaseGeometry]:
    """Gravel lanes from the ends of the upper street out into the fields; returns the ground they take."""
    ends = [vector(*plan.upper.coords[0]), vector(*plan.upper.coords[-1])]
    goals = [vector(-30, ends[0][1] + rng.uniform(-90, 10)), vector(plan.size + 30, ends[1][1] + rng.uniform(-90, 30))]
    ground = []
    for end, goal in zip(ends, goals):
        lane = bend(rng, end, goal, 10.0)
        drafts.add("path", ribbon(lane, 3.0), "track", (Strip(lane, 3.0),))
        ground.append(ribbon(lane, 6.0))
    return ground


def _plant(
    rng: np.random.Generator,
    plan: Plan,
    drafts: Drafts,
    wood: Polygon,
    village: BaseGeometry,
    harbour: BaseGeometry,
    keep: BaseGeometry,
) -> None:
    """All trees. keep: ground that stays open."""
    planter = trees.Planter(rng, drafts)
    trees.plant_wood(rng, planter, wood, plan.square)
    clear = shapely.union_all([harbour, keep, *drafts.shapes("path", "road")])
    trees.plant_shore(rng, plan, planter, clear.buffer(2.5))
    grown = shapely.union_all([keep, *drafts.shapes("paved", "road", "path", "garden")]).buffer(2.0)
    trees.plant_greens(rng, planter, village.difference(grown))
    trees.plant_gardens(
        rng, drafts, planter, clear.union(shapely.union_all(drafts.shapes("paved", "road"))).buffer(1.6)
    )
    trees.plant_line(rng, planter, plan.main.offset_curve(6.6), 13.0, ("lime",), 0.45)
    trees.plant_line(rng, planter, plan.country.offset_curve(-5.6), 10.0, ("oak", "lime"), 0.7)
    trees.plant_farmland(rng, drafts, planter)


def park(rng: np.random.Generator, plan: Plan, drafts: Drafts, count: int) -> None:
    """Cars at the kerb and on the move along the streets."""
    solid = drafts.shapes("car", "building", "tree")
    near = shapely.STRtree(solid)
    added: List[BaseGeometry] = []
    for _ in range(count):
        axis = (plan.main, plan.main, plan.upper, *plan.sides, plan.country)[int(rng.integers(len(plan.sides) + 4))]
        here, along = place(axis, rng.uniform(4, axis.length - 4))
        side = rng.choice((-1, 1))
        spot = here + normal(along) * side * rng.choice((1.7, 2.0))
        around = shapely.Point(spot).buffer(6)
        houses.add_car(rng, drafts, spot, along * side, added + [solid[index] for index in near.query(around)])
        added = drafts.shapes("car")[-40:]

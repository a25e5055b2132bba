"""The lake and its edge: beach, reeds, promenade, harbour with piers, boats."""

from __future__ import annotations

from typing import List

import numpy as np
import shapely
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes.layout import Drafts, Strip, Thing
from rsvlm.trainer.scenes.shapes import Vector, bend, blob, hull, normal, pieces, place, ribbon, segment, vector
from rsvlm.trainer.scenes.streets import Plan

BERTH = 4.6  # metres of pier for one boat
HULLS = ("sail", "sail", "motor", "motor", "open", "covered")


def draw_lake(rng: np.random.Generator, plan: Plan, drafts: Drafts) -> None:
    """Water, its beach, reeds in the shallows and the path along the shore."""
    drafts.add("water", plan.water)
    points = np.asarray(plan.shore.coords)
    width = np.interp(points[:, 0], np.linspace(-60, plan.size + 60, 9), rng.uniform(1.5, 7.5, 9))
    strip = shapely.union_all([Point(p).buffer(w) for p, w in zip(points, width)] + [plan.shore.buffer(1.6)])
    drafts.add("beach", strip.difference(plan.water), "sand", tone=rng.uniform(-1, 1))
    walk = LineString(points - np.array([0, 1])[None] * rng.uniform(13, 16))
    drafts.add("path", ribbon(walk, 2.6), "gravel", (Strip(walk, 2.6),))


def draw_reeds(rng: np.random.Generator, plan: Plan, drafts: Drafts, clear: BaseGeometry) -> None:
    """Belts of reed outside `clear`; they stand in the water and are cut out of it."""
    spots = [plan.shore_at(x) for x in np.arange(0, plan.size, 5.0)]
    belt = [blob(rng, spot + vector(0, rng.uniform(0, 4)), rng.uniform(3.5, 7.5)) for spot in spots]
    reeds = [patch for patch in belt if patch.distance(clear) > 12 and np.sin(patch.centroid.x / 31.0) > 0.1]
    water = next(thing for thing in drafts.things.values() if thing.kind == "water")
    drafts.things.pop(water.id)
    everything = shapely.union_all(reeds)
    drafts.add("water", water.shape.difference(everything))
    for part in pieces(everything):
        drafts.add("meadow", part, "reed", tone=rng.uniform(-1, 1))


def draw_harbour(plan: Plan, drafts: Drafts, x: float) -> List[LineString]:
    """A quay, a stone mole and landing stages at `x`; returns the stages' centre lines, land end first."""
    here = plan.shore_at(x)
    left, right = plan.shore_at(x - 62), plan.shore_at(x + 62)
    along = (right - left) / np.hypot(*(right - left))
    out = normal(along)
    quay = LineString([plan.shore_at(at) - vector(0, 2.5) for at in np.arange(x - 60, x + 61, 4.0)])
    drafts.add("paved", ribbon(quay, 9.0), "pale", (Strip(quay, 9.0),))
    reach = min(plan.size - here[1] - 34.0, 82.0)
    head = left + out * (reach + 16)
    mole = LineString([left - out * 4, left + out * reach * 0.75, head, head + along * 50 + out * 4])
    drafts.add("pier", mole.buffer(2.6, join_style="round"), "stone", (Strip(mole, 5.2),), 1.2)
    stages = []
    for shift in (-26.0, 8.0, 42.0):
        foot, _ = place(plan.shore, plan.shore.project(Point(here + along * shift)))
        stage = segment(foot + out * (reach * 0.4 - 3), out, reach * 0.8 + 6)
        drafts.add("pier", ribbon(stage, 2.4), "wood", (Strip(stage, 2.4),), 0.8)
        stages.append(stage)
    return stages


def moor(rng: np.random.Generator, plan: Plan, drafts: Drafts, stages: List[LineString], share: float) -> None:
    """Boats in `share` of the berths on both sides of the stages, where berth and water are free."""
    solid = [thing.shape for thing in drafts.things.values() if thing.kind in ("boat", "pier", "paved")]
    near = shapely.STRtree(solid)
    for stage in stages:
        for side in (-1.0, 1.0):
            for at in np.arange(12.0, stage.length - 2.0, BERTH):
                spot, along = place(stage, float(at))
                length = float(np.clip(rng.normal(8.3, 1.7), 5.0, 11.5))
                away = normal(along) * side
                middle = spot + away * (1.9 + length / 2)
                room = segment(middle, away, length).buffer(1.7, cap_style="flat")
                free = plan.water.contains(room) and not len(near.query(room, predicate="intersects"))
                if free and rng.random() < share:
                    add_boat(rng, drafts, middle, away * rng.choice((-1, 1), p=(0.7, 0.3)), length)


def add_boat(rng: np.random.Generator, drafts: Drafts, spot: Vector, bow: Vector, length: float) -> Thing:
    """A boat with its bow in direction `bow`."""
    beam = min(0.17 * length + 1.3, BERTH - 1.4)
    shape = hull(spot, bow, length, beam)
    style = "rowing" if length < 5.6 else str(rng.choice(HULLS))
    return drafts.add("boat", shape, style, (Strip(segment(spot, bow, length), beam),), 1.3, rng.uniform(-1, 1))


def anchor(rng: np.random.Generator, plan: Plan, drafts: Drafts, count: int) -> None:
    """Boats lying or sailing on the open lake, apart from each other and from everything that is built."""
    solid = [*drafts.shapes("pier", "boat")]
    open_water = plan.water.intersection(plan.square.buffer(-8)).buffer(-10)
    left = count
    for _ in range(200):
        if not left:
            break
        spot = vector(rng.uniform(0, plan.size), rng.uniform(0, plan.size))
        if open_water.contains(Point(spot)) and all(Point(spot).distance(other) > 24 for other in solid):
            turn = rng.normal(0.6, 0.35)
            boat = add_boat(rng, drafts, spot, vector(np.cos(turn), np.sin(turn)), rng.uniform(5, 10.5))
            solid.append(boat.shape)
            left -= 1


def bathing_place(rng: np.random.Generator, plan: Plan, drafts: Drafts, x: float) -> Polygon:
    """A lawn by the water with a bathing jetty at `x`; returns the ground it takes."""
    foot = plan.shore_at(x)
    lawn = blob(rng, foot - vector(0, 20), 19, 0.1).difference(plan.water)
    drafts.add("garden", lawn, "lawn", (Strip(segment(foot, vector(1, 0), 20), 1.0),), tone=0.4)
    jetty = bend(rng, foot - vector(0, 3), foot + vector(3, 26), 0.0)
    drafts.add("pier", ribbon(jetty, 2.2), "wood", (Strip(jetty, 2.2),), 0.8)
    raft = blob(rng, foot + vector(18, 34), 2.6, 0.0, 4)
    drafts.add("pier", raft, "wood", (Strip(segment(foot + vector(18, 34), vector(1, 0), 4), 4.0),), 0.6)
    return lawn

"""The ground plan of a lakeside village: shore, streets, lanes. Everything else is placed along it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import List, Tuple

import numpy as np
from shapely import LineString, Polygon, box

from rsvlm.trainer.scenes.layout import Drafts, Strip
from rsvlm.trainer.scenes.noise import wander
from rsvlm.trainer.scenes.shapes import Vector, bend, place, ribbon, vector

WIDTHS = {"main": 7.5, "street": 5.5, "country": 6.0}


@dataclass(frozen=True)
class Plan:
    """The skeleton of a scene, metres. Lake below, village in the middle, fields above."""

    size: float
    water: Polygon
    shore: LineString
    main: LineString
    upper: LineString
    sides: Tuple[LineString, ...]
    country: LineString

    @property
    def square(self) -> Polygon:
        return box(0, 0, self.size, self.size)

    def shore_at(self, x: float) -> Vector:
        """The shore point at `x` (the shore runs from left to right)."""
        points = np.asarray(self.shore.coords)
        return vector(x, float(np.interp(x, points[:, 0], points[:, 1])))


def make_plan(rng: np.random.Generator, size: float) -> Plan:
    """Lay out shore and streets; outlines reach over the square's edge so that nothing ends at it."""
    at = np.arange(-60.0, size + 61, 4.0)
    level = rng.uniform(0.735, 0.775) * size
    depth = level + wander(rng, at, size * 0.45) * 0.075 * size + wander(rng, at, 60.0) * 4.0
    shore = LineString(np.stack([at, depth], axis=1))
    water = Polygon([*shore.coords, (size + 60, size + 60), (-60, size + 60)])
    kernel = np.ones(41) / 41
    calm = np.convolve(np.pad(depth, 20, mode="edge"), kernel, mode="valid")
    main = LineString(np.stack([at, calm - rng.uniform(74, 88) + wander(rng, at, 260.0) * 7], axis=1))
    left, right = rng.uniform(0.10, 0.17) * size, rng.uniform(0.80, 0.88) * size
    rise = rng.uniform(0.24, 0.27) * size
    count = max(round((right - left) / rng.uniform(66, 73)), 2)
    feet: List[Vector] = []
    heads: List[Vector] = []
    for x in np.linspace(left, right, count + 1) + rng.uniform(-3, 3, count + 1):
        foot, _ = place(main, main.project(main.interpolate(x + 60)))
        feet.append(foot)
        heads.append(foot + vector(rng.uniform(-6, 6), -rise + rng.uniform(-9, 9)))
    upper_points = [heads[0] - vector(rng.uniform(20, 40), 4), *heads, heads[-1] + vector(rng.uniform(20, 40), 3)]
    upper = _smooth(LineString(upper_points))
    sides = tuple(bend(rng, foot, head, 4.5) for foot, head in zip(feet, heads))
    start = heads[int(rng.integers(1, count))]
    country = bend(rng, start, vector(start[0] + rng.uniform(-70, 70), -40.0), 16.0)
    return Plan(size, water, shore, main, upper, sides, country)


def _smooth(line: LineString) -> LineString:
    """Round a line's corners (Chaikin's corner cutting, ends kept)."""
    points = np.asarray(line.coords)
    for _ in range(3):
        first = points[:-1] * 0.75 + points[1:] * 0.25
        second = points[:-1] * 0.25 + points[1:] * 0.75
        points = np.concatenate([points[:1], np.stack([first, second], axis=1).reshape(-1, 2), points[-1:]])
    return LineString(points)


def draw_streets(plan: Plan, drafts: Drafts) -> None:
    """Add the carriageways."""
    add_street(drafts, plan.main, "main")
    add_street(drafts, plan.upper, "street")
    for side in plan.sides:
        add_street(drafts, side, "street")
    add_street(drafts, plan.country, "country")


def add_street(drafts: Drafts, axis: LineString, style: str) -> None:
    """A carriageway, with pavements unless it is a country road."""
    width = WIDTHS[style]
    if style != "country":
        drafts.add("paved", ribbon(axis, width + 2.6, flat=False), "pavement")
    drafts.add("road", ribbon(axis, width, flat=False), style, (Strip(axis, width),))

"""Outlines to build a scene from: rectangles along a direction, blobs, hulls, bent lines. Metres, x right, y down."""

from __future__ import annotations

from typing import Iterator, List, Sequence, Tuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.prepared import prep

from rsvlm.trainer.scenes.noise import wander

Vector = NDArray[np.float64]


def vector(x: float, y: float) -> Vector:
    return np.array([x, y], np.float64)


def normal(along: Vector) -> Vector:
    """The unit vector 90 degrees to the right of `along` on the picture (y down)."""
    return vector(-along[1], along[0])


def rectangle(centre: Vector, along: Vector, length: float, width: float) -> Polygon:
    """A rectangle of `length` in direction `along` (unit vector) and `width` across."""
    half_long, half_wide = along * length / 2, normal(along) * width / 2
    corners = (half_long + half_wide, half_long - half_wide, -half_long - half_wide, -half_long + half_wide)
    return Polygon([centre + corner for corner in corners])


def segment(centre: Vector, along: Vector, length: float) -> LineString:
    return LineString([centre - along * length / 2, centre + along * length / 2])


def blob(rng: np.random.Generator, centre: Vector, radius: float, roughness: float = 0.12, points: int = 20) -> Polygon:
    """A round, uneven outline: a tree's crown, a pond. The radius varies by about `roughness` of itself."""
    turn = np.linspace(0, 2 * np.pi, points, endpoint=False)
    reach = np.ones(points)
    for wave in (2, 3, 5):
        reach += roughness * rng.normal(0, 0.6) * np.cos(wave * turn + rng.uniform(0, 2 * np.pi))
    reach = np.clip(reach, 0.6, 1.4) * radius
    return Polygon(np.stack([centre[0] + reach * np.cos(turn), centre[1] + reach * np.sin(turn)], axis=1))


def hull(centre: Vector, along: Vector, length: float, beam: float) -> Polygon:
    """A boat's outline, its bow in direction `along`."""
    profile = ((-0.5, 0.36), (-0.2, 0.48), (0.1, 0.5), (0.3, 0.38), (0.43, 0.2), (0.5, 0.03))
    right = [centre + along * a * length + normal(along) * b * beam for a, b in profile]
    left = [centre + along * a * length - normal(along) * b * beam for a, b in reversed(profile)]
    return Polygon(right + left)


def bend(rng: np.random.Generator, start: Vector, end: Vector, sway: float, length: float = 160.0) -> LineString:
    """A line from start to end that sways sideways by up to about `sway` metres, and not at its ends."""
    reach = float(np.hypot(*(end - start)))
    share = np.linspace(0, 1, max(int(reach / 6), 2))
    offset = wander(rng, share * reach, length) * sway * np.sin(np.pi * share)
    side = normal((end - start) / reach)
    return LineString(start + share[:, None] * (end - start) + offset[:, None] * side)


def ribbon(axis: LineString, width: float, flat: bool = True) -> Polygon:
    return axis.buffer(width / 2, cap_style="flat" if flat else "round", join_style="round")


def stations(axis: LineString, start: float, end: float, step: float) -> Iterator[Tuple[Vector, Vector]]:
    """(point, unit direction) every `step` metres of `axis`, from `start` to `end` along it."""
    for at in np.arange(start, end, step):
        yield place(axis, float(at))


def place(axis: LineString, at: float) -> Tuple[Vector, Vector]:
    """The point `at` metres along the axis and the unit direction there."""
    here = axis.interpolate(at)
    before, after = axis.interpolate(max(at - 2.0, 0.0)), axis.interpolate(min(at + 2.0, axis.length))
    along = vector(after.x - before.x, after.y - before.y)
    return vector(here.x, here.y), along / max(float(np.hypot(*along)), 1e-9)


def pieces(shape: BaseGeometry) -> List[Polygon]:
    """The polygons in a shape, largest first."""
    found = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    return sorted(found, key=lambda part: -part.area)


def scatter(rng: np.random.Generator, region: BaseGeometry, spacing: float) -> List[Vector]:
    """Points in `region`, irregular, no two closer than about half of `spacing`: a jittered triangular grid."""
    if region.is_empty:
        return []
    x0, y0, x1, y1 = region.bounds
    inside = prep(region)
    found = []
    for row, y in enumerate(np.arange(y0, y1 + spacing, spacing * 0.87)):
        for x in np.arange(x0 + (row % 2) * spacing / 2, x1 + spacing, spacing):
            spot = vector(x, y) + rng.uniform(-0.28, 0.28, 2) * spacing
            if inside.contains(Point(spot)):
                found.append(spot)
    return found


class Taken:
    """Ground already in use; asks whether an outline would stand on it."""

    def __init__(self, shapes: Sequence[BaseGeometry] = ()) -> None:
        self._shapes = list(shapes)

    def add(self, *shapes: BaseGeometry) -> None:
        self._shapes.extend(shapes)

    def touches(self, shape: BaseGeometry) -> bool:
        shapely.prepare(shape)
        return bool(self._shapes) and bool(shapely.intersects(shape, np.array(self._shapes, object)).any())

    def union(self) -> BaseGeometry:
        return shapely.union_all(self._shapes)

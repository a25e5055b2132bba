"""Farmland: parcels with irregular borders between roads, village, wood and lake; their crops; the wood itself."""

from __future__ import annotations

from typing import List

import numpy as np
import shapely
from shapely import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import split

from rsvlm.trainer.scenes.layout import Drafts, Strip
from rsvlm.trainer.scenes.shapes import bend, blob, pieces, segment, vector
from rsvlm.trainer.scenes.streets import Plan

CROPS = ("wheat", "wheat", "barley", "maize", "maize", "ploughed", "stubble", "clover", "hay", "hay", "rape")


def add_wood(rng: np.random.Generator, plan: Plan, drafts: Drafts, built: BaseGeometry) -> Polygon:
    """A wood in an upper corner, clear of what is built; returns its outline, to be filled with trees."""
    corner = vector(rng.choice((0.02, 0.98)) * plan.size, rng.uniform(0.02, 0.12) * plan.size)
    wood = blob(rng, corner, rng.uniform(0.2, 0.26) * plan.size, 0.16, 60)
    wood = pieces(wood.difference(built.buffer(5)).buffer(-4).buffer(4))[0]
    drafts.add("woodland", wood, "floor")
    return wood


def add_fields(rng: np.random.Generator, plan: Plan, drafts: Drafts, built: BaseGeometry) -> None:
    """Divide the free ground into parcels of one to two hectares and sow them. built: where there is no farmland."""
    free = plan.square.buffer(30).difference(built)
    for area in pieces(free.buffer(-5).buffer(5)):
        for parcel in _divide(rng, area, rng.uniform(9_000, 15_000)):
            for field in pieces(parcel.buffer(-4.0).buffer(2.6)):
                if field.area > 2500 and 4 * np.pi * field.area / field.length**2 > 0.2:
                    _sow(rng, drafts, field)


def _divide(rng: np.random.Generator, area: Polygon, target: float) -> List[Polygon]:
    """Cut across the longer side, a little askew, until pieces are near the target area in m2."""
    if area.area < 1.6 * target:
        return [area]
    along, length = long_side(area)
    angle = rng.normal(0, 0.09)
    across = vector(
        -along.y * np.cos(angle) - along.x * np.sin(angle), along.x * np.cos(angle) - along.y * np.sin(angle)
    )
    box = area.minimum_rotated_rectangle
    middle = vector(box.centroid.x, box.centroid.y) + vector(along.x, along.y) * rng.uniform(-0.12, 0.12) * length
    cut = bend(rng, middle - across * 900, middle + across * 900, 5.0, 220.0)
    parts = [part for part in split(area, cut).geoms if isinstance(part, Polygon)]
    if len(parts) < 2:
        return [area]
    return [piece for part in parts for piece in _divide(rng, part, target)]


def long_side(area: BaseGeometry) -> "tuple[shapely.Point, float]":
    """Unit direction (as a point) and length of the longer side of the smallest rectangle round an area."""
    corners = np.asarray(area.minimum_rotated_rectangle.exterior.coords)
    edges = corners[1:3] - corners[:2]
    lengths = np.hypot(edges[:, 0], edges[:, 1])
    longest = int(lengths.argmax())
    return shapely.Point(edges[longest] / lengths[longest]), float(lengths[longest])


def _sow(rng: np.random.Generator, drafts: Drafts, field: Polygon) -> None:
    crop = str(rng.choice(CROPS))
    along, length = long_side(field)
    axis = segment(vector(field.centroid.x, field.centroid.y), vector(along.x, along.y), length)
    tone = float(rng.uniform(-1, 1))
    if crop == "hay":
        drafts.add("meadow", field, "hay", (Strip(axis, 1.0),), tone=tone)
    else:
        drafts.add("field", field, crop, (Strip(axis, 1.0),), tone=tone)

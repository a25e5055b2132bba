"""Trees: in gardens, along streets and hedgerows, by the lake, in the wood and the orchard."""

from __future__ import annotations

from typing import List, Sequence

import numpy as np
import shapely
from shapely import LineString, Point, STRtree
from shapely.geometry.base import BaseGeometry

from rsvlm.trainer.scenes.layout import Drafts
from rsvlm.trainer.scenes.shapes import Vector, blob, normal, scatter, stations, vector
from rsvlm.trainer.scenes.streets import Plan

HARD = ("building", "car", "boat", "pool", "pier", "pitch")  # nothing may hide these: their masks stay whole
# style: mean crown radius and its spread in metres, height per metre of radius, roughness of the outline
SPECIES = {
    "oak": (3.6, 0.8, 2.6, 0.16),
    "lime": (2.9, 0.6, 2.8, 0.12),
    "fir": (2.1, 0.5, 5.2, 0.10),
    "apple": (1.9, 0.35, 1.9, 0.12),
    "willow": (3.8, 0.9, 2.1, 0.2),
    "bush": (1.2, 0.3, 1.5, 0.18),
    "copper": (3.0, 0.6, 2.7, 0.14),
}
GARDEN = ("lime", "lime", "apple", "apple", "fir", "bush", "bush", "oak", "copper")


class Planter:
    """Plants trees clear of everything in HARD and not on top of each other's trunks."""

    def __init__(self, rng: np.random.Generator, drafts: Drafts) -> None:
        self._rng = rng
        self._drafts = drafts
        self._hard = drafts.shapes(*HARD)
        self._tree = STRtree(self._hard)
        self._cells: "dict[tuple[int, int], List[tuple[float, float, float]]]" = {}

    def plant(self, spot: Vector, style: str, gap: float = 0.35) -> bool:
        """A tree of a style unless the place is taken; it shrinks a little to fit beside a wall."""
        mean, spread, lift, roughness = SPECIES[style]
        radius = float(np.clip(self._rng.normal(mean, spread), mean * 0.6, mean * 1.6))
        room = self._room(spot, radius * 1.45 + gap) - gap
        radius = min(radius, room / 1.4)
        if radius < mean * 0.5 or self._crowded(spot, radius):
            return False
        crown = blob(self._rng, spot, radius, roughness)
        height = radius * lift * self._rng.uniform(0.85, 1.15)
        self._drafts.add("tree", crown, style, (), height, self._rng.uniform(-1, 1))
        return True

    def _room(self, spot: Vector, limit: float) -> float:
        near = self._tree.query(Point(spot), predicate="dwithin", distance=limit)
        return min((float(Point(spot).distance(self._hard[index])) for index in near), default=limit)

    def _crowded(self, spot: Vector, radius: float) -> bool:
        """Whether a trunk stands nearer than 0.62 of both radii together; notes this tree if not."""
        column, row = int(spot[0] // 8), int(spot[1] // 8)
        for c in range(column - 1, column + 2):
            for r in range(row - 1, row + 2):
                for x, y, other in self._cells.get((c, r), []):
                    if np.hypot(x - spot[0], y - spot[1]) < 0.62 * (radius + other):
                        return True
        self._cells.setdefault((column, row), []).append((float(spot[0]), float(spot[1]), radius))
        return False


def plant_gardens(rng: np.random.Generator, drafts: Drafts, planter: Planter, keep: BaseGeometry) -> None:
    """One to five trees or bushes in every old garden, mostly at its back; none within `keep`."""
    for garden in [thing for thing in drafts.things.values() if thing.kind == "garden"]:
        if garden.style not in ("lawn", "rough"):
            continue
        for spot in _picks(rng, scatter(rng, garden.shape.buffer(-0.8), 3.4), int(rng.integers(10, 36))):
            if not keep.contains(Point(spot)):
                planter.plant(spot, str(rng.choice(GARDEN)))


def plant_greens(rng: np.random.Generator, planter: Planter, green: BaseGeometry) -> None:
    """Common ground of the village: groups of trees with clearings between."""
    for spot in scatter(rng, green, 6.5):
        grove = np.sin(spot[0] / 19.0 + np.sin(spot[1] / 27.0)) + np.sin(spot[1] / 15.0 + 2.0)
        if rng.random() < 0.14 + 0.55 * (grove > 0.4):
            planter.plant(spot, str(rng.choice(("oak", "lime", "lime", "bush", "apple", "willow"))))


def _picks(rng: np.random.Generator, spots: Sequence[Vector], count: int) -> List[Vector]:
    order = rng.permutation(len(spots))[:count]
    return [spots[index] for index in order]


def plant_line(
    rng: np.random.Generator, planter: Planter, axis: LineString, step: float, styles: Sequence[str], share: float
) -> None:
    """Trees every `step` metres along a line, of which `share` stand."""
    for spot, along in stations(axis, step / 2, axis.length, step):
        if rng.random() < share:
            planter.plant(spot + normal(along) * rng.normal(0, 0.5), str(rng.choice(styles)))


def plant_wood(rng: np.random.Generator, planter: Planter, wood: BaseGeometry, square: BaseGeometry) -> None:
    """A closed canopy: broadleaved with groups of firs."""
    for spot in scatter(rng, wood.intersection(square.buffer(8)), 4.6):
        firs = np.sin(spot[0] / 23.0 + 1.3) + np.sin(spot[1] / 17.0 + spot[0] / 41.0) > 0.75
        planter.plant(spot, "fir" if firs or rng.random() < 0.08 else str(rng.choice(("oak", "oak", "lime"))))


def plant_farmland(rng: np.random.Generator, drafts: Drafts, planter: Planter) -> None:
    """Hedgerows along some field borders, an orchard in one meadow, single trees in others."""
    land = [thing for thing in drafts.things.values() if thing.kind in ("field", "meadow") and thing.style != "reed"]
    for parcel in land:
        edge = LineString(parcel.shape.exterior.coords) if parcel.shape.geom_type == "Polygon" else LineString()
        if edge.length and rng.random() < 0.4:
            start = rng.uniform(0, 0.7) * edge.length
            run = shapely.ops.substring(edge, start, start + rng.uniform(40, 110))
            plant_line(rng, planter, run, 4.4, ("oak", "bush", "lime", "bush"), 0.8)
    meadows = [parcel for parcel in land if parcel.style == "hay"]
    for number, meadow in enumerate(meadows):
        if number % 3 == 0:
            for spot in _grid(meadow.shape.buffer(-5), 8.0, rng.uniform(-0.4, 0.4)):
                planter.plant(spot + rng.normal(0, 0.3, 2), "apple")
        else:
            for spot in _picks(rng, scatter(rng, meadow.shape.buffer(-4), 12.0), int(rng.integers(0, 4))):
                planter.plant(spot, "oak")


def _grid(region: BaseGeometry, step: float, turn: float) -> List[Vector]:
    if region.is_empty:
        return []
    x0, y0, x1, y1 = region.bounds
    reach = np.hypot(x1 - x0, y1 - y0) / 2
    centre, along = vector((x0 + x1) / 2, (y0 + y1) / 2), vector(np.cos(turn), np.sin(turn))
    steps = np.arange(-reach, reach + step, step)
    spots = [centre + along * u + normal(along) * v for u in steps for v in steps]
    return [spot for spot in spots if region.contains(Point(spot))]


def plant_shore(rng: np.random.Generator, plan: Plan, planter: Planter, clear: BaseGeometry) -> None:
    """Willows and bushes in groups along the lake, none within `clear`."""
    for x in np.arange(0, plan.size, 4.0):
        dense = 0.18 + 0.5 * (np.sin(x / 29.0) > 0.2)
        if rng.random() < dense:
            spot = plan.shore_at(x) - vector(0, rng.uniform(4, 26))
            if not clear.contains(Point(spot)):
                planter.plant(spot, str(rng.choice(("willow", "willow", "bush", "lime", "oak"))))

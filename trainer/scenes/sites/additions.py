"""What may come to any place, or go from it, on ground that is free: houses, halls, groves, ponds, car parks, a road."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block, house
from rsvlm.trainer.scenes.sites.outlines import blob, path, rectangle
from rsvlm.trainer.scenes.sites.parking import car_park
from rsvlm.trainer.scenes.sites.planting import wood
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.traffic import road

OPEN = ("building", "building", "building", "tree", "tree", "water", "parking", "road")
URBAN = ("building", "building", "tree", "parking")
TRIES = 8


def add(site: Site, urban: bool) -> None:
    """One to three kinds of things, each a few times, in groups of their own."""
    rng = site.rng
    angle = float(rng.uniform(0, np.pi))
    for _ in range(int(rng.integers(1, 4))):
        kind, wanted = site.pick(URBAN if urban else OPEN), int(rng.integers(1, 6))
        for _ in range(TRIES):
            x, y = (rng.uniform(0.06, 0.94, 2) * site.size).tolist()
            if wanted and _one(site, kind, x, y, angle):
                wanted -= 1


def _one(site: Site, kind: str, x: float, y: float, angle: float) -> bool:
    """Whether there was room for it."""
    rng, size, gsd = site.rng, site.size, site.gsd
    if kind == "building":
        long = max(float(rng.uniform(11, 34)), 6.5 * gsd)
        wide = max(long * float(rng.uniform(0.5, 0.9)), 5 * gsd)
        if not site.clear(rectangle(x, y, angle, long, wide), 2.0):
            return False
        with site.group("building"):
            return house(site, x, y, angle, long, wide) if long < 20 else block(site, x, y, angle, long, wide, long / 4)
    if kind == "parking":
        long, deep = max(float(rng.uniform(24, 60)), 9 * gsd), max(27.0, 6 * gsd)
        return car_park(site, x, y, angle, long, deep, True)
    radius = float(rng.uniform(0.05, 0.11)) * size
    if kind != "road" and not site.clear(blob(rng, x, y, radius * 1.5, 0.2, 20)):
        return False
    if kind == "tree":
        with site.group("tree"):
            wood(site, blob(rng, x, y, radius, 0.28, 18))
    elif kind == "water":
        with site.group("water"):
            site.put("water", blob(rng, x, y, radius, 0.3, 36), site.look.deep, site.thing("lake"), take=True)
    else:
        return _road(site, x, y, angle + float(rng.normal(0, 0.4)))
    return True


def _road(site: Site, x: float, y: float, angle: float) -> bool:
    """From a free place to both edges of the picture, if nothing stands in its way."""
    along = np.array([np.cos(angle), np.sin(angle)]) * site.size * 1.5
    here = np.array([x, y])
    line = path(site.rng, here - along, here + along, site.size * 0.03, site.size * 0.6, max(6.0, site.size / 50))
    inside = line[((line > 0) & (line < site.size)).all(axis=1)]
    if not len(inside) or site.free(inside).mean() < 0.9:
        return False
    with site.group("road"):
        road(site, line, max(float(site.rng.uniform(4.5, 8)), 1.6 * site.gsd), site.thing("road"))
    return True

"""Parks and golf courses, and what is in other places too: ponds, groves."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import house
from rsvlm.trainer.scenes.sites.ground import lay
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import blob, path, through
from rsvlm.trainer.scenes.sites.planting import plant, scattered, wood
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.traffic import road


def groves(site: Site, count: int, share: float) -> None:
    """Groups of trees that may be there on one date only. share: of the picture's side, their radius."""
    rng = site.rng
    for _ in range(count):
        x, y = rng.uniform(0, site.size, 2).tolist()
        outline = blob(rng, x, y, float(rng.uniform(0.6, 1.4)) * share * site.size, 0.28, 18)
        if site.free(np.concatenate([outline, (outline + outline.mean(axis=0)) / 2])).all():
            with site.group("tree"):
                wood(site, outline)


def park(site: Site) -> None:
    """Lawns and groves, winding paths, a pond, sometimes greens and bunkers for golf."""
    rng = site.rng
    lay(site, "lawn", site.look.lawn)
    golf = rng.random() < 0.45
    if rng.random() < 0.75:
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        pond(site, x, y, float(rng.uniform(0.1, 0.2)) * site.size)
    for _ in range(int(rng.integers(3, 7)) if golf else 0):
        x, y = (rng.uniform(0.1, 0.9, 2) * site.size).tolist()
        green = blob(rng, x, y, float(rng.uniform(10, 18)), 0.15, 18)
        if site.free(green).all():
            site.put("lawn", green, varied(rng, (118, 150, 88), 0.05), take=True)
            for _ in range(int(rng.integers(1, 4))):
                bx, by = (np.array([x, y]) + rng.normal(0, 22, 2)).tolist()
                bunker = blob(rng, bx, by, float(rng.uniform(4, 8)), 0.3, 16)
                if site.free(bunker).all():
                    site.put("sand", bunker, site.look.sand, take=True)
    paths = site.thing("path")
    for _ in range(int(rng.integers(1, 4))):
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        ends = through(site.size, x, y, float(rng.uniform(0, np.pi)))
        way = path(rng, *ends, site.size * 0.06, site.size * 0.3)
        cuts = np.flatnonzero(~site.free(way))
        for part in np.split(way, cuts):
            if len(part) > 5:
                road(site, part[1:], float(rng.uniform(2.4, 3.4)), paths)
    groves(site, int(rng.integers(2, 6)), 0.1)
    for _ in range(int(rng.integers(0, 3))):
        x, y = (rng.uniform(0.1, 0.9, 2) * site.size).tolist()
        house(site, x, y, float(rng.uniform(0, np.pi)), float(rng.uniform(12, 24)), float(rng.uniform(9, 13)))
    plant(site, scattered(site, (site.size / 13) ** 2 * float(rng.uniform(0.3, 1.2))), 3.6)


def pond(site: Site, x: float, y: float, radius: float) -> None:
    """Standing water; a part of it may be there on one date only."""
    rng = site.rng
    number = site.thing("lake")
    outline = blob(rng, x, y, radius, 0.3, 36)
    with site.group("water"):
        middle = outline.mean(axis=0)
        wider = middle + (outline - middle) * float(rng.uniform(1.25, 1.6))
        site.put("water", wider, site.look.deep, number, take=True)
    site.put("water", outline, site.look.deep, number, tone=0.0)

"""Farmland with parcels of crops, farms, country roads."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import LEAST, block, house
from rsvlm.trainer.scenes.sites.ground import lay, meadow
from rsvlm.trainer.scenes.sites.leisure import groves, pond
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import Points, ellipse, path, rectangle, through, turned
from rsvlm.trainer.scenes.sites.planting import along, plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import drive, road


def farmland(site: Site) -> None:
    """Parcels of crops between tracks, a road, a farm, trees along the borders."""
    rng = site.rng
    meadow(site)
    if site.gsd > 2.5 and rng.random() < 0.3:
        _pivots(site)
    else:
        _parcels(site)
    if rng.random() < 0.8:
        country_road(site)
    if rng.random() < 0.6:
        x, y = (rng.uniform(0.2, 0.8, 2) * site.size).tolist()
        pond(site, x, y, float(rng.uniform(0.05, 0.1)) * site.size)
    for _ in range(int(rng.integers(0, 3))):
        farm(site)
    groves(site, int(rng.integers(0, 4)), 0.07)
    plant(site, scattered(site, 14 * rng.random()), 4.0)


def _parcels(site: Site) -> None:
    """Strips cut into parcels of different length, all in one direction, with one in seven left as a meadow."""
    rng = site.rng
    angle = float(rng.uniform(0, np.pi))
    middle, reach = site.size / 2, site.size * 0.75
    wide = float(np.clip(rng.uniform(0.09, 0.34) * site.size, 14 * site.gsd, 420))
    long = wide * float(rng.uniform(1.2, 3.2))
    gap = float(rng.uniform(0, 2.2)) * max(site.gsd, 0.7)
    lean = float(rng.uniform(-0.25, 0.25))
    hedges = rng.random() < 0.5 and site.gsd < 2.2
    v = -reach
    while v < reach:
        deep = wide * float(rng.uniform(0.6, 1.5))
        u = -reach - float(rng.uniform(0, long))
        while u < reach:
            length = long * float(rng.uniform(0.6, 1.5))
            corners = np.array([[u, v], [u + length - gap, v], [u + length - gap, v + deep - gap], [u, v + deep - gap]])
            corners[:, 0] += lean * corners[:, 1]
            outline = turned(corners, middle, middle, angle)
            _parcel(site, outline, angle)
            if hedges and rng.random() < 0.35:
                plant(site, along(outline[:2], 6.5, 0.0) + rng.normal(0, 0.6, 2), 2.6)
            u += length
        v += deep


def _parcel(site: Site, outline: Points, angle: float) -> None:
    rng = site.rng
    low, high = outline.min(axis=0), outline.max(axis=0)
    if (high < 0).any() or (low > site.size).any():
        return
    luck = rng.random()
    if luck < 0.08:
        site.put("bare", outline, varied(rng, site.look.soil, 0.06))
    elif luck > 0.14:
        plants, rows = site.look.crop(rng)
        x, y = outline.mean(axis=0).tolist()
        turn = angle + (np.pi / 2 if rng.random() < 0.3 else 0.0)
        frame = Frame(x, y, turn, 1.0, 1.0)
        site.put("field", outline, plants, site.thing("field"), frame=frame, pattern="rows", scale=rows)


def _pivots(site: Site) -> None:
    """Circles side by side that arms of pipes water, on dry ground."""
    rng = site.rng
    lay(site, "bare", site.look.soil)
    radius = float(np.clip(rng.uniform(0.14, 0.3) * site.size, 60, 420))
    start = rng.uniform(-radius, radius, 2)
    for x in np.arange(start[0], site.size + radius, 2.06 * radius):
        for y in np.arange(start[1], site.size + radius, 2.06 * radius):
            if rng.random() < 0.85:
                plants, _ = site.look.crop(rng)
                frame = Frame(float(x), float(y), 0.0, radius * 0.97, radius)
                outline = ellipse(float(x), float(y), radius * 0.97, radius * 0.97, points=48)
                site.put("field", outline, plants, site.thing("field"), frame=frame, pattern="pivot")


def country_road(site: Site) -> None:
    """Through the picture, straight or winding; a branch of it may be there on one date only."""
    rng = site.rng
    x, y = (rng.uniform(0.25, 0.75, 2) * site.size).tolist()
    angle = float(rng.uniform(0, np.pi))
    start, end = through(site.size, x, y, angle)
    width = max(float(rng.uniform(5, 8)), 1.5 * site.gsd)
    roads = site.thing("road")
    line = np.array([start, end])
    if rng.random() < 0.5:
        line = path(rng, start, end, site.size * 0.08, site.size * 0.5, max(8.0, site.size / 60))
    road(site, line, width, roads, float(rng.random()))
    if len(line) == 2:
        drive(site, line, width, 90)
    if rng.random() < 0.65:
        turn = angle + float(rng.choice((-1, 1))) * float(rng.uniform(0.9, 1.6))
        from_here = line[len(line) // 2] if len(line) > 2 else np.array([x, y])
        far = from_here + np.array([np.cos(turn), np.sin(turn)]) * site.size * 1.2
        with site.group("road"):
            road(site, path(rng, from_here, far, site.size * 0.03, site.size * 0.5), width, roads)


def farm(site: Site) -> None:
    """A yard with a house and barns round it; barns may be there on one date only."""
    rng = site.rng
    if LEAST * site.gsd**2 > 500:
        return
    x, y = (rng.uniform(0.12, 0.88, 2) * site.size).tolist()
    angle = float(rng.uniform(0, np.pi))
    yard = rectangle(x, y, angle, 60, 48)
    if not site.free(np.concatenate([yard, yard / 2 + np.array([x, y]) / 2])).all():
        return
    site.put("bare", yard, site.look.soil)
    for u, v, turn in ((-18, -14, 0.0), (16, -13, 0.0), (-18, 14, 0.0), (18, 12, np.pi / 2)):
        (cx, cy), = turned(np.array([[u, v]]), x, y, angle).tolist()  # fmt: skip
        if rng.random() < 0.3:
            with site.group("building"):
                block(site, cx, cy, angle + turn, float(rng.uniform(18, 26)), float(rng.uniform(11, 15)), 6)
        elif rng.random() < 0.7:
            house(site, cx, cy, angle + turn, float(rng.uniform(14, 24)), float(rng.uniform(9, 13)), 0.5)

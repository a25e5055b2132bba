"""Inland waters: lakes with shores and boats, rivers with banks and bridges."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.noise import wander
from rsvlm.trainer.scenes.sites.building import house
from rsvlm.trainer.scenes.sites.country import farm
from rsvlm.trainer.scenes.sites.ground import mostly
from rsvlm.trainer.scenes.sites.leisure import groves
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import Points, blob, path, rectangle, ribbon, through, xy
from rsvlm.trainer.scenes.sites.planting import plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import boat, drive, road

REACH = 1.9  # times its radius that a lake with its shore reaches at most


def lake(site: Site) -> None:
    """One or two lakes between meadows and woods; a part of the water may be there on one date only."""
    rng = site.rng
    mostly(site, 0.85)
    x, y = rng.uniform(0.3, 0.7, 2) * site.size
    radius = float(rng.uniform(0.16, 0.34)) * site.size
    _lake(site, float(x), float(y), radius)
    if rng.random() < 0.4:
        near = radius / float(rng.uniform(1.6, 3))
        others = rng.uniform(0.05, 0.95, (20, 2)) * site.size
        apart = np.hypot(*(others - (x, y)).T) > REACH * (radius + near)
        if apart.any():
            _lake(site, *xy(others[apart.argmax()]), near)
    if rng.random() < 0.6:
        x, y = rng.uniform(0, site.size, 2).tolist()
        outline = blob(rng, x, y, float(rng.uniform(0.2, 0.4)) * site.size, 0.3, 22)
        site.put("wood", outline, site.look.tree(rng), height=9.0, take=False)
        site.items.insert(1, site.items.pop())  # below the water
    groves(site, int(rng.integers(1, 6)), 0.1)
    if rng.random() < 0.5:
        farm(site)
    if rng.random() < 0.5:
        x, y = (rng.choice((0.08, 0.92), 2) * site.size).tolist()
        line = np.array(through(site.size, x, y, np.arctan2(site.size / 2 - y, site.size / 2 - x) + np.pi / 2))
        road(site, line, max(6.0, 1.5 * site.gsd), site.thing("road"))
    plant(site, scattered(site, (site.size / 14) ** 2 * rng.random()), 3.4)


def _lake(site: Site, x: float, y: float, radius: float) -> None:
    """Water with a shore of sand or earth, islands and boats."""
    rng = site.rng
    number, outline = site.thing("lake"), blob(rng, x, y, radius, 0.34, 48)
    middle = outline.mean(axis=0)
    wider = middle + (outline - middle) * float(rng.uniform(1.15, 1.45))
    deep = varied(rng, site.look.deep, 0.05)
    if rng.random() < 0.5:
        shore, sandy = middle + (wider - middle) * 1.06, rng.random() < 0.4
        site.put("sand" if sandy else "bare", shore, site.look.sand if sandy else site.look.soil)
    with site.group("water"):
        site.put("water", wider, deep, number, take=True)
    site.put("water", outline, deep, number, tone=0.0, take=True)
    if rng.random() < 0.3:
        site.put(
            "grass",
            blob(rng, *xy(middle + rng.normal(0, radius * 0.3, 2)), radius * 0.16, 0.3, 18),
            site.look.grass,
        )
    for _ in range(int(rng.integers(0, 6))):
        bx, by = (middle + rng.normal(0, radius * 0.35, 2)).tolist()
        boat(site, bx, by, float(rng.uniform(0, 6.28)), float(rng.uniform(6, 12)))


def river(site: Site) -> None:
    """A river between fields, woods or houses, with one or two bridges."""
    rng = site.rng
    mostly(site, 0.75)
    angle = float(rng.uniform(0, np.pi))
    ends = through(site.size, *xy(rng.uniform(0.35, 0.65, 2) * site.size), angle)
    line = path(rng, *ends, site.size * 0.12, site.size * 0.55, max(6.0, site.size / 80))
    wide = float(rng.uniform(0.08, 0.24)) * site.size
    share = 1 + 0.25 * wander(rng, np.linspace(0, site.size * 2, len(line)), site.size * 0.5)
    number = site.thing("river")
    deep = varied(rng, site.look.deep, 0.06)
    if rng.random() < 0.4:
        sandy = rng.random() < 0.5
        colour = site.look.sand if sandy else site.look.soil
        site.put("sand" if sandy else "bare", ribbon(line, wide * share * 1.18), colour, take=True)
    if rng.random() < 0.4:
        with site.group("water"):
            site.put("water", ribbon(line, wide * share * float(rng.uniform(1.4, 1.8))), deep, number, take=True)
    site.put("water", ribbon(line, wide * share), deep, number, take=True)
    _banks(site, line, wide)
    roads = site.thing("road")
    places = np.sort(rng.uniform(0.3, 0.7, int(rng.integers(0, 3))))
    for place in places[: 1 + int(np.ptp(places) > 0.25)] if len(places) else []:
        _crossing(site, line, int(place * len(line)), wide * float(share.max()), roads, rng.random() < 0.3)
    for _ in range(int(rng.integers(0, 4))):
        spot = line[int(rng.integers(len(line) // 4, 3 * len(line) // 4))] + rng.normal(0, wide * 0.15, 2)
        boat(site, *xy(spot), angle + float(rng.normal(0, 0.3)), float(rng.uniform(7, min(60, max(8, wide)))))
    for _ in range(int(rng.integers(0, 22)) if site.gsd < 2 else 0):
        x, y = rng.uniform(0, site.size, 2).tolist()
        house(
            site, x, y, angle + float(rng.choice((0, np.pi / 2))), float(rng.uniform(10, 20)), float(rng.uniform(8, 12))
        )
    groves(site, int(rng.integers(0, 5)), 0.09)
    plant(site, scattered(site, (site.size / 12) ** 2 * rng.random()), 3.2)


def _banks(site: Site, line: Points, wide: float) -> None:
    """Woods along one side, or none."""
    rng = site.rng
    if rng.random() < 0.5:
        side = np.array([-(line[-1] - line[0])[1], (line[-1] - line[0])[0]])
        side = side / np.hypot(*side) * float(rng.choice((-1, 1)))
        strip = ribbon(line + side * wide * float(rng.uniform(1.0, 1.4)), wide * float(rng.uniform(0.4, 1.0)))
        at = next(number for number, item in enumerate(site.items) if item.kind == "water")
        site.put("wood", strip, site.look.tree(rng), height=10.0)
        site.items.insert(at, site.items.pop())  # the river lies over it


def _crossing(site: Site, line: Points, at: int, wide: float, roads: int, changing: bool) -> None:
    """A road across the river, on a bridge where it is over the water."""
    rng = site.rng
    way = line[min(at + 2, len(line) - 1)] - line[max(at - 2, 0)]
    angle = float(np.arctan2(way[1], way[0])) + np.pi / 2 + float(rng.normal(0, 0.15))
    x, y = line[at].tolist()
    width = max(float(rng.uniform(7, 16)), 2.2 * site.gsd)
    straight = np.array(through(site.size, x, y, angle, 1.4))
    length = wide * 1.25 + 6

    def build() -> None:
        road(site, straight, width, roads, float(rng.random()))
        deck = rectangle(x, y, angle, length, width * 1.12)
        frame = Frame(x, y, angle, length / 2, width * 0.56)
        site.put(
            "bridge", deck, varied(rng, site.look.pale, 0.06), site.thing("bridge"),
            frame=frame, pattern="bridge" if site.gsd < 1.5 else "", height=5.0,
        )  # fmt: skip

    if changing:
        with site.group("bridge"):
            build()
        return
    build()
    drive(site, straight, width, 45)

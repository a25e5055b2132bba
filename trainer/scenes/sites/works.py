"""Where things are made and kept: industry, storage tanks, solar fields."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block, tank
from rsvlm.trainer.scenes.sites.country import farm
from rsvlm.trainer.scenes.sites.ground import lay, mostly
from rsvlm.trainer.scenes.sites.leisure import groves
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import rectangle, through, turned
from rsvlm.trainer.scenes.sites.parking import car_park
from rsvlm.trainer.scenes.sites.planting import along, plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.streets import make_net, streets
from rsvlm.trainer.scenes.sites.traffic import car, drive, road


def industry(site: Site) -> None:
    """Large halls, yards with lorries, car parks, some tanks."""
    rng = site.rng
    green = rng.random() < 0.6
    lay(site, "grass" if green else "bare", site.look.grass if green else site.look.soil)
    deep, long = float(rng.uniform(90, 150)), float(rng.uniform(120, 240))
    plan = streets(site, make_net(site, 0.0), deep, long, float(rng.uniform(8, 12)), 60)
    inner_u, inner_v = long - plan.width - 6, deep - plan.width - 6
    for v in plan.rows:
        for u in plan.columns:
            x, y, angle = plan.net.at(u + long / 2, v + deep / 2)
            if site.inside(x, y, long) and rng.random() < 0.94:
                site.put(
                    "paved", rectangle(x, y, angle, inner_u, inner_v), varied(rng, site.look.pale, 0.08), take=False
                )
                _works(site, x, y, angle, inner_u, inner_v)
    for v in plan.rows:
        plant(site, along(plan.net.line(-plan.net.reach, plan.net.reach, v), 14, plan.width / 2 + 2), 2.2)
    plant(site, scattered(site, (site.size / 18) ** 2 * rng.random()), 2.8)


def _works(site: Site, x: float, y: float, angle: float, long: float, deep: float) -> None:
    """One to three halls on a yard; what is left is parked on."""
    rng = site.rng
    at, edge = -long / 2 + 4, long / 2 - 4
    while at < edge - 16:
        length = min(float(rng.uniform(24, 95)), edge - at)
        spots = np.array([[at + length / 2, -deep * 0.1], [at + length / 2, deep * 0.38]])
        (cx, cy), (px, py) = turned(spots, x, y, angle).tolist()
        wide = deep * float(rng.uniform(0.4, 0.66))
        luck = rng.random()
        if luck < 0.22:
            with site.group("building"):
                block(site, cx, cy, angle, length - 5, wide, float(rng.uniform(6, 13)))
        elif luck < 0.8:
            block(site, cx, cy, angle, length - 5, wide, float(rng.uniform(6, 13)))
        elif luck < 0.9:
            radius = float(rng.uniform(5, 11))
            for column in range(int(length / (2.5 * radius))):
                spot = np.array([[at + (column + 0.6) * 2.5 * radius, -deep * 0.1]])
                (tx, ty), = turned(spot, x, y, angle).tolist()  # fmt: skip
                tank(site, tx, ty, radius)
        if rng.random() < 0.4:
            car_park(site, px, py, angle, length - 6, min(deep * 0.2, 16))
        elif rng.random() < 0.6:
            for u in np.arange(4, length - 4, 5.0):
                if rng.random() < 0.35:
                    (lx, ly), = turned(np.array([[at + u, deep * 0.34]]), x, y, angle).tolist()  # fmt: skip
                    if site.clear(rectangle(lx, ly, angle + np.pi / 2, 14, 2.8), 0.2):
                        car(site, lx, ly, angle + np.pi / 2, lorry=True)
        at += length + float(rng.uniform(2, 12))


def tanks(site: Site) -> None:
    """Rows of storage tanks of a few sizes on bare or grassy ground, pipes and roads between them."""
    rng = site.rng
    mostly(site, 0.35)
    angle = float(rng.uniform(0, np.pi))
    roads = site.thing("road")
    radius = float(np.clip(rng.uniform(6, 26), 3.2 * site.gsd, site.size / 7))
    cell = radius * float(rng.uniform(2.5, 3.6))
    middle = site.size / 2
    shift = rng.uniform(-cell, cell, 2)
    for _ in range(int(rng.integers(1, 3))):
        aside = float(rng.uniform(-0.4, 0.4)) * site.size
        (x, y), = turned(np.array([[0, aside]]), middle, middle, angle).tolist()  # fmt: skip
        line = np.array(through(site.size, x, y, angle))
        road(site, line, float(rng.uniform(6, 9)), roads, float(rng.random()))
        drive(site, line, 7, 90)
    full = float(rng.uniform(0.4, 1.0))
    steps = np.arange(-site.size * 0.7, site.size * 0.7, cell)
    for u in steps:
        for v in steps:
            (x, y), = turned(np.array([[u, v]]) + shift, middle, middle, angle).tolist()  # fmt: skip
            if rng.random() > full:
                continue
            size = radius * float(rng.choice((1.0, 1.0, 0.7)))
            if rng.random() < 0.2:
                with site.group("storage tank"):
                    tank(site, x, y, size)
            else:
                tank(site, x, y, size)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(0, site.size, 2).tolist()
        block(site, x, y, angle, float(rng.uniform(14, 40)), float(rng.uniform(10, 18)), 6)
    plant(site, scattered(site, 40 * rng.random()), 2.8)


def solar(site: Site) -> None:
    """Fields of panels in rows, some of which are there on one date only."""
    rng = site.rng
    mostly(site, 0.5)
    angle = float(rng.normal(0, 0.25))
    middle = site.size / 2
    parts = int(rng.integers(1, 4))
    gap, deep = float(rng.uniform(5, 9)) * max(1.0, site.gsd / 1.2), float(rng.uniform(3, 5)) * max(1.0, site.gsd / 0.9)
    line = np.array(through(site.size, middle, site.size * float(rng.choice((0.04, 0.96))), angle))
    road(site, line, max(4.5, 1.4 * site.gsd), site.thing("road"))
    long = site.size * 0.86 / parts
    for column in range(parts):
        for row in range(parts):
            at = np.array([[(column + 0.5 - parts / 2) * long * 1.06, (row + 0.5 - parts / 2) * long]])
            (x, y), = turned(at, middle, middle, angle).tolist()  # fmt: skip
            luck = rng.random()
            if luck < 0.35:
                with site.group("solar panel"):
                    _array(site, x, y, angle, long * 0.92, long * 0.88, gap, deep)
            elif luck < 0.9:
                _array(site, x, y, angle, long * 0.92, long * 0.88, gap, deep)
    groves(site, int(rng.integers(0, 4)), 0.08)
    if rng.random() < 0.5:
        farm(site)
    plant(site, scattered(site, 30 * rng.random()), 2.6)


def _array(site: Site, x: float, y: float, angle: float, long: float, tall: float, gap: float, deep: float) -> None:
    rng = site.rng
    number, dark = site.thing("solar array"), varied(rng, (44, 54, 84), 0.1)
    for v in np.arange(-tall / 2 + deep, tall / 2, gap + deep):
        (cx, cy), = turned(np.array([[0, v]]), x, y, angle).tolist()  # fmt: skip
        outline = rectangle(cx, cy, angle, long, deep)
        if site.clear(outline, 0.5):
            frame = Frame(cx, cy, angle, long / 2, deep / 2)
            pattern = "panels" if site.gsd < 0.9 else ""
            site.put("solar", outline, dark, number, frame=frame, pattern=pattern, height=1.6, tone=0.0)

"""Where people live and trade: dense and sparse residential areas, centres of towns, and cities from afar."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block, house, pool
from rsvlm.trainer.scenes.sites.ground import lay, meadow
from rsvlm.trainer.scenes.sites.outlines import blob, rectangle, turned, xy
from rsvlm.trainer.scenes.sites.parking import car_park
from rsvlm.trainer.scenes.sites.planting import along, plant, scattered, wood
from rsvlm.trainer.scenes.sites.site import Site
from rsvlm.trainer.scenes.sites.streets import lots, make_net, streets
from rsvlm.trainer.scenes.sites.traffic import car, drive, road

CHANGING = 0.22  # share of houses that may be there on one date only


def dense(site: Site) -> None:
    """Rows of small houses close to each other."""
    rng = site.rng
    arid = site.look.dry > 0.6
    lay(site, "bare" if arid else "lawn", site.look.soil if arid else site.look.lawn)
    deep = float(rng.uniform(42, 62))
    plan = streets(site, make_net(site, 0.25), deep, float(rng.uniform(90, 190)), float(rng.uniform(5.5, 8)), 70)
    wide = float(rng.uniform(11, 17))
    back = (deep - plan.width) / 2
    for x, y, angle, width in lots(site, plan, wide, wide * 0.12):
        depth = min(back - 5, float(rng.uniform(9, 15)))
        _home(site, x, y, angle, width - float(rng.uniform(1.5, 4)), depth, float(rng.uniform(3, 7)), back, 0.05)
    plant(site, scattered(site, (0.2 + 1.5 * rng.random()) * (site.size / 9) ** 2 * (0.4 if arid else 1)), 2.2)


def sparse(site: Site) -> None:
    """Single houses in gardens with trees, some with pools."""
    rng = site.rng
    meadow(site)
    deep = float(rng.uniform(75, 130))
    plan = streets(site, make_net(site, 0.6), deep, float(rng.uniform(170, 320)), float(rng.uniform(5, 7)), 160)
    wide, back = float(rng.uniform(26, 45)), (deep - 7) / 2
    leafy = float(rng.uniform(0.3, 1.6))
    for x, y, angle, width in lots(site, plan, wide, wide * 0.15):
        if rng.random() < 0.88:
            long = min(width - 6, float(rng.uniform(13, 22)))
            _home(site, x, y, angle, long, float(rng.uniform(9, 13)), float(rng.uniform(8, 16)), back, 0.3)
    for _ in range(int(rng.integers(0, 3))):
        grove = blob(rng, *xy(rng.uniform(0, site.size, 2)), float(rng.uniform(0.08, 0.16)) * site.size, 0.25)
        if site.free(grove).all():
            with site.group("tree"):
                wood(site, grove)
    plant(site, scattered(site, leafy * (site.size / 11) ** 2), 3.2)


def _home(
    site: Site, x: float, y: float, angle: float, long: float, deep: float, setback: float, back: float, pools: float
) -> None:
    """A house on its lot, with a drive, perhaps a shed, a car and a pool; it may be there on one date only."""
    rng = site.rng
    (cx, cy), (dx, dy), (px, py) = turned(
        np.array([[0, setback + deep / 2], [long * 0.36, setback / 2], [0, min(back - 4, setback + deep + 8)]]),
        x,
        y,
        angle,
    ).tolist()
    turn = angle + float(rng.normal(0, 0.02))

    def build() -> None:
        if not house(site, cx, cy, turn, long, deep):
            return
        if site.gsd < 0.8 and rng.random() < 0.75 and site.clear(rectangle(dx, dy, turn, 3.2, setback), 0):
            site.put("paved", rectangle(dx, dy, turn, 3.2, setback), site.look.pale, take=False)
            if rng.random() < 0.5 and setback > 5:
                car(site, dx, dy, turn + np.pi / 2)
        if rng.random() < pools:
            pool(site, px, py, turn + float(rng.normal(0, 0.3)), float(rng.uniform(7, 11)))

    may_change = rng.random() < CHANGING and site.clear(rectangle(cx, cy, turn, long, deep), 1)
    if not may_change:
        build()
        return
    with site.group("building") as number:
        build()
    with site.instead(number):
        if rng.random() < 0.6:
            lot = rectangle(cx, cy, turn, long + 3, deep + 3)
            site.put("bare", lot, site.look.soil, take=False)


def centre(site: Site) -> None:
    """Large buildings with flat roofs along wide streets, car parks, squares."""
    rng = site.rng
    lay(site, "yard", site.look.pale)
    deep, long = float(rng.uniform(70, 120)), float(rng.uniform(80, 150))
    plan = streets(site, make_net(site, 0.0), deep, long, float(rng.uniform(9, 16)), 32)
    inner_v, inner_u = deep - plan.width - 5, long - plan.width - 5
    for v in plan.rows:
        for u in plan.columns:
            x, y, angle = plan.net.at(u + long / 2, v + deep / 2)
            if not site.inside(x, y, long):
                continue
            luck = rng.random()
            if luck < 0.12:
                car_park(site, x, y, angle, inner_u, inner_v, rng.random() < 0.4)
            elif luck < 0.24:
                site.put("lawn", rectangle(x, y, angle, inner_u, inner_v), site.look.lawn, take=False)
                plant(site, turned((rng.random((14, 2)) - 0.5) * (inner_u, inner_v), x, y, angle), 3.4)
            else:
                _towers(site, x, y, angle, inner_u, inner_v)
    for v in plan.rows:
        plant(site, along(plan.net.line(-plan.net.reach, plan.net.reach, v), 11, plan.width / 2 + 1.6), 2.0)


def _towers(site: Site, x: float, y: float, angle: float, long: float, deep: float) -> None:
    """A block of a town, cut into one to six buildings."""
    rng = site.rng
    columns, rows = int(rng.integers(1, 4)), int(rng.integers(1, 3))
    for column in range(columns):
        for row in range(rows):
            u, v = ((column + 0.5) / columns - 0.5) * long, ((row + 0.5) / rows - 0.5) * deep
            (cx, cy), = turned(np.array([[u, v]]), x, y, angle).tolist()  # fmt: skip
            size = np.array([long / columns, deep / rows]) - rng.uniform(3, 12, 2)
            height = float(np.clip(rng.gamma(3.0, 5.0), 5, 60))
            if rng.random() < 0.25:
                with site.group("building") as number:
                    block(site, cx, cy, angle, float(size[0]), float(size[1]), height)
                with site.instead(number):
                    site.put("bare", rectangle(cx, cy, angle, *xy(size)), site.look.soil, take=False)
            else:
                block(site, cx, cy, angle, float(size[0]), float(size[1]), height)


def city(site: Site) -> None:
    """A city in large pixels: blocks of buildings between streets, parks, a wide road."""
    rng = site.rng
    arid = rng.random() < 0.8 * site.look.dry
    lay(site, "bare" if arid else "grass", site.look.soil if arid else site.look.grass)
    least = 7 * site.gsd
    deep, long = float(rng.uniform(2.4, 4)) * least, float(rng.uniform(2.6, 5)) * least
    plan = streets(site, make_net(site, 0.0), deep, long, max(9.0, 1.6 * site.gsd), 1e9)
    inner_u, inner_v = long - plan.width, deep - plan.width
    for v in plan.rows:
        for u in plan.columns:
            x, y, angle = plan.net.at(u + long / 2, v + deep / 2)
            if not site.inside(x, y, long):
                continue
            luck = rng.random()
            if luck < 0.16:
                park = rectangle(x, y, angle, inner_u * 0.95, inner_v * 0.95)
                if rng.random() < 0.6:
                    with site.group("tree"):
                        wood(site, park)
                else:
                    site.put("lawn", park, site.look.lawn)
            elif luck < 0.9:
                _quarters(site, x, y, angle, inner_u, inner_v)
    middle = plan.net.across(float(rng.uniform(-0.2, 0.2)) * site.size, -plan.net.reach, plan.net.reach)
    road(site, middle, max(18.0, 2.6 * site.gsd), site.thing("road"))
    drive(site, middle, 14, 60)


def _quarters(site: Site, x: float, y: float, angle: float, long: float, deep: float) -> None:
    """Rows of buildings as large as can still be told apart."""
    rng = site.rng
    columns = max(1, int(long / (8.0 * site.gsd) + rng.random()))
    rows = max(1, int(deep / (7.0 * site.gsd) + rng.random() - 0.3))
    for column in range(columns):
        for row in range(rows):
            u, v = ((column + 0.5) / columns - 0.5) * long, ((row + 0.5) / rows - 0.5) * deep
            (cx, cy), = turned(np.array([[u, v]]), x, y, angle).tolist()  # fmt: skip
            length, width = long / columns * float(rng.uniform(0.6, 0.84)), deep / rows * float(rng.uniform(0.6, 0.8))
            if rng.random() < 0.1:
                with site.group("building"):
                    block(site, cx, cy, angle, length, width, 10, site.look.roof(rng), 0.0)
            elif rng.random() < 0.93:
                block(site, cx, cy, angle, length, width, float(rng.uniform(8, 30)), site.look.roof(rng), 0.0)

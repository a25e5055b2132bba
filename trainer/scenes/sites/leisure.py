"""Car parks, fields for sport, parks and golf courses."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block, house
from rsvlm.trainer.scenes.sites.ground import lay, meadow
from rsvlm.trainer.scenes.sites.looks import Colour, varied
from rsvlm.trainer.scenes.sites.outlines import Points, blob, path, rectangle, through, turned
from rsvlm.trainer.scenes.sites.planting import along, plant, scattered, wood
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import CAR_GSD, car, drive, road

AISLE = 16.6  # metres from one double row of parking places to the next
# name: length, width, pattern; None: drawn by itself
FIELDS: dict[str, tuple[float, float, str]] = {
    "football field": (105, 68, "football"),
    "tennis court": (36, 18, "tennis"),
    "basketball court": (30, 17, "basketball"),
    "baseball field": (100, 100, "baseball"),
    "running track": (176, 92, "track"),
}
_GREEN: tuple[Colour, ...] = ((98, 126, 68), (84, 118, 62), (118, 134, 80), (70, 116, 66))
_HARD: tuple[Colour, ...] = (
    (74, 106, 92),
    (90, 112, 140),
    (160, 96, 74),
    (120, 124, 122),
    (86, 122, 84),
    (170, 112, 84),
)


def car_park(site: Site, x: float, y: float, angle: float, long: float, deep: float, changing: str = "") -> bool:
    """Double rows of places with cars in some of them. changing: whether all of it may be there on one date only."""
    rng = site.rng
    outline = rectangle(x, y, angle, long, deep)
    if not site.clear(outline, 0.0) or min(long, deep) < 4 * site.gsd:
        return False
    if changing:
        with site.group(changing):
            _places(site, outline, Frame(x, y, angle, long / 2, deep / 2), 0.0)
        return True
    _places(site, outline, Frame(x, y, angle, long / 2, deep / 2), float(rng.uniform(0.05, 0.9)))
    return True


def _places(site: Site, outline: Points, frame: Frame, full: float) -> None:
    rng = site.rng
    number = site.thing("parking lot")
    pattern = "slots" if site.gsd < 1.0 else ""
    site.put("parking", outline, site.look.asphalt, number, frame=frame, pattern=pattern, scale=AISLE)
    if site.gsd > CAR_GSD:
        return
    for row in np.arange(0, 2 * frame.b - 5, AISLE):
        for side in (2.7, 7.8):
            if row + side + 2.6 > 2 * frame.b:
                continue
            for u in np.arange(3.9, 2 * frame.a - 3.9, 2.6):
                if rng.random() < full:
                    v = row + side - frame.b
                    (cx, cy), = turned(np.array([[u - frame.a, v]]), frame.x, frame.y, frame.angle).tolist()  # fmt: skip
                    car(site, cx, cy, frame.angle + np.pi / 2 * float(rng.choice((-1, 1))) + float(rng.normal(0, 0.03)))


def parking(site: Site) -> None:
    """A large car park beside a shop, a road in front."""
    rng = site.rng
    lay(site, "lawn", site.look.lawn)
    angle = float(rng.choice((0, np.pi / 2))) + float(rng.normal(0, 0.3))
    middle = site.size / 2

    def at(u: float, v: float) -> tuple[float, float]:
        (x, y), = turned(np.array([[u, v]]) * site.size, middle, middle, angle).tolist()  # fmt: skip
        return x, y

    edge = float(rng.uniform(0.3, 0.42))
    width = float(rng.uniform(8, 14))
    line = np.array([at(-1.2, edge), at(1.2, edge)])
    road(site, line, width, site.thing("road"), float(rng.random()))
    drive(site, line, width, 35)
    shops = -float(rng.uniform(0.26, 0.45))
    if rng.random() < 0.8:
        x, y = at(float(rng.uniform(-0.15, 0.15)), shops)
        long, deep = float(rng.uniform(0.4, 0.85)) * site.size, float(rng.uniform(0.14, 0.26)) * site.size
        block(site, x, y, angle, long, deep, float(rng.uniform(6, 11)))
    full = float(rng.uniform(0.1, 0.95))
    top = shops + 0.16 * float(rng.uniform(0.9, 1.3))
    depth = (edge - top) * site.size - width / 2 - 4
    rows = max(1, int((depth + 6) / AISLE))
    parts = int(rng.integers(1, 3))
    for part in range(parts):
        long = site.size * float(rng.uniform(0.7, 0.95)) / parts
        x, y = at((part + 0.5) / parts - 0.5, (edge + top) / 2)
        deep = rows * AISLE - 5
        outline = rectangle(x, y, angle, long, deep)
        if part and rng.random() < 0.4:
            car_park(site, x, y, angle, long, deep, "parking")
        elif site.clear(outline, 0.0):
            site.put("paved", rectangle(x, y, angle, long + 4, deep + 12), site.look.asphalt, take=False)
            _places(site, outline, Frame(x, y, angle, long / 2, deep / 2), full)
    plant(site, along(line, float(rng.uniform(9, 18)), -width / 2 - 3), 2.4)
    plant(site, scattered(site, (site.size / 14) ** 2 * rng.random()), 2.4)


def sport(site: Site) -> None:
    """One kind of field or two, side by side, with paths, trees and a house for changing."""
    rng = site.rng
    meadow(site)
    angle = float(rng.choice((0, np.pi / 2))) + float(rng.normal(0, 0.25))
    road(site, np.array(through(site.size, *_side(site, angle), angle)), 6.5, site.thing("road"), float(rng.random()))
    fits = [name for name, (long, _, _) in FIELDS.items() if long < site.size * 0.9 and long * 8 > site.size]
    names = [site.pick(fits) for _ in range(2)]
    for _ in range(int(rng.integers(2, 9))):
        name = names[int(rng.random() < 0.3)]
        x, y = rng.uniform(0.15, 0.85, 2) * site.size
        rows, columns = (1, 1) if FIELDS[name][0] > 60 else (int(rng.integers(1, 3)), int(rng.integers(1, 4)))
        may_change = rng.random() < 0.2
        _courts(site, name, float(x), float(y), angle, rows, columns, may_change)
    for _ in range(4):
        x, y = rng.uniform(0.08, 0.92, 2) * site.size
        house(site, float(x), float(y), angle, float(rng.uniform(12, 28)), float(rng.uniform(9, 14)))
    if rng.random() < 0.6:
        x, y = rng.uniform(0.15, 0.85, 2) * site.size
        car_park(site, float(x), float(y), angle, float(rng.uniform(25, 60)), 2 * AISLE - 6, "")
    groves(site, int(rng.integers(0, 3)), 0.1)
    plant(site, scattered(site, (site.size / 16) ** 2 * rng.random()), 3.2)


def _side(site: Site, angle: float) -> tuple[float, float]:
    """A place near an edge of the picture, aside from its middle as the angle goes."""
    aside = site.size * float(site.rng.choice((-0.44, 0.44)))
    return site.size / 2 - np.sin(angle) * aside, site.size / 2 + np.cos(angle) * aside


def _courts(site: Site, name: str, x: float, y: float, angle: float, rows: int, columns: int, may_change: bool) -> None:
    long, wide, pattern = FIELDS[name]
    gap = 4.0 if long < 60 else 12.0
    for row in range(rows):
        for column in range(columns):
            u, v = (column - (columns - 1) / 2) * (long + gap), (row - (rows - 1) / 2) * (wide + gap)
            (cx, cy), = turned(np.array([[u, v]]), x, y, angle).tolist()  # fmt: skip
            if may_change:
                with site.group("sports field"):
                    court(site, name, pattern, cx, cy, angle, long, wide)
            else:
                court(site, name, pattern, cx, cy, angle, long, wide)


def court(site: Site, name: str, pattern: str, x: float, y: float, angle: float, long: float, wide: float) -> bool:
    """One field, unless it would stand on something else or show too little."""
    rng = site.rng
    outline = rectangle(x, y, angle, long, wide)
    if wide < 6 * site.gsd or not site.shows(outline) or not site.clear(outline, 1.0):
        return False
    hard = long < 60
    colours = _HARD if hard else _GREEN
    colour = varied(rng, colours[int(rng.integers(len(colours)))], 0.06)
    frame, number = Frame(x, y, angle, long / 2, wide / 2), site.thing(name)
    if pattern == "track":
        ring = _stadium(x, y, angle, long, wide)
        red = varied(rng, ((164, 92, 70), (150, 78, 64), (90, 110, 150), (130, 126, 122))[int(rng.integers(4))], 0.05)
        site.put("pitch", ring, red, number, frame=frame, pattern="track")
        inner = Frame(x, y, angle, (long - wide) / 2 + 9, wide / 2 - 13)
        green = varied(rng, _GREEN[int(rng.integers(len(_GREEN)))], 0.06)
        site.put("pitch", _stadium(x, y, angle, long - 21, wide - 21), green, number)
        site.put(
            "pitch", rectangle(x, y, angle, inner.a * 2, inner.b * 2), green, number, frame=inner, pattern="football"
        )
        return True
    if pattern == "baseball":
        fan = np.linspace(-np.pi / 4, np.pi / 4, 14)
        corners = np.stack([np.cos(fan) * long * 0.96 - long / 2, np.sin(fan) * long * 0.96], axis=1)
        outline = turned(np.concatenate([[[-long / 2 - 4, 4], [-long / 2 - 4, -4]], corners]), x, y, angle)
    site.put("pitch", outline, colour, number, frame=frame, pattern=pattern)
    return True


def _stadium(x: float, y: float, angle: float, long: float, wide: float) -> Points:
    """A rectangle with round ends."""
    turn = np.linspace(-np.pi / 2, np.pi / 2, 12)
    bend = np.stack([np.cos(turn) * wide / 2 + (long - wide) / 2, np.sin(turn) * wide / 2], axis=1)
    return turned(np.concatenate([bend, -bend]), x, y, angle)


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

"""Fields for sport: football, tennis, basketball, baseball, running tracks."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import house
from rsvlm.trainer.scenes.sites.ground import meadow
from rsvlm.trainer.scenes.sites.leisure import groves
from rsvlm.trainer.scenes.sites.looks import Colour, varied
from rsvlm.trainer.scenes.sites.outlines import Points, rectangle, through, turned
from rsvlm.trainer.scenes.sites.parking import AISLE, car_park
from rsvlm.trainer.scenes.sites.planting import plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import road

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
        car_park(site, float(x), float(y), angle, float(rng.uniform(25, 60)), 2 * AISLE - 6)
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

"""Where people and goods move: motorways, railways, airports."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block
from rsvlm.trainer.scenes.sites.ground import meadow, mostly
from rsvlm.trainer.scenes.sites.leisure import groves
from rsvlm.trainer.scenes.sites.looks import varied
from rsvlm.trainer.scenes.sites.outlines import Points, rectangle, ribbon, through, xy
from rsvlm.trainer.scenes.sites.parking import car_park
from rsvlm.trainer.scenes.sites.planting import plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import aeroplane, drive, road


def motorway(site: Site) -> None:
    """A wide road with traffic, a bridge over it or a railway beside it, woods and meadows around."""
    rng = site.rng
    mostly(site, 0.85)
    angle = float(rng.uniform(0, np.pi))
    x, y = (rng.uniform(0.35, 0.65, 2) * site.size).tolist()
    aside = np.array([-np.sin(angle), np.cos(angle)])
    roads, width = site.thing("road"), float(rng.choice((7.5, 11.0, 14.5)))
    site.put("lawn", ribbon(np.array(through(site.size, x, y, angle)), width * 2 + 14), site.look.grass)
    for hand in (-1, 1):
        px, py = (np.array([x, y]) + aside * hand * (width / 2 + 2.5)).tolist()
        line = np.array(through(site.size, px, py, angle))
        road(site, line, width, roads, 1.0)
        drive(site, line, width, float(rng.uniform(18, 70)))
    if rng.random() < 0.5:
        turn = angle + float(rng.uniform(1.0, 2.1))
        wide = float(rng.uniform(8, 13))
        line = np.array(through(site.size, x, y, turn))
        road(site, line, wide, roads, float(rng.random()))
        long = (2 * width + 26) / max(abs(np.sin(turn - angle)), 0.5)
        frame = Frame(x, y, turn, long / 2, wide * 0.55)
        site.put(
            "bridge", rectangle(x, y, turn, long, wide * 1.1), site.look.pale, site.thing("bridge"),
            frame=frame, pattern="bridge", height=6.0,
        )  # fmt: skip
        drive(site, line, wide, 60)
    if rng.random() < 0.4:
        px, py = (np.array([x, y]) + aside * float(rng.choice((-1, 1))) * (width + 40)).tolist()
        rails = np.array(through(site.size, px, py, angle))
        railway(site, rails, int(rng.integers(1, 5)), angle)
    for _ in range(int(rng.integers(0, 10))):
        bx, by = rng.uniform(0, site.size, 2).tolist()
        if rng.random() < 0.25:
            with site.group("building"):
                block(site, bx, by, angle, float(rng.uniform(16, 50)), float(rng.uniform(12, 24)), 8)
        else:
            block(site, bx, by, angle, float(rng.uniform(16, 50)), float(rng.uniform(12, 24)), 8)
    groves(site, int(rng.integers(1, 6)), 0.11)
    plant(site, scattered(site, (site.size / 13) ** 2 * rng.random()), 3.2)


def railway(site: Site, line: Points, tracks: int, angle: float) -> None:
    """Tracks side by side on ballast."""
    (x, y), wide = line.mean(axis=0).tolist(), 4.5 * tracks
    long = float(np.hypot(*(line[1] - line[0])))
    frame = Frame(x, y, angle, long / 2, wide / 2)
    pattern = "sleepers" if site.gsd < 1.2 else ""
    outline = rectangle(x, y, angle, long, wide + 1.5)
    site.put(
        "rail", outline, varied(site.rng, (142, 130, 120), 0.06), site.thing("railway"), frame=frame, pattern=pattern
    )


def airport(site: Site) -> None:
    """A runway with taxiways and an apron, or the apron alone from near; aeroplanes, a terminal and hangars."""
    rng = site.rng
    meadow(site)
    angle = float(rng.uniform(0, np.pi))
    middle = np.array([site.size / 2] * 2)
    toward, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    near = site.gsd < 1.0
    apron_at = float(rng.uniform(-0.05, 0.15)) * site.size
    apron = float(rng.uniform(0.3, 0.45 if near else 0.3)) * site.size
    if not near or rng.random() < 0.4:
        _runway(site, middle, angle, toward, aside, apron_at - apron / 2)
    concrete = varied(rng, site.look.pale, 0.05)
    x, y = (middle + aside * apron_at).tolist()
    long = site.size * float(rng.uniform(0.55, 1.4))
    site.put("paved", rectangle(x, y, angle, long, apron), concrete, take=False)
    terminal = middle + aside * (apron_at + apron / 2 + 14)
    depth = float(rng.uniform(24, 44))
    block(site, *xy(terminal + aside * depth / 2), angle, min(long * 0.8, float(rng.uniform(80, 300))), depth, 14)
    _parked(site, middle + aside * apron_at, angle, long, apron)
    site.take(rectangle(x, y, angle, long, apron))
    _hangars(site, middle + aside * (apron_at + apron / 2), toward, aside, angle)
    px, py = (terminal + aside * (depth + 34)).tolist()
    car_park(site, px, py, angle, float(rng.uniform(60, 160)), 2 * 16.6 - 6, rng.random() < 0.5)
    line = np.array(through(site.size, *xy(terminal + aside * (depth + 12)), angle))
    road(site, line, 8.0, site.thing("road"), 0.7)
    drive(site, line, 8.0, 50)
    groves(site, int(rng.integers(0, 3)), 0.08)
    plant(site, scattered(site, 20 * rng.random()), 3.0)


def _runway(site: Site, middle: Points, angle: float, toward: Points, aside: Points, edge: float) -> None:
    """The runway itself, a taxiway beside it, and links to the apron. edge: of the apron, metres aside from the middle."""
    rng = site.rng
    width = float(rng.uniform(32, 58))
    off = edge - float(rng.uniform(0.16, 0.3)) * site.size
    length = site.size * float(rng.choice((1.0, 1.15, 3.0)))
    start = middle + aside * off + toward * site.size * float(rng.uniform(-0.15, 0.15))
    number, x, y = site.thing("runway"), float(start[0]), float(start[1])
    strip = varied(rng, site.look.asphalt, 0.05)
    taxi = varied(rng, site.look.asphalt, 0.05)
    between = (off + edge) / 2 + 10
    tx, ty = (middle + aside * between).tolist()
    lane = Frame(tx, ty, angle, length * 0.48, 11)
    site.put("paved", rectangle(tx, ty, angle, length * 0.96, 22), taxi, frame=lane, pattern="taxiway")
    for share in rng.uniform(-0.4, 0.4, int(rng.integers(2, 5))):
        one = middle + toward * share * site.size + aside * off
        other = middle + toward * (share + float(rng.normal(0, 0.06))) * site.size + aside * (edge + 4)
        site.put("paved", ribbon(np.array([one, other]), 20), taxi)
    frame = Frame(x, y, angle, length / 2, width / 2)
    pattern = "runway" if site.gsd < 4 else ""
    site.put("runway", rectangle(x, y, angle, length, width), strip, number, frame=frame, pattern=pattern)


def _parked(site: Site, middle: Points, angle: float, long: float, deep: float) -> None:
    """Aeroplanes in one or two rows, noses to the terminal or aside."""
    rng = site.rng
    length = float(np.clip(rng.uniform(12, 48), 11 * site.gsd, 70))
    gap = length * float(rng.uniform(1.15, 1.7))
    rows = max(1, min(3, int(deep / (length * 1.3))))
    turn = angle + np.pi / 2 + float(rng.choice((0, 0, np.pi, 0.5)))
    full = float(rng.uniform(0.3, 0.95))
    toward, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    for row in range(rows):
        for u in np.arange(-long / 2 + length * 0.7, long / 2 - length * 0.5, gap):
            if rng.random() < full:
                v = deep / 2 - length * 0.62 - row * length * 1.25
                x, y = (middle + toward * u + aside * v).tolist()
                aeroplane(site, x, y, turn + float(rng.normal(0, 0.04)), length * float(rng.uniform(0.85, 1.1)))


def _hangars(site: Site, edge: Points, toward: Points, aside: Points, angle: float) -> None:
    rng = site.rng
    for _ in range(int(rng.integers(1, 7))):
        wide = float(rng.uniform(25, 60))
        spot = (
            edge + toward * float(rng.uniform(-0.55, 0.55)) * site.size + aside * float(rng.uniform(10, 60) + wide / 2)
        )
        x, y = spot.tolist()
        if rng.random() < 0.35:
            with site.group("building"):
                block(site, x, y, angle, float(rng.uniform(28, 70)), wide, 12)
        else:
            block(site, x, y, angle, float(rng.uniform(28, 70)), wide, 12)

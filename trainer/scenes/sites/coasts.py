"""The sea: beaches with surf, harbours with piers, ships, halls and containers."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.noise import wander
from rsvlm.trainer.scenes.sites.building import block, house
from rsvlm.trainer.scenes.sites.ground import lay, mostly
from rsvlm.trainer.scenes.sites.leisure import groves
from rsvlm.trainer.scenes.sites.looks import Colour, varied
from rsvlm.trainer.scenes.sites.outlines import Points, blob, path, rectangle, ribbon, through, xy
from rsvlm.trainer.scenes.sites.planting import inside, plant, scattered, wood
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import boat, drive, road


def coast(site: Site) -> None:
    """The sea, surf, a beach, and behind it meadows, woods or houses."""
    rng = site.rng
    mostly(site, 0.8)
    angle = float(rng.uniform(0, 2 * np.pi))
    edge = float(rng.uniform(-0.15, 0.2)) * site.size
    shore = _shore(site, angle, edge, 0.05)
    beach = float(rng.uniform(0.0, 0.16)) * site.size
    if beach > 3 * site.gsd:
        site.put("sand", _seaward(site, shore, angle, -beach), site.look.sand, pattern="dunes", scale=0.15, take=True)
    _sea(site, shore, angle)
    for _ in range(int(rng.integers(0, 12))):
        spot = np.array([site.size / 2] * 2) + rng.normal(0, 0.4, 2) * site.size
        if not site.free(spot[None])[0] and _wet(site, spot):
            boat(site, *xy(spot), float(rng.uniform(0, 6.28)), float(rng.uniform(7, 24)))
    if rng.random() < 0.6:
        inland = shore - np.array([np.cos(angle), np.sin(angle)]) * (beach + float(rng.uniform(10, 60)))
        road(site, inland, max(6.5, 1.5 * site.gsd), site.thing("road"))
    for _ in range(int(rng.integers(0, 40)) if site.gsd < 2 else 0):
        x, y = rng.uniform(0, site.size, 2).tolist()
        if rng.random() < 0.2:
            with site.group("building"):
                house(site, x, y, angle, float(rng.uniform(10, 22)), float(rng.uniform(8, 13)))
        else:
            house(site, x, y, angle, float(rng.uniform(10, 22)), float(rng.uniform(8, 13)))
    groves(site, int(rng.integers(0, 5)), 0.1)
    plant(site, scattered(site, (site.size / 12) ** 2 * rng.random()), 3.0)


def _shore(site: Site, angle: float, edge: float, sway: float) -> Points:
    """A line across the picture; the sea lies in the direction of the angle."""
    rng = site.rng
    toward = np.array([np.cos(angle), np.sin(angle)])
    x, y = (np.array([site.size / 2] * 2) + toward * edge).tolist()
    ends = through(site.size, x, y, angle + np.pi / 2)
    return path(rng, *ends, sway * site.size, float(rng.uniform(0.2, 0.7)) * site.size, site.size / 90)


def _seaward(site: Site, shore: Points, angle: float, off: float) -> Points:
    """All that lies beyond the shore, moved by `off` metres towards the sea."""
    toward = np.array([np.cos(angle), np.sin(angle)])
    return np.concatenate([shore + toward * off, (shore + toward * site.size * 2.2)[::-1]])


def _sea(site: Site, shore: Points, angle: float) -> None:
    """Water with swell; and breakers where it is to be seen."""
    rng = site.rng
    number = site.thing("sea")
    frame = Frame(site.size / 2, site.size / 2, angle + float(rng.normal(0, 0.3)))
    deep, swell = varied(rng, site.look.deep, 0.05), float(rng.uniform(8, 40))
    site.put(
        "water", _seaward(site, shore, angle, 0.0), deep, number, frame=frame, pattern="sea", scale=swell, take=True
    )
    toward = np.array([np.cos(angle), np.sin(angle)])
    for breaker in range(int(rng.integers(0, 4))):
        off = (3 + breaker * float(rng.uniform(8, 22))) * max(1.0, site.gsd)
        aside = wander(rng, np.linspace(0, site.size * 2, len(shore)), site.size * 0.2)[:, None] * 4 * max(1, site.gsd)
        width = np.abs(wander(rng, np.linspace(0, site.size * 2, len(shore)), 40)) * 4.5 * max(1.0, site.gsd)
        site.put(
            "water", ribbon(shore + toward * (off + aside), width), (232, 236, 236), number, pattern="foam", tone=0.0
        )


def _wet(site: Site, spot: Points) -> bool:
    """Whether open water is seen at a place."""
    top = [item for item in site.items if item.kind in ("water", "sand", "grass") and item.group == 0]
    last = [item for item in top if inside(item.outline, spot[None])[0]]
    return bool(last) and last[-1].kind == "water"


def harbour(site: Site) -> None:
    """A quay with halls or containers, piers with boats, ships."""
    rng = site.rng
    lay(site, "yard", site.look.pale)
    angle = float(rng.uniform(0, 2 * np.pi))
    edge = float(rng.uniform(-0.12, 0.12)) * site.size
    toward = np.array([np.cos(angle), np.sin(angle)])
    middle = np.array([site.size / 2] * 2)
    ends = through(site.size, *xy(middle + toward * edge), angle + np.pi / 2)
    shore = np.array(ends)
    number, deep = site.thing("harbour basin"), varied(rng, site.look.deep, 0.06)
    frame = Frame(site.size / 2, site.size / 2, angle)
    site.put("water", _seaward(site, shore, angle, 0.0), deep, number, frame=frame, pattern="sea", scale=9.0, take=True)
    side = np.array([-toward[1], toward[0]])
    small = site.gsd < 0.9 and rng.random() < 0.7
    if small:
        _marina(site, middle + toward * edge, toward, side)
    else:
        _berths(site, middle + toward * edge, toward, side, angle)
    _yards(site, middle + toward * edge, toward, side, angle, goods=not small)


def _marina(site: Site, start: Points, toward: Points, side: Points) -> None:
    """Piers out from the quay with boats on both sides of each."""
    rng = site.rng
    angle = float(np.arctan2(toward[1], toward[0]))
    length, berth = float(rng.uniform(0.25, 0.6)) * site.size, float(rng.uniform(8, 14))
    gap, at = berth * 2 + float(rng.uniform(14, 24)), -site.size * 0.6
    full = float(rng.uniform(0.25, 0.9))
    wood_pier: Colour = (150, 132, 110) if rng.random() < 0.6 else site.look.pale
    while at < site.size * 0.6:
        x, y = (start + side * at + toward * length / 2).tolist()
        frame = Frame(x, y, angle, length / 2, 1.4)
        pier = rectangle(x, y, angle, length, 2.8)
        site.put("pier", pier, wood_pier, site.thing("pier"), frame=frame, pattern="planks", height=0.6)
        for out in np.arange(6.0, length - 2, berth * 0.42):
            for hand in (-1, 1):
                if rng.random() < full:
                    spot = start + side * (at + hand * (2.4 + berth / 2)) + toward * out
                    turn = angle + hand * np.pi / 2 + (np.pi if rng.random() < 0.3 else 0)
                    boat(site, *xy(spot), turn, berth * float(rng.uniform(0.7, 1.0)))
        at += gap
    for _ in range(int(rng.integers(0, 5))):
        spot = start + toward * (length + float(rng.uniform(15, 80))) + side * float(rng.normal(0, 0.3)) * site.size
        boat(site, *xy(spot), float(rng.uniform(0, 6.28)), float(rng.uniform(7, 14)))


def _berths(site: Site, start: Points, toward: Points, side: Points, angle: float) -> None:
    """Broad piers or none, ships alongside the quay and out on the water."""
    rng = site.rng
    at = -site.size * 0.55
    while at < site.size * 0.55:
        length = float(rng.uniform(40, 150))
        if rng.random() < 0.7:
            beam = length * 0.17
            spot = start + side * (at + length / 2) + toward * (beam / 2 + 3)
            boat(site, *xy(spot), angle + np.pi / 2 * float(rng.choice((-1, 1))), length)
        at += length + float(rng.uniform(10, 60))
    for _ in range(int(rng.integers(0, 5))):
        spot = (
            start + toward * float(rng.uniform(60, 0.5 * site.size + 61)) + side * float(rng.normal(0, 0.3)) * site.size
        )
        boat(site, *xy(spot), float(rng.uniform(0, 6.28)), float(rng.uniform(14, 70)))


def _yards(site: Site, start: Points, toward: Points, side: Points, angle: float, goods: bool) -> None:
    """What stands behind the quay: halls, stacks of containers, a road."""
    rng = site.rng
    road_at = -float(rng.uniform(0.18, 0.4)) * site.size
    line = np.array(
        [start + toward * road_at - side * site.size * 1.2, start + toward * road_at + side * site.size * 1.2]
    )
    road(site, line, float(rng.uniform(7, 11)), site.thing("road"), float(rng.random()))
    drive(site, line, 8, 40)
    for _ in range(int(rng.integers(10, 30))):
        spot = (
            start - toward * float(rng.uniform(16, 0.7 * site.size)) + side * float(rng.uniform(-0.6, 0.6)) * site.size
        )
        long, wide = float(rng.uniform(22, 75)), float(rng.uniform(14, 30))
        x, y = spot.tolist()
        if goods and rng.random() < 0.5:
            stack = rectangle(x, y, angle, 12.4 * round(long / 12.4), 2.6 * round(wide / 2.6))
            if site.clear(stack, 2.0) and site.gsd < 2:
                frame = Frame(x, y, angle, long / 2, wide / 2)
                site.put("paved", stack, (140, 110, 90), frame=frame, pattern="boxes", height=5.0)
        elif rng.random() < 0.25:
            with site.group("building"):
                block(site, x, y, angle, long, wide, float(rng.uniform(6, 12)))
        else:
            block(site, x, y, angle, long, wide, float(rng.uniform(6, 12)))
    if rng.random() < 0.5:
        plant(site, scattered(site, 30), 2.6)
    if rng.random() < 0.3:
        spot = start - toward * 0.5 * site.size
        wood(site, blob(rng, *xy(spot), 0.14 * site.size, 0.3, 18))

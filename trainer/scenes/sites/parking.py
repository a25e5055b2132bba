"""Car parks: large ones beside shops, and small ones of other places."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.building import block
from rsvlm.trainer.scenes.sites.ground import lay
from rsvlm.trainer.scenes.sites.outlines import Points, rectangle, turned
from rsvlm.trainer.scenes.sites.planting import along, plant, scattered
from rsvlm.trainer.scenes.sites.site import Frame, Site
from rsvlm.trainer.scenes.sites.traffic import CAR_GSD, car, drive, road

AISLE = 16.6  # metres from one double row of parking places to the next


def car_park(site: Site, x: float, y: float, angle: float, long: float, deep: float, changing: bool = False) -> bool:
    """Double rows of places with cars in some of them. changing: whether all of it may be there on one date only."""
    rng = site.rng
    outline = rectangle(x, y, angle, long, deep)
    if not site.clear(outline, 0.0) or min(long, deep) < 4 * site.gsd:
        return False
    if changing:
        with site.group("parking"):
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
            car_park(site, x, y, angle, long, deep, True)
        elif site.clear(outline, 0.0):
            site.put("paved", rectangle(x, y, angle, long + 4, deep + 12), site.look.asphalt, take=False)
            _places(site, outline, Frame(x, y, angle, long / 2, deep / 2), full)
    plant(site, along(line, float(rng.uniform(9, 18)), -width / 2 - 3), 2.4)
    plant(site, scattered(site, (site.size / 14) ** 2 * rng.random()), 2.4)

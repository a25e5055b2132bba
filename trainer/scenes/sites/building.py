"""Buildings: houses, blocks, halls and tanks, each one thing, with what belongs to it."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.looks import Colour, varied
from rsvlm.trainer.scenes.sites.outlines import ellipse, rectangle, turned
from rsvlm.trainer.scenes.sites.site import Frame, Site

LEAST = 12.0  # square pixels of a building that is worth drawing


def house(site: Site, x: float, y: float, angle: float, length: float, width: float, margin: float = 1.0) -> bool:
    """One or two wings under a gable or hip roof; nothing where it would stand on something else, or show too little."""
    rng = site.rng
    outline = rectangle(x, y, angle, length, width)
    if length * width < LEAST * site.gsd**2 or not site.shows(outline) or not site.clear(outline, margin):
        return False
    number, colour, height = site.thing("building"), site.look.roof(rng), float(rng.uniform(3, 6.5))
    flat = site.look.roofs[0][0] > 195 or rng.random() < 0.08
    pattern = "flat" if flat else ("gable", "hip")[int(rng.random() < 0.45)]
    tone = float(rng.uniform(-1, 1))
    wings = [(0.0, 0.0, 0.0, length, width)]
    if length > 11 and rng.random() < 0.4:
        deep, wide = float(rng.uniform(0.45, 0.75)) * length, width * float(rng.uniform(0.7, 0.95))
        hand = float(rng.choice((-1, 1)))
        wings.append((hand * (length - wide) / 2, float(rng.choice((-1, 1))) * deep * 0.32, np.pi / 2, deep, wide))
    for u, v, turn, long, wide in wings:
        (cx, cy), = turned(np.array([[u, v]]), x, y, angle)  # fmt: skip
        frame = Frame(float(cx), float(cy), angle + turn, long / 2, wide / 2)
        site.put(
            "building", rectangle(frame.x, frame.y, frame.angle, long, wide), colour, number,
            frame=frame, pattern=pattern, height=height, tone=tone,
        )  # fmt: skip
    return True


def block(
    site: Site, x: float, y: float, angle: float, length: float, width: float,
    height: float, colour: Colour | None = None, margin: float = 1.0,
) -> bool:  # fmt: skip
    """A large building with a flat roof: plain, in steps, or round a court."""
    rng = site.rng
    outline = rectangle(x, y, angle, length, width)
    if length * width < LEAST * site.gsd**2 or not site.shows(outline) or not site.clear(outline, margin):
        return False
    number, roof = site.thing("building"), colour or site.look.hall(rng)
    luck = rng.random()
    parts = [(0.0, 0.0, length, width, height)]
    if luck < 0.25 and min(length, width) > 22:
        deep = min(length, width) * 0.3
        parts = [(0, (width - deep) / 2, length, deep, height), (0, (deep - width) / 2, length, deep, height)]
        parts += [((length - deep) / 2, 0, deep, width, height), ((deep - length) / 2, 0, deep, width, height)]
    elif luck < 0.55 and min(length, width) > 12:
        share, aside = rng.uniform(0.3, 0.6, 2), rng.uniform(-0.2, 0.2, 2)
        parts.append((length * aside[0], width * aside[1], length * share[0], width * share[1], height * 1.4))
    for u, v, long, wide, tall in parts:
        (cx, cy), = turned(np.array([[u, v]]), x, y, angle)  # fmt: skip
        frame = Frame(float(cx), float(cy), angle, float(long) / 2, float(wide) / 2)
        site.put(
            "building", rectangle(frame.x, frame.y, angle, long, wide), varied(rng, roof, 0.02), number,
            frame=frame, pattern="flat", height=float(tall),
        )  # fmt: skip
    site.take(outline)
    return True


def tank(site: Site, x: float, y: float, radius: float) -> bool:
    """A round tank for oil or gas."""
    rng = site.rng
    outline = ellipse(x, y, radius, radius, points=28)
    if radius < 2.5 * site.gsd or not site.shows(outline) or not site.clear(outline, 1.5):
        return False
    pale = ((226, 226, 222), (206, 204, 196), (168, 172, 172), (196, 176, 150), (236, 236, 234))[int(rng.integers(5))]
    frame = Frame(x, y, float(rng.uniform(0, 6.28)), radius, radius)
    height = float(rng.uniform(6, 14))
    site.put(
        "tank", outline, varied(rng, pale, 0.04), site.thing("storage tank"), frame=frame, pattern="tank", height=height
    )
    return True


def pool(site: Site, x: float, y: float, angle: float, length: float) -> bool:
    """A swimming pool, square or rounded."""
    rng = site.rng
    width = length * float(rng.uniform(0.45, 0.6))
    outline = (
        rectangle(x, y, angle, length, width) if rng.random() < 0.6 else ellipse(x, y, length / 2, width / 2, angle, 16)
    )
    if width < 2.5 * site.gsd or not site.shows(outline) or not site.clear(outline, 1.4):
        return False
    rim = rectangle(x, y, angle, length + 2.4, width + 2.4)
    site.put("paved", rim, site.look.pale)
    colour = varied(rng, (104, 184, 206), 0.07)
    site.put("pool", outline, colour, site.thing("swimming pool"))
    return True

"""Roads, and what moves: cars, lorries, boats, ships and aeroplanes, each of its own size and colour."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.sites.looks import Colour, varied
from rsvlm.trainer.scenes.sites.outlines import Points, ellipse, hull, rectangle, ribbon, turned
from rsvlm.trainer.scenes.sites.site import STANDS, Frame, Site

HULLS: tuple[Colour, ...] = ((132, 66, 56), (70, 82, 96), (150, 150, 150), (54, 58, 62))  # of ships
CAR_GSD = 0.85  # metres of a pixel above which cars are not drawn
LORRY_GSD = 1.6


def road(site: Site, line: Points, width: float, thing: int, marked: float = 0.0, kind: str = "road") -> None:
    """Along a line; straight pieces have lanes. marked: how well its lines can be seen, in [0, 1].

    Nothing of it is counted: all roads of a place may be one thing.
    """
    tone = float(site.rng.uniform(-1, 1))
    colour = site.look.asphalt if width > 3.4 else site.look.soil
    if len(line) > 2 or width <= 3.4:
        site.put(kind, ribbon(line, width), colour, thing, tone=tone)
        return
    (x0, y0), (x1, y1) = line
    length, angle = float(np.hypot(x1 - x0, y1 - y0)), float(np.arctan2(y1 - y0, x1 - x0))
    frame = Frame(float(x0 + x1) / 2, float(y0 + y1) / 2, angle, length / 2, width / 2)
    pattern = "road" if site.gsd < 1.2 else ""
    outline = rectangle(frame.x, frame.y, angle, length, width)
    site.put(kind, outline, colour, thing, frame=frame, pattern=pattern, tone=tone, scale=marked)


def car(site: Site, x: float, y: float, angle: float, lorry: bool = False) -> bool:
    """A car unless the place is taken, or pixels are too large for it."""
    rng = site.rng
    length, width = (rng.uniform(8, 14), 2.6) if lorry else (rng.uniform(4.0, 5.0), rng.uniform(1.75, 2.0))
    outline = rectangle(x, y, angle, length, width)
    if site.gsd > (LORRY_GSD if lorry else CAR_GSD) or not site.shows(outline) or not site.clear(outline, 0.2, STANDS):
        return False
    frame = Frame(x, y, angle, length / 2, width / 2)
    height = 3.2 if lorry else 1.5
    site.put("car", outline, site.look.car(rng), site.thing("car"), frame=frame, pattern="car", height=height)
    return True


def drive(site: Site, line: Points, width: float, gap: float) -> None:
    """Cars on a straight road, on the right of either way, about `gap` metres apart."""
    (x0, y0), (x1, y1) = line[0], line[-1]
    length, angle = float(np.hypot(x1 - x0, y1 - y0)), float(np.arctan2(y1 - y0, x1 - x0))
    lanes = max(round(width / 3.5), 2)
    for lane in range(lanes):
        aside = (lane + 0.5) * width / lanes - width / 2
        at = float(site.rng.uniform(0, gap))
        while at < length:
            x = x0 + np.cos(angle) * at - np.sin(angle) * aside
            y = y0 + np.sin(angle) * at + np.cos(angle) * aside
            car(site, float(x), float(y), angle + (np.pi if aside < 0 else 0), site.rng.random() < 0.1)
            at += max(12.0, float(site.rng.exponential(gap)))


def boat(site: Site, x: float, y: float, angle: float, length: float) -> bool:
    """A boat or, from 28 m on, a ship; unless it would show too little, or its pixels be too few."""
    rng = site.rng
    beam = length * float(rng.uniform(0.26, 0.36)) if length < 28 else length * float(rng.uniform(0.14, 0.18))
    outline = hull(x, y, angle, length, beam)
    if (
        length < 5 * site.gsd
        or beam < 2.2 * site.gsd
        or not site.shows(outline)
        or not site.clear(outline, 0.2, STANDS)
    ):
        return False
    colour: Colour = (
        (238, 238, 234)
        if length < 28
        else ((132, 66, 56), (70, 82, 96), (150, 150, 150), (54, 58, 62))[int(rng.integers(4))]
    )
    frame = Frame(x, y, angle, length / 2, beam / 2)
    height = min(1.2 + length / 12, 9.0)
    site.put("boat", outline, varied(rng, colour, 0.05), site.thing("boat"), frame=frame, pattern="boat", height=height)
    return True


def aeroplane(site: Site, x: float, y: float, angle: float, length: float) -> bool:
    """Its nose in the direction of the angle; unless it would show too little."""
    rng = site.rng
    span = length * float(rng.uniform(0.85, 1.05))
    round_it = rectangle(x, y, angle, length, span)
    if length < 10 * site.gsd or not site.shows(round_it) or not site.clear(round_it, 2.0):
        return False
    body = varied(rng, ((236, 236, 234), (226, 228, 230), (196, 200, 206), (222, 214, 196))[int(rng.integers(4))], 0.03)
    wing: Colour = (body[0] * 0.9, body[1] * 0.9, body[2] * 0.92)
    tail = site.look.car(rng) if rng.random() < 0.5 else body
    number, thick = site.thing("aeroplane"), max(length * 0.1, 1.2)
    sweep = float(rng.uniform(0.12, 0.3)) if length > 16 else 0.02
    height = length * 0.12
    chord, half = 0.18 * length, span / 2
    wings = [(0.12, 0.0), (-0.06, 0.0), (-0.08 - sweep, -1.0), (-0.02 - sweep, -1.0)]
    for hand in (-1, 1):
        corners = np.array([(u * length, hand * v * half) for u, v in wings])
        site.put("aeroplane", turned(corners, x, y, angle), wing, number, height=height * 0.6, tone=0.0)
        fin = np.array([(-0.4, 0.0), (-0.5, 0.0), (-0.52 - sweep / 4, -0.36), (-0.47 - sweep / 4, -0.36)])
        corners = fin * (length, hand * half)
        site.put("aeroplane", turned(corners, x, y, angle), tail, number, height=height * 0.6, tone=0.0)
        if length > 22:
            spots = np.array([[(0.05 - sweep * 0.4) * length, hand * 0.36 * half]])
            engine = turned(spots, x, y, angle)[0]
            outline = rectangle(float(engine[0]), float(engine[1]), angle, chord * 0.75, length * 0.045)
            site.put("aeroplane", outline, (170, 172, 176), number, height=height * 0.5, tone=0.0)
    site.put("aeroplane", ellipse(x, y, length / 2, thick / 2, angle, 18), body, number, height=height, tone=0.0)
    site.take(round_it)
    return True

"""What surfaces look like from near: rows of crops, lines of courts and roads, panes of cars, panels, furrows of sand.

A pattern changes the colours of its pixels. Metres along (u) and across (v) are those of the item's own frame.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import Canvas, Spots
from rsvlm.trainer.scenes.pictures.courts import COURTS
from rsvlm.trainer.scenes.pictures.strokes import GLASS, WHITE, line, mix


def _roof(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Courses of tiles, a light ridge, now and then panes or panels."""
    rgb[spots.at] *= (1 + 0.05 * np.sin(2 * np.pi * spots.v / 0.7) * min(1.0, 0.25 / canvas.metres))[:, None]
    rgb[spots.at] *= (1 + 0.1 * line(canvas, spots.v, 0.4))[:, None]
    luck = np.modf(np.abs(spots.tone) * 7.31)[0]
    side = spots.v * np.sign(spots.tone)
    panels = (luck < 0.12) & (spots.b > 3) & (side > 0.8) & (side < spots.b - 0.8) & (np.abs(spots.u) < spots.a * 0.6)
    mix(rgb, spots.at, np.array([46, 54, 78], np.float32), panels * 0.95)
    panes = (
        (luck > 0.6)
        & (np.abs(side - spots.b * 0.5) < 0.5)
        & (np.mod(spots.u, 3.6) < 0.8)
        & (np.abs(spots.u) < spots.a - 1)
    )
    mix(rgb, spots.at, np.array([70, 78, 90], np.float32), panes * 0.7)


def _flat(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A rim, sheets, and boxes of machines on large roofs."""
    rim = (np.abs(spots.v) > spots.b - 0.5) | (np.abs(spots.u) > spots.a - 0.5)
    rgb[spots.at] *= (1 + np.float32(0.14 * min(1.0, 0.5 / canvas.metres)) * rim)[:, None]
    luck = np.modf(np.abs(spots.tone) * 9.73)[0]
    sheets = np.where(luck > 0.45, np.sin(2 * np.pi * spots.v / 4.5), 0) * (spots.b > 7)
    rgb[spots.at] *= (1 + 0.035 * sheets)[:, None]
    cell_u, cell_v = np.floor(spots.u / 9.0), np.floor(spots.v / 8.0)
    dice = np.modf(np.abs(np.sin(cell_u * 12.99 + cell_v * 78.23 + spots.tone * 37.7)) * 437.58)[0]
    box = (np.mod(spots.u, 9.0) < 2.2) & (np.mod(spots.v, 8.0) < 1.8) & (dice < 0.3) & (spots.b > 6) & ~rim
    mix(rgb, spots.at, np.where(dice < 0.15, 210.0, 105.0)[:, None].astype(np.float32), box * 0.75)


def _rows(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Crops in rows, with bare soil between them where they are far apart, and wheel tracks."""
    patch, tuft = canvas.patch.ravel()[spots.at], canvas.tuft.ravel()[spots.at]
    across = spots.v + 0.35 * canvas.broad.ravel()[spots.at]
    seen = min(1.0, 0.7 / canvas.metres)
    rows = (0.5 + 0.5 * np.sin(2 * np.pi * across / np.maximum(spots.scale, 0.5))) * (spots.scale > 0) * seen
    soil = np.asarray(canvas.look.soil, np.float32)
    mix(rgb, spots.at, soil, rows * (0.3 + 0.2 * patch + 0.1 * tuft))
    rgb[spots.at] *= (1 + 0.03 * np.sin(2 * np.pi * across / 6.0) * min(1.0, 2.0 / canvas.metres))[:, None]
    phase = np.mod(across + 4.0, 18.0)
    tracks = line(canvas, phase - 8.1, 0.6) + line(canvas, phase - 9.9, 0.6)
    mix(rgb, spots.at, soil, tracks * (0.5 + 0.2 * tuft) * (spots.tone > -0.5))


def _pivot(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A field that is watered in a circle: rings of wheels, sectors sown at different times."""
    out, turn = np.hypot(spots.u, spots.v), np.arctan2(spots.v, spots.u)
    rings = line(canvas, np.mod(out, np.maximum(spots.a / 6, 5.0)) - 2.5, 1.2)
    mix(rgb, spots.at, np.asarray(canvas.look.soil, np.float32), 0.5 * rings)
    sector = np.mod(turn + spots.tone * 3, 2 * np.pi) < (1.2 + 2.5 * np.abs(spots.tone))
    rgb[spots.at] *= np.where(sector, 1.1, 0.94).astype(np.float32)[:, None]
    rgb[spots.at] *= (1 + 0.02 * np.sin(2 * np.pi * out / 9.0))[:, None]


def _car(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Panes before and behind the roof; a lorry has a cab."""
    long = spots.a > 3.2
    panes = (np.abs(spots.u - 0.75) < 0.36) | (np.abs(spots.u + 1.45) < 0.28)
    cab = (spots.u > spots.a - 2.3) & (spots.u < spots.a - 1.5)
    mix(rgb, spots.at, GLASS, np.where(long, cab, panes & (np.abs(spots.v) < spots.b - 0.12)) * 0.85)


def _boat(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A deck, a cabin or cockpit; on ships hatches and a bridge."""
    u, v = spots.u / spots.a, np.abs(spots.v) / spots.b
    ship = spots.a > 14
    deck = (v < 0.62) & (u > -0.86) & (u < 0.4) & ~ship
    wood = np.where((spots.tone > 0.2)[:, None], np.array([190, 170, 140]), np.array([96, 110, 130])).astype(np.float32)
    mix(rgb, spots.at, wood, deck * 0.75)
    mix(rgb, spots.at, GLASS, (~ship & (v < 0.6) & (np.abs(u - 0.12) < 0.09)) * 0.8)
    hatches = ship & (v < 0.68) & (u > -0.55) & (u < 0.62) & (np.mod(u * 5 + 0.2, 1.0) < 0.82)
    shade = np.modf(np.abs(spots.tone * 3.7 + np.floor(u * 5 + 0.2)) * 0.61)[0]
    cargo = np.stack([90 + 110 * shade, 84 + 60 * (1 - shade), 70 + 80 * np.abs(shade - 0.5)], axis=1).astype(
        np.float32
    )
    mix(rgb, spots.at, cargo, hatches * 0.85)
    mix(rgb, spots.at, WHITE, (ship & (u < -0.62) & (u > -0.82) & (v < 0.8)) * 0.9)


def _road(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Dashes between the lanes, full lines at the edges; the lanes themselves are worn."""
    lanes = np.maximum(np.round(2 * spots.b / 3.5), 2)
    width = 2 * spots.b / lanes
    between = np.mod(spots.v + spots.b + width / 2, width) - width / 2
    inner = np.abs(spots.v) < spots.b - width / 2
    dashed = (np.mod(spots.u, 9.0) < 4.0) | (np.abs(spots.v) < 0.3) & (lanes >= 4)
    worn = np.clip(0.55 + 0.2 * canvas.patch.ravel()[spots.at], 0.2, 0.85) * np.clip(spots.scale, 0, 1)
    mix(rgb, spots.at, WHITE, line(canvas, between, 0.2) * inner * dashed * worn)
    mix(rgb, spots.at, WHITE, line(canvas, np.abs(spots.v) - spots.b + 0.4, 0.18) * worn * 0.8)
    wheel = np.sin(2 * np.pi * spots.v / np.maximum(width, 1)) ** 2
    rgb[spots.at] *= (1 - 0.05 * wheel * min(1.0, 0.8 / canvas.metres))[:, None]


def _runway(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A dashed middle, piano keys and tyre marks where aeroplanes touch down."""
    to_end = spots.a - np.abs(spots.u)
    mix(rgb, spots.at, WHITE, line(canvas, spots.v, 0.9) * (np.mod(spots.u, 50) < 30) * (to_end > 60) * 0.9)
    keys = (to_end > 6) & (to_end < 36) & (np.mod(np.abs(spots.v) - 1.5, 3.6) < 1.8) & (np.abs(spots.v) < spots.b - 2)
    mix(rgb, spots.at, WHITE, keys * 0.85)
    mix(rgb, spots.at, WHITE, line(canvas, np.abs(spots.v) - spots.b + 1.2, 0.9) * 0.8)
    blocks = (np.abs(to_end - 320) < 22) & (np.abs(np.abs(spots.v) - spots.b * 0.4) < 3)
    mix(rgb, spots.at, WHITE, blocks * 0.85)
    rubber = np.exp(-(((to_end - 260) / 140) ** 2)) * np.exp(-(((np.abs(spots.v) - 4) / 3.5) ** 2))
    rgb[spots.at] *= (1 - 0.35 * rubber)[:, None]


def _taxiway(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    mix(rgb, spots.at, np.array([206, 180, 70], np.float32), line(canvas, spots.v, 0.5) * 0.8)


def _slots(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Lines between parking places in double rows. scale: metres from one double row to the next."""
    row = np.mod(spots.v + spots.b, np.maximum(spots.scale, 6))
    stall = row < 10.4
    lines = (
        line(canvas, np.mod(spots.u + spots.a, 2.6) - 1.3, 0.14) * (row > 0.3) * stall * (np.abs(spots.u) < spots.a - 2)
    )
    middle = line(canvas, row - 5.2, 0.14) * (np.abs(spots.u) < spots.a - 2)
    mix(rgb, spots.at, WHITE, np.maximum(lines, middle) * 0.75)


def _panels(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Rows of panels, seams between them."""
    seam = np.maximum(line(canvas, np.mod(spots.u, 2.1) - 1, 0.08), line(canvas, np.mod(spots.v, 1.7) - 0.8, 0.08))
    mix(rgb, spots.at, np.array([150, 156, 166], np.float32), seam * 0.7)
    rgb[spots.at] *= (1 + 0.12 * np.modf(np.abs(np.floor(spots.u / 12) * 0.618))[0])[:, None]


def _tank(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A pale rim, and on some a floating roof that lies in the shade of the wall, a ring and a ladder."""
    out = np.hypot(spots.u, spots.v) / spots.a
    floating = spots.tone > 0.1
    mix(rgb, spots.at, WHITE, (out > 0.93) * 0.5)
    rgb[spots.at] *= np.where(floating & (out < 0.9), 0.78, 1.0).astype(np.float32)[:, None]
    ring = np.abs(out - 0.55) < 0.03
    mix(rgb, spots.at, np.array([120, 120, 120], np.float32), (floating & ring) * 0.4)
    rgb[spots.at] *= (1 + 0.1 * np.cos(np.arctan2(spots.v, spots.u) - 0.8) * out * ~floating)[:, None]
    mix(
        rgb,
        spots.at,
        np.array([110, 106, 100], np.float32),
        ((np.abs(spots.v) < 0.5) & (spots.u > 0) & (out < 0.9)) * 0.6,
    )


def _dunes(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Fine ripples of wind on top of what the relief shades."""
    bend = 0.6 * canvas.patch.ravel()[spots.at]
    rgb[spots.at] *= (1 + 0.03 * np.sin(2 * np.pi * spots.u / 5.0 + 3 * bend) * min(1.0, 1.5 / canvas.metres))[:, None]


def _hills(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Rock of two shades, in layers."""
    layers = np.sin(3.5 * canvas.broad.ravel()[spots.at] + 1.5 * canvas.patch.ravel()[spots.at])
    rgb[spots.at] *= (1 + 0.06 * layers)[:, None]


def _scrub(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Bushes scattered over dry ground. scale: how dense, in [0, 1]."""
    tuft, patch = canvas.tuft.ravel()[spots.at], canvas.patch.ravel()[spots.at]
    bush = tuft * 0.8 + 0.35 * patch > 2.2 - 1.6 * spots.scale
    mix(rgb, spots.at, np.asarray(canvas.look.trees[0], np.float32), bush * 0.65)


def _sea(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Swell across the frame, crests here and there; foam where it meets the shore lies in another item."""
    bend = 2.2 * canvas.broad.ravel()[spots.at] + 0.7 * canvas.patch.ravel()[spots.at]
    seen = min(1.0, 4.0 / canvas.metres)
    swell = np.sin(2 * np.pi * spots.u / np.maximum(spots.scale, 4.0) + bend)
    rgb[spots.at] *= (1 + 0.05 * seen * swell)[:, None]
    mix(rgb, spots.at, WHITE, (swell * 0.5 + canvas.tuft.ravel()[spots.at] > 2.9) * 0.5)


def _foam(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Broken white water. tone: how much of it."""
    torn = 0.8 * canvas.tuft.ravel()[spots.at] + 0.7 * canvas.patch.ravel()[spots.at]
    mix(rgb, spots.at, np.array([236, 240, 240], np.float32), np.clip(0.4 + 0.5 * torn, 0, 0.92))


def _planks(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    rgb[spots.at] *= (1 - 0.14 * line(canvas, np.mod(spots.u, 2.5) - 1.2, 0.3))[:, None]


def _sleepers(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Tracks of a railway, 4.5 m apart, rails 1.5 m."""
    track = np.abs(np.mod(spots.v + spots.b, 4.5) - 2.25)
    mix(rgb, spots.at, np.array([92, 76, 66], np.float32), (track < 1.3) * 0.4)
    mix(rgb, spots.at, np.array([176, 172, 168], np.float32), line(canvas, track - 0.75, 0.2) * 0.9)


def _bridge(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Parapets and the middle line."""
    mix(rgb, spots.at, WHITE, line(canvas, np.abs(spots.v) - spots.b + 0.4, 0.8) * 0.7)
    mix(rgb, spots.at, WHITE, line(canvas, spots.v, 0.2) * (np.mod(spots.u, 9.0) < 4.0) * 0.7)


def _boxes(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Stacks of containers in many colours."""
    cell = np.floor(spots.u / 12.4) * 7.13 + np.floor(spots.v / 2.6) * 3.77 + spots.tone * 11
    dice = np.modf(np.abs(np.sin(cell) * 917.3))[0]
    choices = np.array(
        [[150, 62, 50], [58, 88, 128], [176, 120, 62], [92, 110, 96], [186, 186, 182], [104, 68, 56]], np.float32
    )
    mix(rgb, spots.at, choices[(dice * 6).astype(int).clip(0, 5)], np.full(len(spots.at), 0.9))
    mix(rgb, spots.at, GLASS, line(canvas, np.mod(spots.v, 2.6) - 1.3, 0.3) * 0.5)


Pattern = Callable[[Canvas, Grid, Spots], None]
PATTERNS: dict[str, Pattern] = {
    "gable": _roof, "hip": _roof, "flat": _flat, "rows": _rows, "pivot": _pivot, "car": _car, "boat": _boat, "road": _road,
    "runway": _runway, "taxiway": _taxiway, "slots": _slots, "panels": _panels, "tank": _tank, "dunes": _dunes,
    "hills": _hills,
    "scrub": _scrub, "sea": _sea, "foam": _foam, "planks": _planks, "sleepers": _sleepers, "bridge": _bridge, "boxes": _boxes,
    **COURTS,
}  # fmt: skip

"""What surfaces look like from near: rows of crops, lines of roads and runways, furrows of sand, swell of the sea.

Metres along (u) and across (v) are those of the item's own frame.
"""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import Canvas, Spots
from rsvlm.trainer.scenes.pictures.strokes import WHITE, line, mix


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


SURFACES = {
    "rows": _rows, "pivot": _pivot, "road": _road, "runway": _runway, "taxiway": _taxiway, "slots": _slots, "dunes": _dunes,
    "hills": _hills, "scrub": _scrub, "sea": _sea, "foam": _foam, "planks": _planks, "sleepers": _sleepers, "bridge": _bridge,
}  # fmt: skip

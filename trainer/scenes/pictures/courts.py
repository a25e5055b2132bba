"""Lines and surfaces of fields for sport, in metres of their own frame: u along, v across."""

from __future__ import annotations

import numpy as np

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import Canvas, Spots
from rsvlm.trainer.scenes.pictures.strokes import WHITE, line, mix


def _football(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Mown in bands; worn goal mouths."""
    u, v = np.abs(spots.u), np.abs(spots.v)
    half, side = spots.a - 2, spots.b - 2
    bands = np.where(np.mod(spots.u, 11.0) < 5.5, 0.05, -0.05) * (spots.tone > -0.4)
    rgb[spots.at] *= (1 + bands)[:, None]
    wear = np.exp(-(((u - half + 3) / 4) ** 2) - (v / 5) ** 2) + 0.4 * np.exp(-((u / 6) ** 2) - (v / 6) ** 2)
    mix(rgb, spots.at, np.asarray(canvas.look.soil, np.float32), wear * 0.6 * (spots.tone < 0.3))
    lines = _frame(canvas, u, v, half, side)
    lines = np.maximum(lines, line(canvas, u, 0.3) * (v < side))
    lines = np.maximum(lines, line(canvas, np.hypot(u, v) - np.minimum(9.15, side / 2), 0.3))
    lines = np.maximum(
        lines, _frame(canvas, u - half, v, np.full_like(u, 16.5), np.minimum(20.15, side * 0.6)) * (u < half)
    )
    mix(rgb, spots.at, WHITE, lines * 0.85)


def _frame(canvas: Canvas, u: Grid, v: Grid, half: Grid, side: Grid) -> Grid:
    """The lines of a rectangle."""
    long = line(canvas, np.abs(u) - half, 0.3) * (np.abs(v) < side + 0.15)
    wide = line(canvas, np.abs(v) - side, 0.3) * (np.abs(u) < half + 0.15)
    return np.maximum(long, wide)


def _tennis(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """An inner court of another colour; singles and service lines, the net."""
    u, v = np.abs(spots.u), np.abs(spots.v)
    inner = (u < 11.9) & (v < 5.5)
    mix(rgb, spots.at, _second(spots), inner.astype(np.float32))
    lines = _frame(canvas, u, v, np.full_like(u, 11.9), np.full_like(u, 5.5))
    lines = np.maximum(lines, line(canvas, v - 4.1, 0.2) * (u < 11.9))
    lines = np.maximum(lines, line(canvas, u - 6.4, 0.2) * (v < 4.1))
    lines = np.maximum(lines, line(canvas, v, 0.2) * (u < 6.4))
    mix(rgb, spots.at, WHITE, lines * 0.9)
    mix(rgb, spots.at, np.array([70, 74, 76], np.float32), line(canvas, u, 0.3) * (v < 6.2) * 0.7)


def _second(spots: Spots) -> np.ndarray:
    """(n, 3): blue, green or red-brown, by the tone of each court."""
    choices = np.array([[66, 98, 140], [70, 110, 84], [158, 92, 70]], np.float32)
    return choices[((spots.tone + 1) * 1.5).astype(int).clip(0, 2)]


def _basketball(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    u, v = np.abs(spots.u), np.abs(spots.v)
    key = (u > spots.a - 6.8) & (u < spots.a - 1) & (v < 2.45)
    mix(rgb, spots.at, _second(spots), key.astype(np.float32))
    lines = _frame(canvas, u, v, spots.a - 1, spots.b - 1)
    lines = np.maximum(lines, line(canvas, u, 0.2) * (v < spots.b - 1))
    lines = np.maximum(lines, line(canvas, np.hypot(u, v) - 1.8, 0.2))
    lines = np.maximum(lines, line(canvas, np.hypot(u - spots.a + 2.5, v) - 6.6, 0.2) * (u < spots.a - 1))
    mix(rgb, spots.at, WHITE, lines * 0.9)


def _baseball(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """A quarter of a circle opening from home plate, at one end: earth round the square of grass between the bases."""
    out, side = spots.u + spots.a, np.abs(spots.v)
    far = np.hypot(out, spots.v)
    side_u, side_v = (out + spots.v) / np.sqrt(2), (out - spots.v) / np.sqrt(2)
    earth = (far < 0.62 * spots.a) & (side < out + 3)
    inner = (side_u > 3) & (side_v > 3) & (side_u < 0.42 * spots.a) & (side_v < 0.42 * spots.a)
    mound = np.hypot(out - 0.3 * spots.a, spots.v) < 2.8
    soil = np.array([186, 146, 108], np.float32)
    mix(rgb, spots.at, soil, ((earth & ~inner) | mound | (far < 4)) * 0.95)
    foul = np.maximum(line(canvas, side_u, 0.25), line(canvas, side_v, 0.25)) * (out > 0)
    mix(rgb, spots.at, WHITE, foul * 0.8)


def _track(canvas: Canvas, rgb: Grid, spots: Spots) -> None:
    """Lanes round a straight and two bends. The frame holds half the length of the straight, and the outer radius."""
    straight = np.maximum(spots.a - spots.b, 1)
    far = np.hypot(np.maximum(np.abs(spots.u) - straight, 0), spots.v)
    inside = spots.b - far
    lanes = line(canvas, np.mod(inside, 1.22) - 0.6, 0.1) * (inside < 9.8)
    mix(rgb, spots.at, WHITE, lanes * 0.7)


COURTS = {
    "football": _football,
    "tennis": _tennis,
    "basketball": _basketball,
    "baseball": _baseball,
    "track": _track,
}

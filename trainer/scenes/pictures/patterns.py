"""What is seen of surfaces and things from near, by name: a pattern changes the colours of its pixels.

Metres along (u) and across (v) are those of the item's own frame.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.canvas import Canvas, Spots
from rsvlm.trainer.scenes.pictures.courts import COURTS
from rsvlm.trainer.scenes.pictures.strokes import GLASS, WHITE, line, mix
from rsvlm.trainer.scenes.pictures.surfaces import SURFACES


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
    "gable": _roof,
    "hip": _roof,
    "flat": _flat,
    "car": _car,
    "boat": _boat,
    "panels": _panels,
    "tank": _tank,
    "boxes": _boxes,
    **SURFACES,
    **COURTS,
}

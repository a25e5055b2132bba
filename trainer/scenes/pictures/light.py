"""Sun and sky on the relief of a place: roofs that lean, crowns, dunes and hills, and the shadows that they cast."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.scenes.noise import Grid, box_blur
from rsvlm.trainer.scenes.pictures.canvas import Canvas
from rsvlm.trainer.scenes.relief import PITCH, Relief, Sun, lambert, openness, shadows
from rsvlm.trainer.scenes.sites.kinds import NUMBERS

STEEPEST = 160.0  # pixels that a shadow may reach: longer ones are cut there


@dataclass(frozen=True)
class Day:
    """Where the sun stands, degrees clockwise from up and above the ground; soft: share of light that clouds spread.

    clouds: how much of the ground lies in the shadow of single clouds, which are not seen themselves; 0 = none.
    """

    azimuth: float = 150.0
    elevation: float = 48.0
    soft: float = 0.1
    clouds: float = 0.0


def light(canvas: Canvas, rgb: Grid, day: Day) -> None:
    """Darken and tint (side, side, 3) albedo in place."""
    sun = Sun.at(day.azimuth, day.elevation)
    relief = relief_of(canvas)
    direct = lambert(relief, sun)
    tallest = float(relief.height.max())
    if tallest > 0.5 * relief.metres * sun.tan:
        relief.height *= min(1.0, STEEPEST * relief.metres * sun.tan / max(tallest, 1e-6))
        direct[shadows(relief, sun)] = 0.0
    if day.clouds:
        direct *= _between_clouds(canvas, day)
    sky = 0.45 + 0.55 * openness(relief)
    direct *= np.float32(0.66 * (1 - day.soft))
    for band, (sunlight, skylight) in enumerate(((1.02, 0.30), (1.0, 0.34), (0.95, 0.41))):
        rgb[..., band] *= direct * np.float32(sunlight) + sky * np.float32(skylight + 0.66 * day.soft)


def _between_clouds(canvas: Canvas, day: Day) -> Grid:
    """Share of the sun that single clouds let through: their shadows have soft edges."""
    rng = np.random.default_rng([len(canvas.items), int(day.azimuth * 1000)])
    field = canvas.bank.mix(rng, len(canvas.ids) * 0.4, 3)
    edge = np.float32(np.quantile(field[::8, ::8], 1 - day.clouds))
    return 1 - np.float32(0.75) * np.clip((field - edge) * np.float32(3), 0, 1)


def relief_of(canvas: Canvas) -> Relief:
    """Heights of things, and slopes of roofs, crowns and bare ground."""
    height = canvas.heights[canvas.ids]
    relief = Relief(height, np.zeros_like(height), np.zeros_like(height), canvas.metres)
    named = {name: at for name, at in canvas.patterns.items() if name in ("gable", "hip", "dunes", "hills")}
    for form in ("gable", "hip"):
        if form in named:
            _roofs(canvas, relief, named[form], form)
    if "dunes" in named:
        _dunes(canvas, relief, named["dunes"])
    if "hills" in named:
        _hills(canvas, relief, named["hills"])
    _woods(canvas, relief)
    _crowns(canvas, relief)
    return relief


def _roofs(canvas: Canvas, relief: Relief, at: np.ndarray, form: str) -> None:
    spots = canvas.spots(at)
    to_side = spots.b - np.abs(spots.v)
    to_end = spots.a - np.abs(spots.u) if form == "hip" else np.full_like(to_side, 1e3)
    pitch = np.float32(PITCH[form])
    over = to_end < to_side
    along = np.where(over, -np.sign(spots.u), 0) * pitch
    across = np.where(over, 0, -np.sign(spots.v)) * pitch
    angle = canvas.frames[spots.of, 2]
    relief.height.ravel()[at] += pitch * np.clip(np.minimum(to_side, to_end), 0, None)
    relief.slope_x.ravel()[at] = along * np.cos(angle) - across * np.sin(angle)
    relief.slope_y.ravel()[at] = along * np.sin(angle) + across * np.cos(angle)


def _dunes(canvas: Canvas, relief: Relief, at: np.ndarray) -> None:
    """Ridges across the wind that bend and break off. Slopes fade where an item's scale is small, in [0, 1]."""
    spots = canvas.spots(at)
    long = np.float32(max(34.0, 11 * canvas.metres))
    rough = np.random.default_rng(len(canvas.items))
    bend, swell = (canvas.bank.mix(rough, 2.2 * float(long) / canvas.metres, 2).ravel()[at] for _ in range(2))
    phase = 2 * np.pi * spots.u / long + 1.9 * bend
    along = spots.scale * np.float32(0.42) * np.cos(phase + 0.5 * np.sin(phase)) * np.clip(1 + 0.6 * swell, 0.1, 2)
    angle = canvas.frames[spots.of, 2]
    relief.slope_x.ravel()[at] += along * np.cos(angle)
    relief.slope_y.ravel()[at] += along * np.sin(angle)


def _hills(canvas: Canvas, relief: Relief, at: np.ndarray) -> None:
    """Ridges and gullies that only shade."""
    cell = max(150.0 / canvas.metres, 22.0)
    rough = canvas.bank.mix(np.random.default_rng(len(canvas.items)), cell, 4)
    ridged = -np.abs(box_blur(box_blur(rough, 2), 2))
    down, right = np.gradient(ridged)
    share = np.float32(0.3 * cell) * canvas.scales[canvas.ids.ravel()[at]]
    relief.slope_x.ravel()[at] += share * right.ravel()[at]
    relief.slope_y.ravel()[at] += share * down.ravel()[at]


def _woods(canvas: Canvas, relief: Relief) -> None:
    """A closed canopy: lumps of crowns as high as the wood."""
    wood = canvas.kind == NUMBERS["wood"]
    if not wood.any():
        return
    lumps = canvas.bank.mix(canvas.rng, max(5.5 / canvas.metres, 2.2), 2)
    down, right = np.gradient(lumps)
    relief.height[wood] += 1.6 * lumps[wood]
    swing = 1.1 / max(canvas.metres, 0.35)
    for slope, tilt in ((relief.slope_x, right), (relief.slope_y, down)):
        steep = np.asarray(np.clip(swing * tilt, -1.6, 1.6))
        slope[wood] = steep[wood]


def _crowns(canvas: Canvas, relief: Relief) -> None:
    """Single trees: domes with lumps of foliage."""
    at = np.flatnonzero(canvas.kind == NUMBERS["tree"])
    if not len(at):
        return
    spots = canvas.spots(at)
    far = np.clip(np.hypot(spots.u, spots.v) / spots.a, 0.02, 0.97)
    dome = np.sqrt(1 - far**2)
    down, right = np.gradient(canvas.tuft)
    tall = relief.height.ravel()[at]
    relief.height.ravel()[at] = tall * (0.38 + 0.62 * dome)
    steep = -np.minimum(1.25 * far / dome, 2.0) / np.maximum(np.hypot(spots.u, spots.v), 0.05)
    rough = np.float32(0.35 / canvas.metres) * np.minimum(spots.a / 2.5, 1)
    relief.slope_x.ravel()[at] = steep * spots.u + rough * right.ravel()[at]
    relief.slope_y.ravel()[at] = steep * spots.v + rough * down.ravel()[at]

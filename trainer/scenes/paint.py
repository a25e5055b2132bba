"""Colour of the ground and of what stands on it, before light: albedo in display values 0..255.

Each painter fills the pixels of one thing; `Canvas` holds what they share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable, Dict, Tuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.scenes import palette
from rsvlm.trainer.scenes.layout import Layout, Thing
from rsvlm.trainer.scenes.noise import Grid, box_blur, noise
from rsvlm.trainer.scenes.palette import Colour
from rsvlm.trainer.scenes.relief import Window, strip_frame, window_of


@dataclass
class Canvas:
    """albedo: (H, W, 3); ids: (H, W) topmost thing; noise fields (H, W) of unit deviation, by the size of features."""

    albedo: Grid
    ids: NDArray[np.int32]
    metres: float
    broad: Grid  # about 70 m
    patch: Grid  # about 12 m
    tuft: Grid  # about 1.5 m
    grain: Grid  # single pixels

    @classmethod
    def blank(cls, layout: Layout, ids: NDArray[np.int32], rng: np.random.Generator) -> "Canvas":
        metres = layout.size_m / ids.shape[0]
        broad, patch, tuft = (
            noise(rng, ids.shape, reach / metres, count) for reach, count in ((70, 4), (12, 3), (1.5, 2))
        )
        grain = rng.standard_normal(ids.shape, dtype=np.float32)
        return cls(np.zeros((*ids.shape, 3), np.float32), ids, metres, broad, patch, tuft, grain)

    def vary(self, window: Window, broad: float, patch: float, tuft: float, grain: float) -> Grid:
        """A mixture of the noise fields in a window, (h, w)."""
        smooth = broad * self.broad[window] + patch * self.patch[window]
        return smooth + tuft * self.tuft[window] + grain * self.grain[window]


def tint(base: Colour, light: Grid, warm: "Grid | float" = 0.0) -> Grid:
    """Colour x (1 + light), shifted towards dry (red up, blue down) by `warm` display values; (h, w, 3)."""
    shift = np.asarray(warm, np.float32)
    rgb = np.asarray(base, np.float32) * (1 + light[..., None])
    return np.stack([rgb[..., 0] + shift, rgb[..., 1] + 0.3 * shift, rgb[..., 2] - 0.1 * shift], axis=-1)


def mix(first: "Grid | Colour", second: "Grid | Colour", share: Grid) -> Grid:
    """first where share is 0, second where it is 1; share (h, w) -> (h, w, 3)."""
    one, two = np.asarray(first, np.float32), np.asarray(second, np.float32)
    return one + (two - one) * np.clip(share, 0, 1)[..., None]


def paint(canvas: Canvas, layout: Layout) -> None:
    """Fill the canvas: grassland everywhere, then each thing where it is on top."""
    everywhere = (slice(0, canvas.ids.shape[0]), slice(0, canvas.ids.shape[1]))
    canvas.albedo[:] = _grass(canvas, everywhere, Thing(0, "meadow", None))
    for thing in layout.things:
        if thing.kind == "tree":
            continue
        window = window_of(thing, canvas.metres, canvas.ids.shape, 0)
        inside = canvas.ids[window] == thing.id
        if inside.any():
            canvas.albedo[window][inside] = PAINTERS[thing.kind](canvas, window, thing)[inside]
    _paint_trees(canvas, layout)


def _grass(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Lawns, meadows, forest floor, reed: patchy green with dry spots; mown lawns are even."""
    base = palette.GRASS[thing.style]
    rough = {"lawn": 0.55, "hay": 0.8}.get(thing.style, 1.0)
    light = 0.07 * thing.tone + rough * canvas.vary(window, 0.045, 0.05, 0.05, 0.045)
    warm = 6.0 * thing.tone + rough * (3.5 * canvas.broad[window] + 4.5 * canvas.patch[window])
    colour = tint(base, light, warm.astype(np.float32, copy=False))
    if thing.style == "hay" and thing.strips:
        _, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
        swath = np.sin(2 * np.pi * (across + 0.5 * canvas.patch[window]) / 3.6)
        colour *= 1 + 0.035 * swath[..., None] * (thing.tone > -0.3)
    return colour


def _field(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """A crop in rows along the parcel, with wheel tracks every 18 m and uneven growth."""
    plant, soil, spacing, patchy = palette.CROP[thing.style]
    _, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
    across = across + 0.35 * canvas.broad[window]
    light = 0.05 * thing.tone + patchy * canvas.vary(window, 0.04, 0.035, 0.03, 0.035)
    colour = tint(plant, light, patchy * (5 * canvas.broad[window] + 4 * canvas.patch[window]) + 4 * thing.tone)
    if spacing:
        rows = 0.5 + 0.5 * np.sin(2 * np.pi * across / spacing)
        gaps = 0.25 + 0.18 * canvas.patch[window] + 0.12 * canvas.tuft[window]
        colour = mix(colour, tint(soil, light), rows * (0.3 + gaps))
    else:
        drill = (
            np.sin(2 * np.pi * across / 3.0) * 0.5 + np.sin(2 * np.pi * across / 0.9 + 0.6 * canvas.tuft[window]) * 0.5
        )
        colour *= 1 + 0.022 * drill[..., None]
    phase = np.mod(across + 4.0, 18.0)
    tracks = (np.abs(phase - 8.1) < 0.32) | (np.abs(phase - 9.9) < 0.32)
    wear = 0.55 + 0.2 * canvas.tuft[window]
    if thing.style in ("wheat", "barley", "rape", "clover", "maize"):
        colour = mix(colour, tint((146, 124, 92), light), tracks * wear)
    return colour


def _ground(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Drives, yards, beaches, building sites, gravel paths: fine grain, stains."""
    base = palette.GROUND[thing.style]
    loose = {"earth": 1.9, "sand": 1.1, "track": 1.4}.get(thing.style, 0.8)
    light = 0.06 * thing.tone + loose * canvas.vary(window, 0.015, 0.035, 0.03, 0.03)
    colour = tint(base, light, loose * 3.0 * canvas.patch[window])
    if thing.style == "earth":
        weeds = 0.8 * canvas.patch[window] + 0.5 * canvas.tuft[window] - 0.5
        colour = mix(colour, tint(palette.GRASS["fresh"], light), weeds.astype(np.float32, copy=False))
    if thing.style == "track" and thing.strips:
        colour = mix(colour, tint(palette.GRASS["rough"], light), 0.35 + 0.4 * canvas.patch[window])
    return colour


def _road(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Asphalt with patched places; edges a little dusty."""
    light = canvas.vary(window, 0.02, 0.03, 0.015, 0.028)
    worn = 0.05 * (canvas.patch[window] > 1.2) - 0.07 * (canvas.broad[window] + 0.6 * canvas.patch[window] > 1.5)
    return tint(palette.GROUND[thing.style], light + worn, 1.5)


def _pier(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    light = canvas.vary(window, 0.0, 0.04, 0.06, 0.05)
    colour = tint(palette.GROUND[thing.style], light + (0.12 if thing.style == "wood" else 0.0), 3.0)
    along, _, _ = strip_frame(thing.strips[0], window, canvas.metres)
    return colour * (1 - 0.1 * (np.mod(along, 2.5) < 0.3))[..., None] if thing.style == "wood" else colour


def _water(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Dark and even far out, green-brown in the shallows, faint ripples."""
    step = 8
    wet = (canvas.ids[window] == thing.id)[::step, ::step].astype(np.float32)
    near = wet
    for reach in (7.0, 9.0, 12.0):
        near = box_blur(near, max(int(reach / canvas.metres / step), 1))
    rows, cols = canvas.ids[window].shape
    near = np.repeat(np.repeat(near, step, axis=0), step, axis=1)[:rows, :cols]
    for _ in range(2):
        near = box_blur(near, step // 2)
    depth = np.clip((near - 0.52) / 0.46 + 0.08 * canvas.patch[window] * (1 - near), 0, 1)
    colour = mix(palette.SHALLOW, palette.DEEP, depth**0.6)
    ripple = canvas.vary(window, 0.035, 0.012, 0.022, 0.025)
    return colour * (1 + ripple)[..., None] + 2.5 * canvas.broad[window][..., None]


def _pitch(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """A football pitch: mown in bands, white lines, worn goal mouths."""
    along, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
    length, width = thing.strips[0].axis.length, thing.strips[0].width
    bands = np.where(np.mod(along, 11.0) < 5.5, 0.045, -0.045)
    light = bands + canvas.vary(window, 0.02, 0.03, 0.03, 0.035)
    colour = tint((98, 126, 68), light, 4 * canvas.patch[window])
    u, v = np.abs(along), np.abs(across)
    half, side = length / 2 - 2.0, width / 2 - 2.0
    wear = np.exp(-(((u - half + 3) / 4.0) ** 2) - (v / 5.0) ** 2) + 0.5 * np.exp(-((u / 5.0) ** 2) - (v / 5.0) ** 2)
    colour = mix(colour, (158, 142, 108), wear * (0.7 + 0.25 * canvas.tuft[window]))
    ring = np.abs(np.hypot(along, across) - 9.15)
    box_u, box_v = half - 16.5, 20.15
    lines = (
        ((np.abs(u - half) < 0.2) & (v < side))
        | ((np.abs(v - side) < 0.2) & (u < half))
        | ((u < 0.2) & (v < side))
        | (ring < 0.2)
        | ((np.abs(u - box_u) < 0.2) & (v < box_v))
        | ((np.abs(v - box_v) < 0.2) & (u > box_u) & (u < half))
    )
    return mix(colour, (226, 228, 222), lines * 0.75)


def _pool(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    return tint(palette.POOL, 0.08 * thing.tone + canvas.vary(window, 0.0, 0.03, 0.05, 0.02))


def _hedge(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    return tint(palette.HEDGE, 0.1 * thing.tone + canvas.vary(window, 0.0, 0.06, 0.2, 0.1))


def _building(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Rows of tiles across the slope, weathering, a light ridge, sometimes roof windows or solar panels."""
    name, _, form = thing.style.partition("-")
    rng = np.random.default_rng([thing.id, 5])
    light = 0.09 * thing.tone + canvas.vary(window, 0.0, 0.035, 0.03, 0.04)
    colour = tint(palette.ROOF[name], light, 5.0 * thing.tone + 3.0 * canvas.patch[window])
    along, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
    length, width = thing.strips[0].axis.length, thing.strips[0].width
    side = across * rng.choice((-1, 1))
    if form == "flat":
        rim = (np.abs(across) > width / 2 - 0.4) | (np.abs(along) > length / 2 - 0.4)
        colour *= (1 + 0.12 * rim)[..., None]
        if width > 10:
            boxes = (np.mod(along + 3, 9.0) < 1.6) & (np.abs(side - 2.5) < 1.0)
            return mix(colour, (214, 214, 212), boxes * 0.8)
        return colour
    colour *= (1 + 0.05 * np.sin(2 * np.pi * across / 0.7))[..., None]
    colour *= (1 + 0.1 * (np.abs(across) < 0.22))[..., None]
    luck = rng.random()
    if luck < 0.16 and form == "gable" and width > 7:
        panels = (side > 0.9) & (side < width / 2 - 0.9) & (np.abs(along) < length * rng.uniform(0.2, 0.4))
        seams = (np.mod(along, 1.7) < 0.14) | (np.mod(side, 1.0) < 0.1)
        return mix(colour, np.where(seams[..., None], (96, 104, 120), (44, 52, 74)), panels.astype(np.float32))
    if luck < 0.6:
        start = rng.uniform(-0.3, 0.3) * length
        within = (np.abs(side - width * 0.26) < 0.55) & (np.abs(along) < length / 2 - 1)
        panes = within & (np.mod(along - start, 3.6) < 0.8)
        colour = mix(colour, (70, 78, 90), panes * 0.75)
    stack = (np.abs(along - length * rng.uniform(-0.35, 0.35)) < 0.42) & (np.abs(side + 0.9) < 0.42)
    return mix(colour, (112, 88, 80), stack * 0.9)


def _car(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Body, dark windscreens before and behind a roof."""
    along, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
    glass = ((np.abs(along - 0.75) < 0.32) | (np.abs(along + 1.45) < 0.24)) & (np.abs(across) < 0.75)
    body = tint(palette.CAR[thing.style], 0.04 * canvas.grain[window])
    return mix(body, (52, 58, 66), glass * 0.85)


def _boat(canvas: Canvas, window: Window, thing: Thing) -> Grid:
    """Hull, then by style a cabin, a deck with boom and cover, thwarts or a tarpaulin."""
    along, across, _ = strip_frame(thing.strips[0], window, canvas.metres)
    length, beam = thing.strips[0].axis.length, thing.strips[0].width
    u, v = along / length, np.abs(across) / beam
    hull = tint((238, 238, 234), 0.03 * canvas.grain[window])
    inner = (v < 0.3) & (u > -0.44) & (u < 0.22)
    if thing.style == "covered":
        cover: Tuple[Colour, ...] = ((62, 92, 150), (84, 96, 104), (150, 142, 124), (52, 104, 108))
        return mix(hull, cover[thing.id % 4], ((v < 0.4) & (u > -0.46) & (u < 0.2)) * 0.92)
    if thing.style == "sail":
        deck = mix(hull, (198, 184, 156), inner * 0.6)
        boom = (np.abs(across) < 0.24) & (u > -0.4) & (u < 0.1)
        boom_colour: Colour = (60, 84, 140) if thing.id % 3 else (232, 230, 222)
        hatch = (v < 0.16) & (np.abs(u - 0.2) < 0.05)
        return mix(mix(deck, boom_colour, boom * 0.9), (70, 76, 84), hatch * 0.8)
    if thing.style == "motor":
        cockpit = mix(hull, (170, 150, 126), ((v < 0.32) & (u > -0.42) & (u < -0.12)) * 0.85)
        glass = (v < 0.34) & (np.abs(u - 0.06) < 0.06)
        return mix(cockpit, (58, 66, 78), glass * 0.85)
    thwarts = np.mod(u * 5, 1.0) < 0.3
    rim = tint(palette.HULL[thing.style], 0.03 * canvas.grain[window])
    return mix(rim, np.where(thwarts[..., None], (176, 152, 118), (112, 98, 82)), inner.astype(np.float32))


Painter = Callable[[Canvas, Window, Thing], Grid]
PAINTERS: Dict[str, Painter] = {
    "meadow": _grass,
    "woodland": _grass,
    "garden": _grass,
    "field": _field,
    "site": _ground,
    "beach": _ground,
    "water": _water,
    "pier": _pier,
    "path": _ground,
    "pitch": _pitch,
    "paved": _ground,
    "road": _road,
    "pool": _pool,
    "hedge": _hedge,
    "building": _building,
    "car": _car,
    "boat": _boat,
}


def _paint_trees(canvas: Canvas, layout: Layout) -> None:
    """All crowns at once, each with its own shade and mottled foliage."""
    trees = layout.of("tree")
    if not trees:
        return
    table = np.zeros((max(layout.ids()) + 1, 5), np.float32)
    for thing in trees:
        table[thing.id] = (*palette.TREE[thing.style], thing.tone, 1.0)
    rows, cols = np.nonzero(table[:, 4][canvas.ids] > 0)
    look = table[canvas.ids[rows, cols]]
    leaves = 0.13 * look[:, 3] + 0.10 * canvas.tuft[rows, cols] + 0.07 * canvas.grain[rows, cols]
    warm = 5.0 * look[:, 3] + 3.0 * canvas.patch[rows, cols]
    colour = look[:, :3] * (1 + leaves[:, None])
    colour += warm[:, None] * np.array([1.0, 0.5, -0.3], np.float32)
    canvas.albedo[rows, cols] = colour

"""How high things stand and which way their surfaces tilt: the ground for shading and cast shadows.

Heights in metres; slopes are the rise per metre to the right and downwards on the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Tuple

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.scenes.layout import Layout, Strip, Thing
from rsvlm.trainer.scenes.noise import Grid, box_blur, noise

PITCH = {"gable": 0.62, "hip": 0.55, "flat": 0.0, "spire": 1.6}  # rise of a roof per metre
Window = Tuple[slice, slice]


@dataclass(frozen=True)
class Sun:
    """Where the light comes from: `towards` the sun on the picture (x right, y down, unit), `tan` of its elevation."""

    towards: Tuple[float, float]
    tan: float

    @classmethod
    def at(cls, azimuth: float, elevation: float) -> "Sun":
        """Azimuth clockwise from north (up on the picture) and elevation, degrees."""
        angle = np.radians(azimuth)
        return cls((float(np.sin(angle)), float(-np.cos(angle))), float(np.tan(np.radians(elevation))))


@dataclass
class Relief:
    """height, slope_x, slope_y: (H, W) float32; `metres` per pixel."""

    height: Grid
    slope_x: Grid
    slope_y: Grid
    metres: float


def window_of(thing: Thing, metres: float, shape: Tuple[int, int], margin: int = 1) -> Window:
    """Rows and columns of a raster that hold a thing's outline."""
    x0, y0, x1, y1 = (np.asarray(thing.shape.bounds) / metres).tolist()
    rows = slice(max(int(y0) - margin, 0), max(min(int(y1) + 1 + margin, shape[0]), 0))
    cols = slice(max(int(x0) - margin, 0), max(min(int(x1) + 1 + margin, shape[1]), 0))
    return rows, cols


def strip_frame(strip: Strip, window: Window, metres: float) -> Tuple[Grid, Grid, NDArray[np.float64]]:
    """Metres along and across a strip's axis from its middle, for each pixel of a window; and the axis's direction."""
    ends = np.asarray(strip.axis.coords)
    along = ends[-1] - ends[0]
    along = along / max(float(np.hypot(*along)), 1e-9)
    middle = (ends[0] + ends[-1]) / 2
    y = (np.arange(window[0].start, window[0].stop, dtype=np.float32)[:, None] + 0.5) * metres - middle[1]
    x = (np.arange(window[1].start, window[1].stop, dtype=np.float32)[None] + 0.5) * metres - middle[0]
    return (x * along[0] + y * along[1]).astype(np.float32), (y * along[0] - x * along[1]).astype(np.float32), along


def make_relief(layout: Layout, ids: NDArray[np.int32], rng: np.random.Generator) -> Relief:
    """Relief of a layout on the grid of `ids` ((H, W), topmost thing per pixel)."""
    metres = layout.size_m / ids.shape[0]
    flat, east, south = (np.zeros(ids.shape, np.float32) for _ in range(3))
    relief = Relief(flat, east, south, metres)
    for thing in layout.of("building"):
        _raise_roof(relief, thing, ids)
    _raise_flat(relief, layout, ids)
    _raise_trees(relief, layout, ids, rng)
    return relief


def _raise_roof(relief: Relief, thing: Thing, ids: NDArray[np.int32]) -> None:
    window = window_of(thing, relief.metres, ids.shape)
    inside = ids[window] == thing.id
    if not inside.any():
        return
    form = thing.style.rpartition("-")[2]
    top = np.full(inside.shape, -1.0, np.float32)
    tilt_x, tilt_y = np.zeros_like(top), np.zeros_like(top)
    for strip in thing.strips:
        u, v, along = strip_frame(strip, window, relief.metres)
        to_side, to_end = strip.width / 2 - np.abs(v), strip.axis.length / 2 - np.abs(u)
        if form == "gable":
            to_end = np.where(to_end > -0.3, 1e3, to_end)
        rise = PITCH[form] * np.minimum(to_side, to_end)
        over_end = to_end < to_side
        lean_u = np.where(over_end, -np.sign(u), 0.0) * PITCH[form]
        lean_v = np.where(over_end, 0.0, -np.sign(v)) * PITCH[form]
        higher = (rise > top) & (to_side > -0.5) & (to_end > -0.5)
        top = np.where(higher, rise, top)
        tilt_x = np.where(higher, lean_u * along[0] - lean_v * along[1], tilt_x)
        tilt_y = np.where(higher, lean_u * along[1] + lean_v * along[0], tilt_y)
    relief.height[window][inside] = thing.height + np.maximum(top, 0)[inside]
    relief.slope_x[window][inside] = tilt_x[inside]
    relief.slope_y[window][inside] = tilt_y[inside]


def _raise_flat(relief: Relief, layout: Layout, ids: NDArray[np.int32]) -> None:
    """Hedges, cars, boats, piers: blocks of their own height."""
    table = np.zeros(max(layout.ids(), default=0) + 1, np.float32)
    for thing in layout.of("hedge", "car", "boat", "pier"):
        table[thing.id] = thing.height
    relief.height += table[ids]


def _raise_trees(relief: Relief, layout: Layout, ids: NDArray[np.int32], rng: np.random.Generator) -> None:
    """Crowns: domes (cones for firs) with lumps of foliage."""
    trees = layout.of("tree")
    if not trees:
        return
    table = np.zeros((max(layout.ids()) + 1, 5), np.float32)
    for thing in trees:
        x, y = thing.shape.centroid.x, thing.shape.centroid.y
        radius = float(np.sqrt(thing.shape.area / np.pi))
        table[thing.id] = (x, y, radius, thing.height, thing.style == "fir")
    rows, cols = np.nonzero(table[:, 2][ids] > 0)
    x, y, radius, height, cone = table[ids[rows, cols]].T
    dx, dy = (cols + 0.5) * relief.metres - x, (rows + 0.5) * relief.metres - y
    out = np.clip(np.hypot(dx, dy) / radius, 0.02, 0.97)
    lumps = noise(rng, ids.shape, 1.7 / relief.metres, 3)
    down, right = np.gradient(lumps, axis=0), np.gradient(lumps, axis=1)
    bulk = height * 0.62
    dome = np.sqrt(1 - out**2)
    relief.height[rows, cols] = height - bulk + bulk * np.where(cone > 0, 1 - out, dome) + 0.35 * lumps[rows, cols]
    steep = -np.where(cone > 0, 1.5, np.minimum(1.25 * out / dome, 2.0)) / np.maximum(np.hypot(dx, dy), 0.05)
    rough = 0.6 / relief.metres * np.minimum(radius / 2.5, 1)
    relief.slope_x[rows, cols] = steep * dx + rough * right[rows, cols]
    relief.slope_y[rows, cols] = steep * dy + rough * down[rows, cols]


def lambert(relief: Relief, sun: Sun) -> Grid:
    """Direct light by a surface's tilt, (H, W): 1 on level ground, 0 facing away from the sun."""
    facing = sun.tan - relief.slope_x * sun.towards[0] - relief.slope_y * sun.towards[1]
    size = np.sqrt(1 + relief.slope_x**2 + relief.slope_y**2)
    return np.clip(facing / (size * sun.tan), 0, 1.3).astype(np.float32)


def shadows(relief: Relief, sun: Sun) -> NDArray[np.bool_]:
    """(H, W): whether something between a pixel and the sun stands in its light."""
    height, step = relief.height, 1.0
    shade = np.zeros(height.shape, bool)
    reach = float(height.max()) / sun.tan / relief.metres
    stop_r, stop_c = height.shape
    for distance in np.arange(1.0, reach + 1, step):
        dc, dr = round(distance * sun.towards[0]), round(distance * sun.towards[1])
        if abs(dc) >= stop_c or abs(dr) >= stop_r:
            break
        here = (slice(max(0, -dr), stop_r - max(0, dr)), slice(max(0, -dc), stop_c - max(0, dc)))
        there = (slice(max(0, dr), stop_r - max(0, -dr)), slice(max(0, dc), stop_c - max(0, -dc)))
        lift = np.float32(distance * relief.metres * sun.tan + 0.25)
        shade[here] |= height[there] > height[here] + lift
    return shade


def openness(relief: Relief) -> Grid:
    """Share of the sky seen, (H, W) in about [0.6, 1]: less beside walls and between trees."""
    coarse = relief.height[::2, ::2]
    crowd = box_blur(coarse, max(int(1.2 / relief.metres), 1)) - coarse
    crowd = np.repeat(np.repeat(crowd, 2, axis=0), 2, axis=1)[: relief.height.shape[0], : relief.height.shape[1]]
    return 1 - np.clip(crowd * 0.09, 0, 0.4).astype(np.float32)

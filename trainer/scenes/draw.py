"""Layout -> picture: albedo, sunlight, cast shadows, haze, optics, sensor noise; masks of the same layout beside it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from rsvlm.trainer.scenes.layout import Layout
from rsvlm.trainer.scenes.masks import Masks, instance_ids, make_masks
from rsvlm.trainer.scenes.noise import Grid, noise, soften
from rsvlm.trainer.scenes.paint import Canvas, paint
from rsvlm.trainer.scenes.relief import Relief, Sun, lambert, make_relief, openness, shadows

FINER = 2  # drawn at this many pixels per output pixel and averaged, so that edges are as a camera sees them


@dataclass(frozen=True)
class Light:
    """One flight: where the sun stood (degrees), how bright and how warm the day, how strong the noise."""

    azimuth: float = 152.0
    elevation: float = 47.0
    gain: float = 1.0
    warmth: float = 0.0
    grain: float = 2.4


@dataclass(frozen=True)
class Drawing:
    """rgb: (H, W, 3) uint8; masks on the same grid; metres per pixel."""

    rgb: NDArray[np.uint8]
    masks: Masks
    gsd_m: float


def draw(layout: Layout, pixels: int, light: Light) -> Drawing:
    """Draw a layout on pixels x pixels. The same arguments give the same bytes."""
    rng = np.random.default_rng([layout.seed, 3])
    ids = instance_ids(layout, pixels * FINER)
    canvas = Canvas.blank(layout, ids, rng)
    paint(canvas, layout)
    _mark_roads(canvas, layout)
    relief = make_relief(layout, ids, rng)
    lit = _light(canvas.albedo, relief, light)
    small = lit.reshape(pixels, FINER, pixels, FINER, 3).mean(axis=(1, 3))
    rgb = _photograph(small, light, np.random.default_rng([layout.seed, 4, int(light.gain * 1000)]))
    return Drawing(rgb, make_masks(layout, pixels), layout.size_m / pixels)


def _light(albedo: Grid, relief: Relief, light: Light) -> Grid:
    """Sun where it reaches, blue sky light everywhere; (H, W, 3)."""
    sun = Sun.at(light.azimuth, light.elevation)
    direct = lambert(relief, sun)
    direct[shadows(relief, sun)] = 0.0
    sky = openness(relief)
    direct *= 0.66
    for band, (sunlight, skylight) in enumerate(((1.02, 0.30), (1.0, 0.34), (0.95, 0.41))):
        albedo[..., band] *= direct * sunlight + sky * skylight
    return albedo


def _photograph(image: Grid, light: Light, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Haze, exposure, optics and the sensor's noise."""
    image = soften(image, 0.55)
    colour = np.array([1 + light.warmth, 1.0, 1 - light.warmth], np.float32) * light.gain
    image = (10.0 + image * colour * 0.97).astype(np.float32, copy=False)
    shape = image.shape[:2]
    speckle = rng.standard_normal((*shape, 1), dtype=np.float32) * light.grain
    tinted = rng.standard_normal(image.shape, dtype=np.float32) * light.grain * 0.35
    image += speckle + tinted + (1.6 * noise(rng, shape, 260.0, 2))[..., None]
    return np.clip(image + 0.5, 0, 255).astype(np.uint8)


def _mark_roads(canvas: Canvas, layout: Layout) -> None:
    """White lines: dashed along the middle and full at the edges of through roads, not across junctions."""
    roads = layout.of("road")
    surface = {road.id for road in roads}
    through = [road for road in roads if road.style in ("main", "country")]
    others = shapely.union_all([road.shape for road in roads if road.style == "street"])
    crossing = others.buffer(1.2)
    lines = []
    for road in through:
        axis, width = road.strips[0].axis, road.strips[0].width
        for at in np.arange(0.0, axis.length, 9.0):
            lines.append(shapely.ops.substring(axis, at, at + 4.0).buffer(0.11, cap_style="flat"))
        for hand in (-1, 1):
            lines.append(axis.offset_curve(hand * (width / 2 - 0.35)).buffer(0.09, cap_style="flat"))
    shapes = [(part, 1) for line in lines if not (part := line.difference(crossing)).is_empty]
    if not shapes:
        return
    scale = Affine.scale(canvas.metres)
    marks = rasterize(shapes, canvas.ids.shape, transform=scale, dtype="uint8").astype(bool)
    rows, cols = np.nonzero(marks)
    on_road = np.isin(canvas.ids[rows, cols], list(surface))
    rows, cols = rows[on_road], cols[on_road]
    worn = np.clip(0.62 + 0.15 * canvas.patch[rows, cols], 0.3, 0.9)[:, None]
    canvas.albedo[rows, cols] = canvas.albedo[rows, cols] * (1 - worn) + 222.0 * worn

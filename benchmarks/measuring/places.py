"""Places of real rasters, and outlines drawn on what a model sees of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely
from PIL import Image, ImageDraw
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster
from rsvlm.tasks.looking import picture


def place(file: Path, part: Sequence[float]) -> Raster:
    """part: left, top, right, bottom in shares of the raster's sides."""
    with Scene.open(Raster(href=str(file))) as scene:
        x0, y0, x1, y1 = scene.extent
    across, down = x1 - x0, y1 - y0
    left, top, right, bottom = part
    return Raster(href=str(file), extent=(x0 + left * across, y1 - bottom * down, x0 + right * across, y1 - top * down))


def drawn(raster: Raster, outlines: Sequence[tuple[BaseGeometry, str]], side: int) -> Image.Image:
    """The place as a model sees it, with outlines (in its own coordinates, colour). side: pixels of the longer one."""
    with Scene.open(raster) as scene:
        x0, y0, x1, y1 = scene.extent
        shrink = side / max(x1 - x0, y1 - y0)
        size = max(1, round((x1 - x0) * shrink)), max(1, round((y1 - y0) * shrink))
        view = scene.view(scene.extent, size)
        image = Image.fromarray(picture(view)).convert("RGBA")
    to_pixels = ~view.transform
    layer = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(layer)
    for shape, colour in outlines:
        for polygon in shapely.get_parts(shape):
            for ring in (polygon.exterior, *polygon.interiors):
                corners = [to_pixels @ (x, y) for x, y in np.asarray(ring.coords)]
                pen.line(corners, fill=colour, width=2)
    return Image.alpha_composite(image, layer).convert("RGB")

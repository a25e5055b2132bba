"""What a model that outlines points sees at a click: in a window of the raster around it, at the raster's own sharpness."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely

from rsvlm.geo.connected import Part, connected
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid, Window
from rsvlm.geo.view import View
from rsvlm.models.predictors.abilities import Prompt, Refines
from rsvlm.protocol import RsvlmError
from rsvlm.tasks.looking import picture

STEPS = 4  # in a window's side: it begins at multiples of a fourth, so that clicks near each other share one look


@dataclass(frozen=True, eq=False)
class Look:
    """view: a square of the raster's pixels. at: column and row in it of the click. edges: sides of the view (left, top, right,
    bottom) behind which the raster goes on.
    """

    view: View
    at: tuple[int, int]
    edges: tuple[bool, bool, bool, bool]


def look_around(scene: Scene, at: tuple[float, float], pixels: int) -> Look:
    """at: x, y in the CRS of the scene. pixels: along the sides of what the model sees.

    Raises RsvlmError: bad_extent (outside of what was asked for), no_data (nothing is there), bad_raster.
    """
    column, row = (math.floor(place) for place in ~scene.transform @ at)
    x0, y0, x1, y1 = scene.extent
    asked = x0 <= at[0] <= x1 and y0 <= at[1] <= y1 and (scene.area is None or scene.area.intersects(shapely.Point(at)))
    if not (asked and 0 <= column < scene.width and 0 <= row < scene.height):
        raise RsvlmError(
            "bad_extent", "This place lies outside of what is to be looked at.", "Click inside the raster and the area."
        )
    side = min(pixels, max(scene.width, scene.height))
    left, top = _start(column, side, scene.width), _start(row, side, scene.height)
    window: Window = left, top, left + side, top + side
    view = scene.window(window, (side, side))
    if not view.valid[row - top, column - left]:
        raise RsvlmError("no_data", "The raster shows nothing at this place.", "Click where it holds data.")
    edges = left > 0, top > 0, window[2] < scene.width, window[3] < scene.height
    return Look(view, (column - left, row - top), edges)


def pointed_at(look: Look, scene: Scene, predictor: Refines, likely: float) -> tuple[Part | None, float]:
    """The part that the click is in, within what was asked for, and how good its outline is as the model guesses, 0 to 1.

    None where the model takes the place for no part of what it points at. Raises RsvlmError (out_of_memory), Cancelled.
    """
    column, row = look.at
    seen = predictor.encode([picture(look.view)])
    (found,) = predictor.masks(seen, [[Prompt(points=((column, row),), inside=(True,))]])
    inside = look.view.inside(scene.extent) & (found.masks[0] >= likely)
    quality = min(1.0, max(0.0, float(found.quality[0])))
    if not inside[row, column]:
        return None, quality
    part = connected(inside, column, row)
    height, width = part.shape
    grid = PixelGrid(width, height, look.view.transform, scene.crs, 1.0)
    return Part(np.where(part, found.masks[0], np.float32(0))[None], grid, likely, int(part.sum())), quality


def cut_off(look: Look, part: Part) -> bool:
    """Whether the part reaches a side of the view behind which the raster goes on."""
    there = part.values[0] > 0
    sides = there[:, 0], there[0], there[:, -1], there[-1]
    return any(further and bool(side.any()) for further, side in zip(look.edges, sides, strict=True))


def _start(place: int, side: int, length: int) -> int:
    """Where the window begins along an axis of `length` pixels: inside, if that is long enough, else at its beginning."""
    step = max(1, side // STEPS)
    return max(0, min(round((place - side / 2) / step) * step, length - side))

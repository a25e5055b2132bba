"""A date of a place as a picture: items, season, light and camera in; pixels and what lies on each of them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rsvlm.trainer.scenes.noise import Grid
from rsvlm.trainer.scenes.pictures.bank import bank_of
from rsvlm.trainer.scenes.pictures.camera import Camera, photograph
from rsvlm.trainer.scenes.pictures.canvas import FINER, Canvas, Ids, coarser, rasterise
from rsvlm.trainer.scenes.pictures.light import Day, light
from rsvlm.trainer.scenes.pictures.paint import Season, paint
from rsvlm.trainer.scenes.sites.looks import Look
from rsvlm.trainer.scenes.sites.site import Item


@dataclass(frozen=True)
class Flight:
    """When and with what a picture is taken. shift: how far its grid lies off, pixels to the right and down."""

    season: Season
    day: Day
    camera: Camera
    shift: tuple[float, float] = (0.0, 0.0)


def draw(
    items: Sequence[Item], size: float, pixels: int, look: Look, flight: Flight, ground: int
) -> tuple[NDArray[np.uint8], Ids]:
    """(pixels, pixels, 3) uint8 and (pixels, pixels) numbers in `items`. ground: seed of what stays from date to date.

    A shift moves what is to be seen, and not the numbers.
    """
    side = pixels * FINER
    ids = rasterise(items, size, side)
    canvas = Canvas(items, size, ids, look, bank_of(side), np.random.default_rng([ground, 1]))
    rgb = paint(canvas, flight.season)
    light(canvas, rgb, flight.day)
    if any(flight.shift):
        rgb = _moved(rgb, flight.shift)
    seed = [ground, 2, int(flight.day.azimuth * 1000), int(flight.camera.grain * 1000)]
    return photograph(rgb, flight.camera, np.random.default_rng(seed)), coarser(ids)


def _moved(rgb: Grid, shift: tuple[float, float]) -> Grid:
    """Seen through a grid that lies off; beyond the edge, the edge is repeated."""
    across, down = (round(part * FINER) for part in shift)
    rows, columns = (np.clip(np.arange(len(rgb)) + off, 0, len(rgb) - 1) for off in (down, across))
    return rgb[rows[:, None], columns]

"""What belongs together around a place: connected pixels of stored probabilities that are likely enough beside it."""

from __future__ import annotations

import math
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Optional

import numpy as np
import rasterio
from affine import Affine
from rasterio.io import DatasetReader

from rsvlm.geo.labels import band_names
from rsvlm.geo.opening import open_raster
from rsvlm.geo.probabilities import read_window
from rsvlm.geo.tiling import PixelGrid, Window
from rsvlm.geo.tracing import roots
from rsvlm.protocol import Raster, RsvlmError

LEAST = 0.1  # probability under which nothing is there to be outlined
SHARES = np.arange(95, 45, -5) / 100  # of the probability at a place that no outline has: thresholds that are tried
LEAK = 1.6  # times as many pixels at the next threshold: the part runs out into what is around it
FEW = 30  # pixels of a part that is still so small that any growth is well
REACH = 256  # pixels to each side that are looked at first
MOST = 2**24  # pixels that are looked at


@dataclass(frozen=True)
class Part:
    """values: (1, rows, columns) float32 in [0, 1], the probabilities of its pixels, 0 around them; as `outlined` takes them.

    grid: where these pixels lie.   likely: the threshold that it is cut at.   pixels: how many it has.
    """

    values: np.ndarray
    grid: PixelGrid
    likely: float
    pixels: int


def part_at(raster: Raster, name: str, at: tuple[float, float], likely: float) -> Optional[Part]:
    """The part of the class `name`, in a file that `probabilities.stored` wrote, that the place `at` (x, y in its CRS) is in.

    It is cut at `likely` or, where the place is less likely than that, as low as half its own probability, but not so low that
    the part leaks. None where the place is not likely at all, or was not looked at. Only a window around the place is read, which
    grows until the part is inside.

    Raises RsvlmError: whatever opening raises, bad_request (no such class), bad_extent (outside), too_large (the part).
    """
    with rasterio.Env(), ExitStack() as closing:
        source = open_raster(raster.href, raster.data, closing)
        names = band_names(source)
        if name not in names:
            raise RsvlmError(
                "bad_request", f"No probabilities of “{name}” were kept here.", "Find it again, then click again."
            )
        column, row = (math.floor(place) for place in ~source.transform @ at)
        if not (0 <= column < source.width and 0 <= row < source.height):
            raise RsvlmError("bad_extent", "This place was not looked at.", "Click where something was looked for.")
        band = names.index(name) + 1
        sure = float(read_window(source, band, (column, row, column + 1, row + 1))[0, 0])
        if not sure >= min(LEAST, likely):
            return None
        part = _grown(source, band, (column, row), likely if sure >= likely else float(SHARES[0] * sure))
        if part is None:
            raise RsvlmError(
                "too_large",
                "What is about as likely as this place goes on over millions of pixels.",
                "Click on a likelier place, or move the threshold instead.",
            )
        for share in SHARES[1:] if sure < likely else ():
            more = _grown(source, band, (column, row), float(share * sure))
            if more is None or (part.pixels >= FEW and more.pixels > LEAK * part.pixels):
                break
            part = more
    return part


def connected(mask: np.ndarray, column: int, row: int) -> np.ndarray:
    """(H, W) bool: pixels of `mask` (H, W) that share edges, one after the other, with the one at (column, row), one of them."""
    first = np.ones(mask.shape, bool)  # pixel of a run
    first[:, 1:] = mask[:, 1:] != mask[:, :-1]
    runs = np.cumsum(first.ravel(), dtype=np.int32).reshape(mask.shape)
    runs -= 1
    over = mask[1:] & mask[:-1] & (first[1:] | first[:-1])
    root = roots(int(runs[-1, -1]) + 1, runs[:-1][over], runs[1:][over])
    found: np.ndarray = (root == root[runs[row, column]])[runs]
    return found


def _grown(source: DatasetReader, band: int, at: tuple[int, int], threshold: float) -> Optional[Part]:
    """The part that the pixel `at` (column, row) is in; None for one that takes more than MOST pixels to look at."""
    column, row = at
    x0, y0, x1, y1 = _within(source, (column - REACH, row - REACH, column + REACH, row + REACH))
    while (x1 - x0) * (y1 - y0) <= MOST:
        values = read_window(source, band, (x0, y0, x1, y1))
        part = connected(values >= threshold, column - x0, row - y0)
        across, down = (x1 - x0) // 2, (y1 - y0) // 2
        left, top, right, bottom = (bool(edge.any()) for edge in (part[:, 0], part[0], part[:, -1], part[-1]))
        further = _within(source, (x0 - left * across, y0 - top * down, x1 + right * across, y1 + bottom * down))
        if further == (x0, y0, x1, y1):
            place = source.transform @ Affine.translation(x0, y0)
            steps = (1.0, 1.0) if source.crs else (math.hypot(place.a, place.d), math.hypot(place.b, place.e))
            grid = PixelGrid(x1 - x0, y1 - y0, place, source.crs, *steps)
            return Part(np.where(part, values, np.float32(0))[None], grid, threshold, int(part.sum()))
        x0, y0, x1, y1 = further
    return None


def _within(source: DatasetReader, window: Window) -> Window:
    x0, y0, x1, y1 = window
    return max(0, x0), max(0, y0), min(source.width, x1), min(source.height, y1)

"""Stairs of pixels become slopes: of the steps of one pixel that an outline makes, every other corner is taken off.

What simplification would begin with, done where it cannot go wrong and with whole arrays, so that half of the corners never
become vertices. A corner taken off cuts or fills a triangle between the edge that leads to the step and the step itself. That
triangle lies in the row of pixels (or column) of the step, along the edge, all of which belong to one region; and no two
triangles meet, because steps in one row are all met from the same side: from above in even rows, from below in odd ones. So
regions stay as they lie to each other, neighbours keep all vertices in common, and slopes shift to neither side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rsvlm.geo.corners import LEFT, RIGHT, Corners


@dataclass(frozen=True)
class Slopes:
    """longest: pixels along x and along y that the edge before a step may have, for a triangle of half as many pixels; 0: no
    step becomes a slope. column, row: numbers of the first ones as the ground is counted, so that an outline is the same
    wherever the raster begins.
    """

    longest: float = 0.0
    column: int = 0
    row: int = 0


def sloped(corners: Corners, following: np.ndarray, slopes: Slopes) -> tuple[Corners, np.ndarray]:
    """Corners that stay, and the number of the next one of each. following: number of the next corner along the outline."""
    previous = np.empty_like(following)
    previous[following] = np.arange(len(following))
    level = (corners.out == LEFT) | (corners.out == RIGHT)
    along, up = (
        np.where(level, following, previous),
        np.where(level, previous, following),
    )  # other ends of its two edges
    across, down = corners.x[along] - corners.x, corners.y[up] - corners.y

    even = (corners.y + slopes.row) % 2 == 0
    off = corners.lone & even & (abs(down) == 1) & (abs(across) <= slopes.longest)
    off &= ~(off[along] & (down == down[along]))  # both ends of a notch: their triangles would meet
    even = (corners.x + slopes.column) % 2 == 0
    upright = corners.lone & even & (abs(across) == 1) & (abs(down) > 1) & (abs(down) <= slopes.longest)
    upright &= ~off[along]
    upright &= ~(upright[up] & (across == across[up]))
    stays = ~(off | upright)
    for _both_ends in range(2):
        following = np.where(stays[following], following, following[following])
    numbers = np.cumsum(stays) - 1
    return corners.only(np.flatnonzero(stays)), numbers[following[stays]]

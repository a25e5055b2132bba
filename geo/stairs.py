"""Stairs of pixels become slopes: of the steps of one pixel that an outline makes, every other corner is taken off.

What simplification would begin with, done where it cannot go wrong and with whole arrays, so that half of the corners never
become vertices. A corner taken off cuts or fills a triangle between the edge that leads to the step and the step itself. That
triangle lies in the row of pixels (or column) of the step, along the edge, all of which belong to one region; and no two
triangles meet, because steps in one row are all met from the same side: from above in even rows, from below in odd ones. So
regions stay as they lie to each other, neighbours keep all vertices in common, and slopes shift to neither side.
"""

from __future__ import annotations

import numpy as np

from rsvlm.geo.corners import LEFT, RIGHT, Corners


def sloped(corners: Corners, following: np.ndarray, longest: float) -> tuple[Corners, np.ndarray]:
    """Corners that stay, and the number of the next one of each.

    following: number of the next corner along the outline.   longest: pixels along x and along y that the edge before a step
    may have, for a triangle of half as many pixels.
    """
    previous = np.empty_like(following)
    previous[following] = np.arange(len(following))
    level = (corners.out == LEFT) | (corners.out == RIGHT)
    along, up = (
        np.where(level, following, previous),
        np.where(level, previous, following),
    )  # other ends of its two edges
    across, down = corners.x[along] - corners.x, corners.y[up] - corners.y

    off = corners.lone & (corners.y % 2 == 0) & (abs(down) == 1) & (abs(across) <= longest)
    off &= ~(off[along] & (down == down[along]))  # both ends of a notch: their triangles would meet
    upright = corners.lone & (corners.x % 2 == 0) & (abs(across) == 1) & (abs(down) > 1) & (abs(down) <= longest)
    upright &= ~off[along]
    upright &= ~(upright[up] & (across == across[up]))
    stays = ~(off | upright)
    for _both_ends in range(2):
        following = np.where(stays[following], following, following[following])
    numbers = np.cumsum(stays) - 1
    return corners.only(np.flatnonzero(stays)), numbers[following[stays]]

"""Two dates of a large place, compared in overlapping tiles as sharp as the pairs that a model was taught on.

Knows views and maps of likelihoods; nothing of words.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from rsvlm.geo.alignment import Pair
from rsvlm.geo.blending import blended
from rsvlm.geo.tiling import Tiling
from rsvlm.protocol import Watch
from rsvlm.tasks import differing
from rsvlm.tasks.asked_change import HARMED, Kind
from rsvlm.tasks.layout import OVERLAP
from rsvlm.tasks.looking import picture
from rsvlm.tasks.plan import LONGEST_SIDE

SHARP_M = 1.5  # metres per pixel: in the middle of the pairs that were learnt from
WORTH = 1.3  # times as sharp as one view tiles have to be
AT_MOST = 64  # tiles, about; of a larger place they are less sharp
ROUNDING = 1e-6  # pixels


def sharper(ground: tuple[float, float] | None, finest_m: float, size: tuple[int, int], pixels: int) -> tuple[int, int]:
    """Width and height in pixels at which to compare a place; `size`, that of one view, where tiles would be hardly sharper.

    ground: its width and height in metres; None: not known. finest_m: metres per pixel that both rasters have. pixels: of a tile.
    A strip is as sharp as makes it one tile high, and seen in one view where that would be too many.
    """
    if ground is None:
        return size
    step = pixels - pixels // OVERLAP
    gsd = max(SHARP_M, finest_m, math.sqrt(ground[0] * ground[1] / AT_MOST) / step)
    if min(ground) < pixels * gsd:
        gsd = min(ground) / pixels
        if max(ground) / gsd > AT_MOST * step:
            return size
    if max(ground[0] / size[0], ground[1] / size[1]) < WORTH * gsd:
        return size
    width, height = (math.ceil(side / gsd - ROUNDING) for side in ground)
    return width, height


def compared(predictor: Any, dates: Pair, pixels: int, asked: Sequence[Kind], watch: Watch) -> np.ndarray:
    """(1 + kinds, H, W) as `differing.likely` has them, on the pixels of both views. pixels: of a tile.

    Raises what the predictor raises, Cancelled.
    """
    before, after = picture(dates.before), picture(dates.after)
    height, width = dates.before.valid.shape
    if min(height, width) <= pixels and max(height, width) <= LONGEST_SIDE * pixels:
        return differing.likely(predictor, predictor.encode([before], [after])[0], before, asked)
    tiling = Tiling(width, height, pixels, pixels // OVERLAP)
    windows = list(tiling.windows())
    kinds = len(differing.phrases(predictor.card.calibration.changes)) + sum(kind.state == HARMED for kind in asked)

    def tiles() -> Iterator[np.ndarray]:
        for number, (left, top, right, bottom) in enumerate(windows):
            watch.check()
            watch.progress(number, len(windows), "Comparing")
            inside = np.s_[top:bottom, left:right]
            if not dates.before.valid[inside].any():
                yield np.zeros((1 + kinds, pixels, pixels), np.float32)
                continue
            beyond = [(0, pixels - side) for side in dates.before.valid[inside].shape]
            first, second = (np.pad(date[inside], [*beyond, (0, 0)], "edge") for date in (before, after))
            yield differing.likely(predictor, predictor.encode([first], [second])[0], first, asked)

    found = np.concatenate(list(blended(tiling, tiles())), axis=1)
    watch.progress(len(windows), len(windows), "Comparing")
    return found

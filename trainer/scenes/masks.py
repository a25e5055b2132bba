"""Layout -> exact rasters of what is where. A pixel belongs to the thing that covers its centre last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Dict, Tuple

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize

from rsvlm.trainer.scenes.classes import CODES, KINDS
from rsvlm.trainer.scenes.layout import Layout


@dataclass(frozen=True)
class Masks:
    """classes: (H, W) uint8, codes of classes.CODES; instances: (H, W) int32, ids of things, 0 where none stands."""

    classes: NDArray[np.uint8]
    instances: NDArray[np.int32]

    def of(self, label: str) -> NDArray[np.bool_]:
        return self.classes == CODES[label]

    def boxes(self, label: str) -> Dict[int, Tuple[int, int, int, int]]:
        """id -> x0, y0, x1, y1 in pixels (x1, y1 outside) round the visible part of each thing of a class."""
        rows, cols = np.nonzero(self.of(label))
        ids = self.instances[rows, cols]
        order = np.argsort(ids, kind="stable")
        ids, rows, cols = ids[order], rows[order], cols[order]
        starts = np.flatnonzero(np.diff(ids, prepend=-1))
        if not len(starts):
            return {}
        x0, y0 = np.minimum.reduceat(cols, starts), np.minimum.reduceat(rows, starts)
        x1, y1 = np.maximum.reduceat(cols, starts) + 1, np.maximum.reduceat(rows, starts) + 1
        corners = zip(x0.tolist(), y0.tolist(), x1.tolist(), y1.tolist())
        return dict(zip(ids[starts].tolist(), corners))


def instance_ids(layout: Layout, pixels: int) -> NDArray[np.int32]:
    """(pixels, pixels) int32: the id of the topmost thing at each pixel's centre."""
    shapes = ((thing.shape, thing.id) for thing in layout.things)
    return rasterize(shapes, (pixels, pixels), transform=Affine.scale(layout.size_m / pixels), dtype="int32")


def make_masks(layout: Layout, pixels: int) -> Masks:
    """Masks of pixels x pixels; ground that belongs to no thing is grass."""
    instances = instance_ids(layout, pixels)
    code = np.full(max(layout.ids(), default=0) + 1, CODES["grass"], np.uint8)
    for thing in layout.things:
        code[thing.id] = CODES[KINDS[thing.kind]]
    return Masks(code[instances], instances)

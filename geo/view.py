"""A window of a scene with everything that ties its pixels to the ground."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Optional

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from rsvlm.geo.ground import Extent, gsd_m
from rsvlm.geo.stretch import Stretch


@dataclass(frozen=True)
class View:
    """pixels: (bands, H, W) float32, raw values of the 1 or 3 display bands, 0 where not valid.   valid: (H, W) bool.

    transform: x = a*col + b*row + c, y = d*col + e*row + f, in `crs`; in source pixels (y down) where crs is None.
    acquired: ISO 8601.
    sampled: read from scattered samples because the raster is huge and has no overviews; coarser than it looks.
    """

    pixels: np.ndarray
    valid: np.ndarray
    transform: Affine
    crs: Optional[CRS]
    acquired: Optional[str]
    source: str
    stretch: Stretch
    sampled: bool = False

    @cached_property
    def gsd_m(self) -> Optional[float]:
        """Metres on the ground per pixel at the centre; None without a CRS or outside its domain."""
        height, width = self.valid.shape
        return gsd_m(self.transform, self.crs, width, height)

    @property
    def extent(self) -> Extent:
        """x0, y0, x1, y1 with x0 < x1 and y0 < y1."""
        height, width = self.valid.shape
        left, top = self.transform @ (0, 0)
        right, bottom = self.transform @ (width, height)
        return min(left, right), min(top, bottom), max(left, right), max(top, bottom)

    @property
    def valid_share(self) -> float:
        """0 to 1: how much of the view shows something."""
        return float(self.valid.mean())

    def inside(self, extent: Extent) -> np.ndarray:
        """(H, W) bool: pixels that show something and whose middle lies in an extent (x0, y0, x1, y1 in the view's CRS)."""
        rows, columns = np.indices(self.valid.shape) + 0.5
        x, y = self.transform @ (columns, rows)
        x0, y0, x1, y1 = extent
        found: np.ndarray = self.valid & (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        return found

    def rgb(self) -> np.ndarray:
        """(H, W, 3) uint8 as a person would see it, black where not valid; one band is seen as grey."""
        stretched = self.stretch.apply(self.pixels)
        if not self.valid.all():
            stretched *= self.valid
        return np.stack(list(stretched) * (3 // len(stretched)), axis=-1)

    def footprint(self) -> dict[str, Any]:
        """GeoJSON polygon in the view's CRS (pixels without one)."""
        x0, y0, x1, y1 = self.extent
        return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}

"""Two dates of one place on one grid, and how well they fit each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

import numpy as np
from rasterio.warp import Resampling, reproject

from rsvlm.geo import place
from rsvlm.geo.ground import Extent
from rsvlm.geo.scene import Scene
from rsvlm.geo.view import View
from rsvlm.protocol import RsvlmError

_BENEATH = 1.5  # pixels of a view to be warped, along a side, for one of the grid


@dataclass(frozen=True)
class Common:
    """What two scenes share. extent: in the CRS of the scene before.

    overlap: share of the larger of both extents that was asked for, 0 to 1. resolution_ratio: ground sample distance of the
    coarser one by that of the finer one; None without a CRS.
    """

    extent: Extent
    overlap: float
    resolution_ratio: Optional[float]

    def to_json(self) -> dict[str, Any]:
        return {"overlap": round(self.overlap, 4), "resolution_ratio": self.resolution_ratio}


@dataclass(frozen=True)
class Pair:
    """Two views on one grid, that of the scene before; a pixel is valid in both or in none."""

    before: View
    after: View


def common(before: Scene, after: Scene) -> Common:
    """Raises RsvlmError (bad_extent) for scenes that have nothing in common, or where that cannot be told."""
    if (before.crs is None) != (after.crs is None):
        raise RsvlmError(
            "bad_extent",
            "One of the two rasters is georeferenced and the other is not, so it cannot be told what they share.",
            "Georeference both.",
        )
    if before.crs is None and (before.width, before.height) != (after.width, after.height):
        raise RsvlmError(
            "bad_extent",
            "The two rasters are not georeferenced and differ in size, so it cannot be told what they share.",
            "Georeference both, or give pictures of one size.",
        )
    x0, y0, x1, y1 = theirs = _in_crs_of(before, after)
    own = before.extent
    if min(x1, own[2]) <= max(x0, own[0]) or min(y1, own[3]) <= max(y0, own[1]):
        raise _apart()
    extent = place.clip(theirs, own)
    ratio = None
    if before.gsd_m and after.gsd_m:
        ratio = round(max(before.gsd_m, after.gsd_m) / min(before.gsd_m, after.gsd_m), 3)
    return Common(extent, _area(extent) / max(_area(own), _area(theirs)), ratio)


def pair(before: Scene, after: Scene, extent: Extent, size: tuple[int, int]) -> Pair:
    """extent: in the CRS of `before`; size: width, height in pixels. Raises RsvlmError: bad_extent, bad_raster, no_data."""
    first = before.view(extent, size)
    second = _beside(after, first, extent, size) if before.crs == after.crs else _warped(after, first, extent, size)
    valid = first.valid & second.valid
    if not valid.any():
        raise RsvlmError(
            "no_data",
            "The two rasters have no place with data in common.",
            "Choose an extent where both show something.",
        )
    return Pair(replace(first, valid=valid), replace(second, valid=valid))


def _in_crs_of(before: Scene, after: Scene) -> Extent:
    """The extent of `after` in the CRS of `before`."""
    if before.crs is None or after.crs is None:
        return after.extent
    return place.reproject_extent(after.extent, after.crs, before.crs, before.bounds)


def _beside(scene: Scene, grid: View, extent: Extent, size: tuple[int, int]) -> View:
    """A view of `scene`, which has the same CRS, perhaps at another turn of the globe, on the pixels of `grid`."""
    if grid.crs is not None:
        extent = place.reproject_extent(extent, grid.crs, grid.crs, scene.bounds)
    return replace(scene.view(extent, size), transform=grid.transform)


def _warped(scene: Scene, grid: View, extent: Extent, size: tuple[int, int]) -> View:
    """A view of `scene`, which has another CRS, on the pixels of `grid`."""
    if grid.crs is None or scene.crs is None:
        raise _apart()
    around = place.reproject_extent(extent, grid.crs, scene.crs, scene.bounds)
    view = scene.view(around, (round(size[0] * _BENEATH), round(size[1] * _BENEATH)))
    here: dict[str, Any] = {"src_transform": view.transform, "src_crs": view.crs}
    here |= {"dst_transform": grid.transform, "dst_crs": grid.crs}
    pixels = np.zeros((view.pixels.shape[0], *grid.valid.shape), np.float32)
    share = np.zeros(grid.valid.shape, np.float32)
    reproject(view.pixels * view.valid, pixels, resampling=Resampling.bilinear, **here)
    reproject(view.valid.astype(np.float32), share, resampling=Resampling.bilinear, **here)
    valid = share >= 0.5
    pixels = np.where(valid, pixels / np.maximum(share, 0.5), np.float32(0))  # what is missing does not darken its edge
    return replace(view, pixels=pixels, valid=valid, transform=grid.transform, crs=grid.crs)


def _area(extent: Extent) -> float:
    return (extent[2] - extent[0]) * (extent[3] - extent[1])


def _apart() -> RsvlmError:
    return RsvlmError(
        "bad_extent",
        "The two rasters do not overlap: there is no place that both show.",
        "Choose two dates of one place, and check their coordinate systems (Zoom to Layer).",
    )

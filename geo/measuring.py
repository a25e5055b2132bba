"""Areas and perimeters of many polygons at once, along the ellipsoid; what ground.py measures one by one."""

from __future__ import annotations

from typing import Optional

import numpy as np
import shapely
from rasterio.crs import CRS

from rsvlm.geo.ground import ring_m, to_lonlat

_LONG = 0.05  # degrees; edges of what reaches no further are as straight on the ellipsoid as on any map, to 0.01 %


def measured(shapes: np.ndarray, crs: Optional[CRS]) -> tuple[np.ndarray, np.ndarray]:
    """(n,) geodesic m² less holes, and (n,) metres of all rings, of (n,) shapely polygons in `crs`; nan where there is none."""
    areas, lengths = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
    way = to_lonlat(crs.wkt) if crs is not None else None
    if crs is None or way is None or not len(shapes):
        return areas, lengths
    lonlat, geod = way
    rings, of = shapely.get_rings(shapes, return_index=True)
    points, ring_of = shapely.get_coordinates(rings, return_index=True)
    lons, lats = lonlat(points[:, 0], points[:, 1])
    begins = np.flatnonzero(np.diff(ring_of, prepend=-1))
    reach = np.maximum(
        *(np.maximum.reduceat(axis, begins) - np.minimum.reduceat(axis, begins) for axis in (lons, lats))
    )
    areas[:], lengths[:] = 0, 0
    hole = np.diff(of, prepend=-1) == 0
    for number, (begin, end) in enumerate(zip(begins, np.append(begins[1:], len(lons)), strict=True)):
        if reach[number] < _LONG:
            area, length = geod.polygon_area_perimeter(lons[begin:end], lats[begin:end])
        else:  # or nowhere on the ellipsoid
            area, length = ring_m(rings[number], crs) or (np.nan, np.nan)
        areas[of[number]] += -abs(area) if hole[number] else abs(area)
        lengths[of[number]] += length
    return areas, lengths

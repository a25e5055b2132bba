"""How large things are on the ground: ground sample distance, lengths and areas, measured along the ellipsoid.

Everything goes through longitude and latitude of the CRS's own datum, so that degree CRS, web Mercator, feet and other
planets need no special case. Without a CRS nothing can be measured, and the answer is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Optional

import numpy as np
import pyproj
import shapely
from affine import Affine
from pyproj import Geod, Transformer
from pyproj.exceptions import CRSError, ProjError
from rasterio.crs import CRS
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.globe import closed, unit_degrees

Extent = tuple[float, float, float, float]
ToLonLat = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]  # x, y -> degrees

UP = 30.0  # degrees of a map's upwards from north, up to which compass words tell where on it something is
_STEPS = 33  # points along an edge: enough for the curvature of a parallel to vanish below 0.1 %
_PROBE = 1 / 16  # of a pixel: short enough for a pixel that spans the globe, long enough for centimetre pixels


@lru_cache(maxsize=64)
def to_lonlat(wkt: str) -> Optional[tuple[ToLonLat, Geod]]:
    """From a CRS to longitude (inf outside of the CRS's domain) and latitude on its own datum, and that datum's ellipsoid.

    None where there is no way.
    """
    try:
        crs = pyproj.CRS.from_wkt(wkt)
        if crs.is_compound:
            crs = pyproj.CRS.from_user_input(crs.sub_crs_list[0])
        geodetic, geod = crs.geodetic_crs, crs.get_geod()
        if geodetic is None or geod is None:
            return None
        way, unit = Transformer.from_crs(crs, geodetic, always_xy=True), unit_degrees(geodetic)
    except (CRSError, ProjError):
        return None

    def lonlat(xs: np.ndarray, ys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lons, lats = way.transform(xs, ys)
        return unit * np.asarray(lons), np.clip(unit * np.asarray(lats), -90.0, 90.0)

    return lonlat, geod


def _lonlat(crs: CRS, xs: np.ndarray, ys: np.ndarray) -> Optional[tuple[np.ndarray, np.ndarray, Geod]]:
    found = to_lonlat(crs.wkt)
    if found is None:
        return None
    lonlat, geod = found
    lons, lats = lonlat(xs, ys)
    return (lons, lats, geod) if np.isfinite(lons).all() else None


def _line_m(crs: CRS, xs: np.ndarray, ys: np.ndarray) -> Optional[float]:
    """Length in metres of a line given by its points in `crs`."""
    placed = _lonlat(crs, xs, ys)
    if placed is None:
        return None
    lons, lats, geod = placed
    length = float(geod.line_length(lons, lats))
    return length if math.isfinite(length) else None


def _linear(transform: Affine) -> np.ndarray:
    return np.array([[transform.a, transform.b], [transform.d, transform.e]])


def pixel_sides_m(transform: Affine, crs: Optional[CRS], width: int, height: int) -> Optional[tuple[float, float]]:
    """Metres on the ground along both sides of the pixel at the centre of a grid of width x height pixels.

    None without a CRS or outside its domain.
    """
    if crs is None:
        return None
    middle = np.array([transform.c, transform.f]) + _linear(transform) @ (width / 2, height / 2)
    half = _PROBE / 2 * _linear(transform).T  # along x, along y
    xs, ys = np.concatenate([middle - half, middle + half]).T
    placed = _lonlat(crs, xs, ys)
    if placed is None:
        return None
    lons, lats, geod = placed
    across, along = (float(length) / _PROBE for length in geod.inv(lons[:2], lats[:2], lons[2:], lats[2:])[2])
    return (across, along) if across * along > 0 else None  # neither for what is no number


def gsd_m(transform: Affine, crs: Optional[CRS], width: int, height: int) -> Optional[float]:
    """Metres on the ground per pixel at the centre of a grid of width x height pixels.

    Pixels that are not square give the geometric mean of both sides. None without a CRS or outside its domain.
    """
    sides = pixel_sides_m(transform, crs, width, height)
    return None if sides is None else math.sqrt(sides[0] * sides[1])


def ground_size_m(extent: Extent, crs: Optional[CRS]) -> Optional[tuple[float, float]]:
    """Width and height in metres of an extent (x0, y0, x1, y1 in `crs`), measured through its middle; None outside of the
    CRS's domain.
    """
    if crs is None:
        return None
    x0, y0, x1, y1 = extent
    along = np.linspace(0.0, 1.0, _STEPS)
    middle_x, middle_y = np.full(_STEPS, (x0 + x1) / 2), np.full(_STEPS, (y0 + y1) / 2)
    width = _line_m(crs, x0 + (x1 - x0) * along, middle_y)
    height = _line_m(crs, middle_x, y0 + (y1 - y0) * along)
    return (width, height) if width and height else None


def is_north_up(extent: Extent, crs: Optional[CRS]) -> bool:
    """Whether up on the map is north, by less than UP degrees, all over an extent (x0, y0, x1, y1 in `crs`); not where none
    of it is in the CRS's domain.
    """
    found = None if crs is None else to_lonlat(crs.wkt)
    if found is None:
        return False
    lonlat, geod = found
    x0, y0, x1, y1 = extent
    thirds = np.array([1, 3, 5]) / 6
    xs, ys = (flat.ravel() for flat in np.meshgrid(x0 + (x1 - x0) * thirds, y0 + (y1 - y0) * thirds))
    points = np.column_stack([*lonlat(xs, ys), *lonlat(xs, ys + (y1 - y0) * _PROBE)])
    known = points[np.isfinite(points).all(axis=1)]
    azimuths = np.asarray(geod.inv(*known.T)[0])
    return bool(len(known)) and bool((np.abs(azimuths) < UP).all())


def area_m2(geometry: BaseGeometry | Mapping[str, Any], crs: Optional[CRS]) -> Optional[float]:
    """Geodesic square metres of polygons (shapely or GeoJSON, in `crs`), less their holes; 0 for points and lines."""
    if crs is None:
        return None
    shape = geometry if isinstance(geometry, BaseGeometry) else shapely.geometry.shape(geometry)
    total = 0.0
    for polygon in _polygons(shape):
        rings = [ring_m(ring, crs) for ring in (polygon.exterior, *polygon.interiors)]
        known = [ring[0] for ring in rings if ring is not None]
        if len(known) < len(rings):
            return None
        total += known[0] - sum(known[1:])
    return total


def _polygons(shape: BaseGeometry) -> list[shapely.Polygon]:
    parts = shapely.get_parts(shape, return_index=False)
    found: list[shapely.Polygon] = []
    for part in parts:
        if isinstance(part, shapely.Polygon):
            if not part.is_empty:
                found.append(part)
        elif hasattr(part, "geoms"):
            found.extend(_polygons(part))
    return found


def ring_m(ring: shapely.LinearRing, crs: CRS) -> Optional[tuple[float, float]]:
    """Square metres inside one ring, and metres along it; None outside of the CRS's domain.

    Long edges get points in between: straight in the CRS is not straight on the ellipsoid. So even what is wider than half
    of the globe keeps its side of it.
    """
    x0, y0, x1, y1 = ring.bounds
    points = shapely.get_coordinates(shapely.segmentize(ring, max(x1 - x0, y1 - y0) / (_STEPS - 1) or 1.0))
    placed = _lonlat(crs, points[:, 0], points[:, 1])
    if placed is None:
        return None
    lons, lats, geod = placed
    area, length = geod.polygon_area_perimeter(lons, lats)
    flat = np.column_stack([lons, lats])
    if not crs.is_geographic:
        flat = closed(flat, ring.is_ccw)
    if np.ptp(flat[:, 0]) > 180.0:  # of two parts of the ellipsoid, geod measures the smaller one
        equal_area = np.column_stack([np.radians(flat[:, 0]), np.sin(np.radians(flat[:, 1]))])
        if shapely.Polygon(equal_area).area > 2 * math.pi:
            area = 2 * abs(geod.polygon_area_perimeter([0, 90, 180, 270], [0, 0, 0, 0])[0]) - abs(area)
    return abs(float(area)), float(length)

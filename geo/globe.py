"""Shapes brought into longitude and latitude, where the antimeridian and the poles tear apart what is whole on a map."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

TURNS = (-360.0, 0.0, 360.0)
LONG = 0.05  # degrees; edges of what reaches no further are as straight on the ellipsoid as on any map, to 0.01 %
_STEPS = 32  # along a side of what reaches further: straight in one CRS is not straight in another
_AT_POLE = 1e-9  # degrees
_GRID = 1e-11  # degrees, on which both ends of what goes round a pole meet again


def ends_in_degrees(way: Transformer) -> bool:
    """Whether it leads to longitude and latitude in degrees."""
    return math.isclose(unit_degrees(way.target_crs), 1.0)


def unit_degrees(crs: Optional[CRS]) -> float:
    """Degrees in the unit of a geographic CRS, which may be grads; 0 for others."""
    return math.degrees(crs.axis_info[0].unit_conversion_factor) if crs is not None and crs.is_geographic else 0.0


def points(xy: np.ndarray, way: Transformer) -> np.ndarray:
    """(n, 2) by `way`. Raises ProjError outside of its domain."""
    there = np.column_stack(way.transform(xy[:, 0], xy[:, 1]))
    if not np.isfinite(there).all():
        raise ProjError("Points lie outside of the domain of a coordinate system.")
    return there


def carried(shape: BaseGeometry, way: Transformer) -> BaseGeometry:
    """A shape in another CRS, with points between the corners of what is large.

    In degrees it is whole: longitudes go on beyond 180, and what encloses a pole reaches up to it, 360 degrees wide.
    Raises ProjError outside of the domain.
    """
    if not ends_in_degrees(way):
        return shapely.transform(_dense(shape), lambda xy: points(xy, way))
    if unit := unit_degrees(way.source_crs):
        return shapely.transform(shape, lambda xy: _as_before(xy, way, unit))
    if hasattr(shape, "geoms"):
        return shapely.union_all([carried(part, way) for part in shape.geoms])
    if isinstance(shape, shapely.Polygon) and not shape.is_empty:
        whole, *holes = (_disc(ring, way) for ring in (shape.exterior, *shape.interiors))
        return whole.difference(shapely.union_all([translate(hole, turn) for hole in holes for turn in TURNS]))
    there = shapely.transform(_dense(shape), lambda xy: points(xy, way))
    return shapely.transform(there, lambda xy: np.column_stack([np.unwrap(xy[:, 0], period=360), xy[:, 1]]))


def cut(shape: BaseGeometry) -> BaseGeometry:
    """Into parts from -180 to 180 degrees (RFC 7946, section 3.1.9)."""
    x0, _y0, x1, _y1 = shape.bounds
    if x0 >= -180 and x1 <= 180:
        return shape
    if not shape.is_valid:
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    parts = [translate(shape.intersection(shapely.box(-180 - turn, -90, 180 - turn, 90)), turn) for turn in TURNS]
    return shapely.union_all(shapely.get_parts(parts), grid_size=_GRID if x1 - x0 > 359 else None)


def closed(lonlat: np.ndarray, ccw: bool) -> np.ndarray:
    """(m, 2) of a ring on a map, (n, 2) in degrees, without jumps; closed over the pole that it touches or winds round.

    ccw: which way it runs on the map. Neighbouring points are less than half a turn apart.
    """
    at_pole = np.flatnonzero(np.abs(lonlat[:-1, 1]) >= 90 - _AT_POLE)
    pole = 0.0
    if len(at_pole) == 1:  # its longitude means nothing; on maps whose edge is a pole there are more
        pole = math.copysign(90, lonlat[at_pole[0], 1])
        lonlat = np.roll(lonlat[:-1], -at_pole[0], axis=0)[1:]
    lons, lats = np.unwrap(lonlat[:, 0], period=360), lonlat[:, 1]
    if not pole and abs(lons[-1] - lons[0]) > 180:  # inside is on the left of what runs counter-clockwise
        pole = 90.0 if (lons[-1] > lons[0]) == ccw else -90.0
    if pole:
        lons, lats = np.append(lons, [lons[-1], lons[0], lons[0]]), np.append(lats, [pole, pole, lats[0]])
        lons -= 360 * np.floor((lons.min() + 180) / 360)  # whichever way it winds, its west end is on the map
    return np.column_stack([lons, lats])


def _as_before(xy: np.ndarray, way: Transformer, unit: float) -> np.ndarray:
    """Degrees that are as far round as they were in a geographic CRS of that unit, which knows no jumps."""
    lons, lats = points(xy, way).T
    return np.column_stack([lons + 360 * np.rint((unit * xy[:, 0] - lons) / 360), lats])


def _disc(ring: shapely.LinearRing, way: Transformer) -> BaseGeometry:
    """What a ring encloses."""
    lonlat = closed(points(shapely.get_coordinates(_dense(ring)), way), ring.is_ccw)
    if np.ptp(lonlat, axis=0).max() <= LONG:  # vertices that neighbours share stay the only ones
        lonlat = closed(points(shapely.get_coordinates(ring), way), ring.is_ccw)
    return shapely.make_valid(shapely.Polygon(lonlat), method="structure", keep_collapsed=False)


def _dense(shape: BaseGeometry) -> BaseGeometry:
    x0, y0, x1, y1 = shape.bounds
    side = max(x1 - x0, y1 - y0)  # nan of what is empty
    return shapely.segmentize(shape, side / _STEPS if side > 0 else 1.0)

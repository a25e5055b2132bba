"""Places of documents: GeoJSON in longitude and latitude (WGS84), to and from other CRS, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from rsvlm.protocol import RsvlmError

WGS84 = "EPSG:4326"
NOWHERE: dict[str, Any] = {"type": "GeometryCollection", "geometries": []}
_EDGE_POINTS = 20


def checked(geojson: Any, where: str) -> dict[str, Any]:
    """Points, lines or polygons in longitude and latitude. Raises RsvlmError (bad_request) naming `where`."""
    try:
        shape = shapely.force_2d(shapely.geometry.shape(geojson))
        xy = shapely.get_coordinates(shape)
        fine = len(xy) > 0 and bool(np.isfinite(xy).all() and (np.abs(xy) <= (360.0, 90.0)).all())
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError):
        fine = False
    if not fine:
        raise RsvlmError(
            "bad_request", f"The place in {where} cannot be read.", "Give lon and lat, or GeoJSON, in degrees (WGS84)."
        )
    return dict(shapely.geometry.mapping(shape))


def moved(geojson: Mapping[str, Any], crs: str, to: str) -> dict[str, Any] | None:
    """The same place in another CRS; None where that CRS does not reach. crs, to: WKT or WGS84."""
    shape = shapely.geometry.shape(geojson)
    if crs != to:
        x0, y0, x1, y1 = shape.bounds
        step = max(x1 - x0, y1 - y0) / _EDGE_POINTS
        shape = _projected([shapely.segmentize(shape, step) if step else shape], _way(crs, to))[0]
    if not np.isfinite(shapely.get_coordinates(shape)).all():
        return None
    if CRS.from_user_input(to).is_geographic and shape.bounds[2] - shape.bounds[0] > 180:  # over the antimeridian
        shape = shapely.transform(shape, lambda xy: np.column_stack([xy[:, 0] % 360, xy[:, 1]]))
    return dict(shapely.geometry.mapping(shape))


def distances_m(place: Mapping[str, Any], shapes: Sequence[BaseGeometry]) -> np.ndarray:
    """(n,) metres on the ground from `place` to each shape, 0 where they meet. All in longitude and latitude.

    Measured on a plane about the middle of `place`, on which distances from there are true.
    """
    here = shapely.geometry.shape(place)
    middle = here.centroid
    plane = f"+proj=aeqd +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m"
    way = _way(WGS84, plane)
    return np.asarray(shapely.distance(_projected([here], way)[0], _projected(shapes, way)))


def _way(crs: str, to: str) -> Transformer:
    try:
        return Transformer.from_crs(crs, to, always_xy=True)
    except (CRSError, ProjError) as error:
        raise RsvlmError(
            "bad_request", "There is no way from the raster's CRS to longitude and latitude.", "Choose another raster."
        ) from error


def _projected(shapes: Sequence[BaseGeometry], way: Transformer) -> np.ndarray:
    """(n,) of shapes."""
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return np.asarray(shapely.transform(array, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1]))))

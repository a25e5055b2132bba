"""Places of documents: GeoJSON in longitude and latitude (WGS84), to and from other CRS, and how far apart they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.globe import TURNS, carried
from rsvlm.protocol import RsvlmError

WGS84 = "EPSG:4326"
NOWHERE: dict[str, Any] = {"type": "GeometryCollection", "geometries": []}
_EDGE = 0.25  # degrees; straight in degrees is not straight on a plane


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
    """The same place in another CRS; None where that CRS does not reach, or no way leads there. crs, to: WKT or WGS84."""
    shape = shapely.geometry.shape(geojson)
    try:
        if crs != to:
            shape = carried(shape, Transformer.from_crs(crs, to, always_xy=True))
    except ProjError:
        return None
    return dict(shapely.geometry.mapping(shape))


def distances_m(place: Mapping[str, Any], shapes: Sequence[BaseGeometry]) -> np.ndarray:
    """(n,) metres on the ground from `place` to each shape, 0 where they meet. All in longitude and latitude.

    Measured on a plane about the middle of `place`, on which distances from there are true.
    """
    here = shapely.geometry.shape(place)
    middle = here.centroid
    plane = f"+proj=aeqd +lat_0={middle.y} +lon_0={middle.x} +datum=WGS84 +units=m"
    way = Transformer.from_crs(WGS84, plane, always_xy=True)
    array = np.empty(len(shapes) + 1, dtype=object)
    array[:] = [here, *shapes]
    flat = shapely.transform(
        shapely.segmentize(array, _EDGE), lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1]))
    )
    met = np.any([shapely.intersects(translate(here, turn), array[1:]) for turn in TURNS], axis=0)
    return np.where(
        met, 0.0, shapely.distance(flat[0], flat[1:])
    )  # no plane holds what is on the other side of the earth

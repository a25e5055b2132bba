"""Shapes brought into another CRS, or to longitude and latitude in parts where the antimeridian divides them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.globe import LONG, carried, cut, ends_in_degrees, points
from rsvlm.protocol import RsvlmError


def moved(shapes: Sequence[Optional[BaseGeometry]], crs: Optional[str], to: str) -> list[Optional[BaseGeometry]]:
    """From one CRS into another (WKT); crs None: there is none. Vertices that neighbours share stay shared.

    In degrees long edges get points in between. Raises RsvlmError (bad_request) where there is no way.
    """
    if crs is None:
        raise RsvlmError(
            "bad_request", "The raster has no coordinate system, so its features cannot be brought into another.",
            "Leave out --to-crs.",
        )  # fmt: skip
    try:
        return _moved(shapes, crs, to)
    except ProjError as error:
        raise RsvlmError(
            "bad_request",
            "The features cannot be brought into that coordinate system: they lie where it is not defined.",
            "Choose one of that place, such as its UTM zone, or EPSG:4326.",
        ) from error


def in_degrees(shapes: Sequence[Optional[BaseGeometry]], crs: str) -> list[Optional[BaseGeometry]]:
    """Longitude and latitude, WGS84. Raises RsvlmError (bad_request) where there is no way."""
    try:
        return _moved(shapes, crs, "EPSG:4326")
    except ProjError as error:
        raise RsvlmError(
            "bad_request",
            "GeoJSON is in longitude and latitude, and there is no way from the raster's coordinate system to these.",
            "Use .gpkg, .fgb or .shp.",
        ) from error


def _moved(shapes: Sequence[Optional[BaseGeometry]], crs: str, to: str) -> list[Optional[BaseGeometry]]:
    """Raises ProjError."""
    way = Transformer.from_crs(crs, to, always_xy=True)
    given = np.array([*shapes, None], object)[:-1]  # an array of shapes even if there are none
    there = shapely.transform(given, lambda xy: points(xy, way))
    if ends_in_degrees(way):
        x0, y0, x1, y1 = shapely.bounds(there).T
        for number in np.flatnonzero((np.maximum(x1 - x0, y1 - y0) > LONG) | (x0 < -180) | (x1 > 180)):
            there[number] = cut(carried(given[number], way))
    broken = ~shapely.is_valid(there) & ~shapely.is_missing(there)
    there[broken] = shapely.make_valid(there[broken], method="structure", keep_collapsed=False)
    return list(there)

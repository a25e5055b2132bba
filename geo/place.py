"""Where one looks: coordinate systems, extents and areas as a request gives them, brought into the scene's own CRS."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, Optional

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.exceptions import ProjError
from rasterio.crs import CRS
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.globe import TURNS, carried
from rsvlm.geo.ground import Extent
from rsvlm.protocol import RsvlmError

_EDGE_POINTS = 21
_ROUNDING = 1e-9  # of a side of the raster
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9_]*):([A-Za-z0-9]+)")


def parse_crs(text: str) -> CRS:
    """A CRS from WKT or "EPSG:N". Raises bad_request.

    Nothing else is tried: GDAL takes other words for a file or an address, and opens it.
    """
    authority = _AUTHORITY.fullmatch(text.strip())
    try:
        crs = CRS.from_authority(*authority.groups()) if authority else CRS.from_wkt(text)
    except ValueError as error:  # a CRSError, or an EPSG code that is no number
        shown = text if len(text) <= 40 else text[:37] + "..."
        raise RsvlmError(
            "bad_request",
            f"The coordinate system {shown!r} is not known.",
            "Give an EPSG code such as EPSG:32633, or WKT.",
        ) from error
    if not crs:
        raise RsvlmError(
            "bad_request", "The coordinate system is empty.", "Give an EPSG code such as EPSG:32633, or WKT."
        )
    if crs.to_wkt().startswith(("VERT_CS", "GEOCCS")):
        raise RsvlmError(
            "bad_request",
            "The coordinate system is one of heights or of the whole earth, not of a map.",
            "Give a geographic or projected one, such as EPSG:4326 or EPSG:32633.",
        )
    return crs


def checked_extent(values: Sequence[float]) -> Extent:
    """x0, y0, x1, y1 with x0 < x1 and y0 < y1. Raises bad_extent."""
    hint = "Give it as x0 y0 x1 y1: left, bottom, right, top."
    numbers = tuple(float(value) for value in values if isinstance(value, (int, float)))
    if len(numbers) != 4 or len(values) != 4:
        raise RsvlmError("bad_extent", "An extent has four numbers.", hint)
    if not all(math.isfinite(number) for number in numbers):
        raise RsvlmError("bad_extent", "The extent holds a value that is not a finite number.", hint)
    x0, y0, x1, y1 = numbers
    if x0 == x1 or y0 == y1:
        raise RsvlmError("bad_extent", "The extent is empty: it has no width or no height.", "Draw a larger one.")
    if x0 > x1 or y0 > y1:
        raise RsvlmError("bad_extent", "The extent is inverted: its first corner is not the lower left one.", hint)
    return x0, y0, x1, y1


def reproject_extent(extent: Extent, crs: CRS, to: CRS, bounds: Extent) -> Extent:
    """The bounding extent in another CRS, at the turn of the globe nearest the raster's bounds. Raises bad_extent."""
    if crs == to:
        return _nearest_turn(extent, to, bounds)
    x0, y0, x1, y1 = _transformer(crs, to).transform_bounds(*extent, densify_pts=_EDGE_POINTS, errcheck=False)
    if not all(math.isfinite(value) for value in (x0, y0, x1, y1)):
        raise _no_way(crs, to)
    if x0 > x1 and to.is_geographic:  # over the antimeridian
        x1 += 360.0
    return _nearest_turn((x0, y0, x1, y1), to, bounds)


def clip(extent: Extent, bounds: Extent) -> Extent:
    """What an extent and the raster share. Raises bad_extent if that is nothing, or too little to be more than rounding."""
    x0, y0 = max(extent[0], bounds[0]), max(extent[1], bounds[1])
    x1, y1 = min(extent[2], bounds[2]), min(extent[3], bounds[3])
    if x1 - x0 <= _ROUNDING * (bounds[2] - bounds[0]) or y1 - y0 <= _ROUNDING * (bounds[3] - bounds[1]):
        raise RsvlmError(
            "bad_extent",
            "The extent lies outside the raster.",
            "Move to where the raster is (Zoom to Layer), and check the coordinate system of the extent.",
        )
    return x0, y0, x1, y1


def reproject_area(geojson: Mapping[str, Any], crs: Optional[CRS], to: Optional[CRS], bounds: Extent) -> BaseGeometry:
    """The polygon of a request as a valid geometry in the scene's CRS; of one in degrees, what lies within its bounds.

    Raises bad_request or bad_extent.
    """
    try:
        shape = shapely.geometry.shape(geojson)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.errors.ShapelyError) as error:
        raise RsvlmError(
            "bad_request", "The area is not a GeoJSON polygon.", "Give a Polygon or MultiPolygon."
        ) from error
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise RsvlmError(
            "bad_request", f"The area is a {shape.geom_type}, not a polygon.", "Give a Polygon or MultiPolygon."
        )
    if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
        raise RsvlmError("bad_extent", "The area is empty.", "Draw a polygon that encloses something.")
    shape = shapely.make_valid(shapely.force_2d(shape), method="structure", keep_collapsed=False)
    if crs is not None and to is not None and crs != to:
        try:
            shape = carried(shape, _transformer(crs, to))
        except ProjError as error:
            raise _no_way(crs, to) from error
        shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    if shape.area <= 0:
        raise RsvlmError("bad_extent", "The area is empty.", "Draw a polygon that encloses something.")
    return _at_every_turn(shape, bounds) if to is not None and to.is_geographic else shape


def _at_every_turn(shape: BaseGeometry, bounds: Extent) -> BaseGeometry:
    """What of a shape in degrees lies within the raster's bounds, wherever on its turns; all of it where nothing does."""
    turned = shapely.get_parts([translate(shape, turn).intersection(shapely.box(*bounds)) for turn in TURNS])
    areas = turned[shapely.area(turned) > 0]
    return shapely.union_all(areas) if len(areas) else shape


def _transformer(crs: CRS, to: CRS) -> Transformer:
    try:
        return Transformer.from_crs(crs.to_wkt(), to.to_wkt(), always_xy=True)
    except ProjError as error:
        raise _no_way(crs, to) from error


def _no_way(crs: CRS, to: CRS) -> RsvlmError:
    return RsvlmError(
        "bad_extent",
        f"The extent cannot be converted from {_name(crs)} to the raster's {_name(to)}.",
        "Give it in the raster's own coordinate system, or check that it lies where its coordinate system is defined.",
    )


def _name(crs: CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else "coordinate system"


def _nearest_turn(extent: Extent, crs: CRS, bounds: Extent) -> Extent:
    """Longitudes run from -180 to 180 in one raster and from 0 to 360 in another: the turn with the largest overlap."""
    if not crs.is_geographic:
        return extent
    turns = [(extent[0] + turn, extent[1], extent[2] + turn, extent[3]) for turn in (0.0, 360.0, -360.0)]
    return max(turns, key=lambda e: min(e[2], bounds[2]) - max(e[0], bounds[0]))

"""Shapes brought into another CRS, or to longitude and latitude in parts where the antimeridian divides them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Optional

import numpy as np
import shapely
import shapely.affinity
from pyproj import Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from rsvlm.protocol import RsvlmError


def moved(shapes: Sequence[Optional[BaseGeometry]], crs: Optional[str], to: str) -> list[Optional[BaseGeometry]]:
    """From one CRS into another (WKT); crs None: there is none. Vertices that neighbours share stay shared.

    Raises RsvlmError (bad_request) where there is no way.
    """
    if crs is None:
        raise RsvlmError(
            "bad_request", "The raster has no coordinate system, so its features cannot be brought into another.",
            "Leave out --to-crs.",
        )  # fmt: skip
    try:
        way = Transformer.from_crs(crs, to, always_xy=True)
    except ProjError as error:
        raise _no_way() from error
    given = np.array([*shapes, None], object)[:-1]  # an array of shapes even if there are none
    there = shapely.transform(given, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))
    if not np.isfinite(shapely.get_coordinates(there)).all():
        raise _no_way()
    broken = ~shapely.is_valid(there) & ~shapely.is_missing(there)
    there[broken] = shapely.make_valid(there[broken], method="structure", keep_collapsed=False)
    return list(there)


def _no_way() -> RsvlmError:
    return RsvlmError(
        "bad_request",
        "The features cannot be brought into that coordinate system: they lie where it is not defined.",
        "Choose one of that place, such as its UTM zone, or EPSG:4326.",
    )


def in_degrees(shape: Any, crs: str) -> Any:
    """Longitude and latitude, WGS84; in parts where the antimeridian divides it (RFC 7946, section 3.1.9)."""
    way = _to_degrees(crs)
    there = shapely.transform(shape, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1])))
    if there.bounds[2] - there.bounds[0] > 180:  # its points lie on both sides
        there = shapely.transform(there, lambda xy: np.column_stack([xy[:, 0] % 360, xy[:, 1]]))
    if there.bounds[0] >= -180 and there.bounds[2] <= 180:
        return there
    parts = [
        shapely.affinity.translate(there.intersection(shapely.box(-180 - away, -90, 180 - away, 90)), away)
        for away in (-360, 0, 360)
    ]
    return shapely.union_all(parts)


@lru_cache(maxsize=8)
def _to_degrees(crs: str) -> Transformer:
    return Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

"""Polygons of a user's own file: GeoPackage, shapefile or GeoJSON, with what is said of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import shapely
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.vector_files import DRIVERS, pyogrio
from rsvlm.protocol import RsvlmError, restore_shapefiles


@dataclass(frozen=True)
class Features:
    """shapes: in `crs` (WKT, None where the file has none), one for each row. fields: name -> values, one for each row."""

    shapes: list[Optional[BaseGeometry]]
    fields: dict[str, list[Any]]
    crs: Optional[str]


def read_features(path: Path) -> Features:
    """The first layer of a file. Raises RsvlmError: bad_request, not_found."""
    if path.suffix.lower() not in DRIVERS:
        raise RsvlmError("bad_request", f"{path.name} is no vector file.", f"Give one ending in {', '.join(DRIVERS)}.")
    if path.suffix.lower() == ".shp" and path.parent.is_dir():
        restore_shapefiles(path.parent)
    if not path.is_file():
        raise RsvlmError("not_found", f"There is no file {path}.", "Check the path.")
    raw, errors = pyogrio()
    try:
        about, _, shapes, columns = raw.read(str(path), force_2d=True)
    except errors as error:
        raise RsvlmError("bad_request", f"{path.name} cannot be read.", "Open it in QGIS to check it.") from error
    if shapes is None:
        raise RsvlmError("bad_request", f"{path.name} has no geometries.", "Give a layer of polygons.")
    fields = {str(name): values.tolist() for name, values in zip(about["fields"], columns)}
    return Features(list(shapely.from_wkb(shapes)), fields, about["crs"])

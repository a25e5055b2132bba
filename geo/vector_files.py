"""Evidence as a vector file: GeoPackage, GeoJSON, FlatGeobuf, shapefile, or a CSV of its attributes; nothing is lost silently.

GeoJSON is WGS84 (RFC 7946); the others keep the source's CRS, or take another one. See docs/masks.md.
"""

from __future__ import annotations

import csv
import json
import os
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional, Union

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.moving import in_degrees, moved
from rsvlm.geo.place import parse_crs
from rsvlm.geo.staging import beside
from rsvlm.protocol import Evidence, RsvlmError, restore_shapefiles, shapefile_parts

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON", ".fgb": "FlatGeobuf"}
ENDINGS = (*DRIVERS, ".csv")
# name: type; all but these are text. The order is that of the file.
_NUMBERS: dict[str, Any] = {"score": float, "area_m2": float, "perimeter_m": float, "count": np.int64}
FIELDS = (
    "label", "phrase", "kind", "score", "area_m2", "perimeter_m", "count", "text", "source", "model", "revision", "acquired",
    "created",
)  # fmt: skip
_OF_ALL = ("model", "revision", "acquired", "created")  # told of the answer, not of each feature
SHORT = {"perimeter_m": "perim_m"}  # in a shapefile, whose names have ten characters at most
_LONGEST = 254  # bytes of a text in a shapefile
_BEFORE = ("GDAL_CONFIG_FILE", "GDAL_SKIP")  # limits for what GDAL may open in this process; a shapefile is beyond them


def check_target(
    path: Path, overwrite: bool, endings: Collection[str] = ENDINGS, read: Collection[Union[Path, str]] = ()
) -> None:
    """Raises RsvlmError (bad_request) for a file that could not be written, before any work is done for it.

    read: what the work itself reads, and would destroy.
    """
    if path.suffix.lower() not in endings:
        raise RsvlmError(
            "bad_request", f"Results cannot be written to {path.name}.", f"Use a name ending in {', '.join(endings)}."
        )
    if not path.parent.is_dir():
        raise RsvlmError("bad_request", f"There is no folder {path.parent}.", "Make it, or name another one.")
    ending = path.suffix.lower()
    if ending == ".shp":
        restore_shapefiles(path.parent)
    there = [file for file in (shapefile_parts(path)[::-1] if ending == ".shp" else [path]) if file.exists()]
    if there and not overwrite:
        raise RsvlmError(
            "bad_request",
            f"The file {there[0]} is there already.",
            "Take another name, or add --overwrite to replace it.",
        )
    if any(path.exists() and os.path.exists(one) and os.path.samefile(path, one) for one in read):
        raise RsvlmError("bad_request", f"{path.name} is what the result is made from.", "Take another name.")
    if ending == ".gpkg" and path.with_name(path.name + "-wal").exists():
        raise RsvlmError(
            "bad_request", f"{path.name} is open in another program.", "Close it there, or take another name."
        )


def check_degrees(path: Path, crs: Optional[str]) -> None:
    """Raises RsvlmError (bad_request) for a GeoJSON file of features whose CRS (WKT) is a local one or of another planet."""
    if path.suffix.lower() == ".geojson" and crs is not None:
        in_degrees([], crs)


def target_crs(path: Path, text: Optional[str]) -> Optional[str]:
    """WKT of the CRS that a file is to be in, given as parse_crs takes it; None where it keeps the source's own.

    Raises RsvlmError (bad_request).
    """
    if text is None:
        return None
    crs = parse_crs(text)
    if path.suffix.lower() not in DRIVERS or (path.suffix.lower() == ".geojson" and crs.to_epsg() != 4326):
        what = "is in WGS84 always" if path.suffix.lower() == ".geojson" else "takes no other coordinate system"
        raise RsvlmError("bad_request", f"A {path.suffix} file {what}.", "Use .gpkg, .fgb or .shp.")
    return str(crs.to_wkt())


def write_evidence(
    path: Path, evidence: Sequence[Evidence], crs: Optional[str], about: Mapping[str, Any], to: Optional[str] = None
) -> None:
    """crs: WKT of the geometries, None for pixels. about: how the answer came to be; GeoJSON keeps all of it. to: of
    `target_crs`. A document without a place becomes a feature without a geometry.

    Raises RsvlmError (bad_request) if the file cannot be written, or cannot hold what is to be in it.
    """
    ending = path.suffix.lower()
    shapes = [_shape(item) for item in evidence]
    rows = [_row(item, about) for item in evidence]
    if ending == ".shp":
        _refuse_for_shapefile(rows, shapes)
    if to is not None and ending != ".geojson":
        shapes = moved(shapes, crs, to)
    with beside(path) as inside:
        if ending == ".geojson":
            inside.write_text(json.dumps(_geojson(rows, shapes, crs, about), ensure_ascii=False), "utf-8")
        elif ending == ".csv":
            with inside.open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([FIELDS, *([row[name] for name in FIELDS] for row in rows)])
        else:
            _by_gdal(inside, rows, shapes, to or crs)


def _row(item: Evidence, about: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a feature, None where there is nothing to tell."""
    return {name: _text(about.get(name)) if name in _OF_ALL else getattr(item, name) for name in FIELDS}


def _text(value: Any) -> Optional[str]:
    """Of two dates, both."""
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value if item is not None) or None
    return None if value is None else str(value)


def _refuse_for_shapefile(rows: Sequence[Mapping[str, Any]], shapes: Sequence[Optional[BaseGeometry]]) -> None:
    if not _are_areas(shapes):
        raise RsvlmError(
            "bad_request",
            "A shapefile holds one type of geometry, and these features have several or none.",
            "Use .gpkg, .fgb or .geojson.",
        )
    for name in FIELDS:
        if name not in _NUMBERS and any(len((row[name] or "").encode()) > _LONGEST for row in rows):
            raise RsvlmError(
                "bad_request",
                f"A shapefile holds texts of {_LONGEST} bytes at most, and one in “{name}” is longer.",
                "Use .gpkg, .fgb or .geojson.",
            )


def _are_areas(shapes: Sequence[Optional[BaseGeometry]]) -> bool:
    return all(shape is not None and shape.geom_type in ("Polygon", "MultiPolygon") for shape in shapes)


def _geojson(
    rows: Sequence[Mapping[str, Any]],
    shapes: Sequence[Optional[BaseGeometry]],
    crs: Optional[str],
    about: Mapping[str, Any],
) -> dict[str, Any]:
    features = []
    for row, shape in zip(rows, shapes if crs is None else in_degrees(shapes, crs)):
        geometry = None if shape is None else shapely.geometry.mapping(shapely.orient_polygons(shape))
        features.append({"type": "Feature", "properties": dict(row), "geometry": geometry})
    return {"type": "FeatureCollection", "features": features, "rsvlm": dict(about)}


def _shape(item: Evidence) -> Optional[BaseGeometry]:
    shape = shapely.geometry.shape(item.geometry)
    return None if shape.is_empty else shape


def _by_gdal(
    path: Path, rows: Sequence[Mapping[str, Any]], shapes: Sequence[Optional[BaseGeometry]], crs: Optional[str]
) -> None:
    ending = path.suffix.lower()
    areas = _are_areas([shape for shape in shapes if shape is not None])
    names = [SHORT.get(name, name) if ending == ".shp" else name for name in FIELDS]
    columns = [np.array([row[name] for row in rows], dtype=_NUMBERS.get(name, object)) for name in FIELDS]
    options = {"SPATIAL_INDEX": "NO"} if ending == ".fgb" and None in shapes else {}
    raw, errors = pyogrio()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that there is no CRS is said in the answer
            raw.write(
                str(path),
                np.array([shapely.to_wkb(shape) for shape in shapes], dtype=object),  # None stays None
                field_data=columns,
                fields=np.array(names, dtype=object),
                crs=crs,
                driver=DRIVERS[ending],
                geometry_type="MultiPolygon" if areas else "Unknown",
                promote_to_multi=areas,
                encoding="UTF-8",
                layer_options=options,
            )
    except errors as error:
        raise RsvlmError(
            "bad_request", f"The file {path.name} cannot be written by this GDAL.", "Write a .geojson instead."
        ) from error


def pyogrio() -> tuple[Any, Any]:
    """pyogrio's raw functions and its errors. It starts a GDAL of its own, without the limits on what rasters may be."""
    limits = {name: os.environ.pop(name) for name in _BEFORE if name in os.environ}
    try:
        from pyogrio import raw
        from pyogrio.errors import DataLayerError, DataSourceError
    finally:
        os.environ.update(limits)
    return raw, (DataSourceError, DataLayerError)

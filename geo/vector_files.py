"""Evidence as a vector file: GeoPackage, shapefile or GeoJSON, written beside and renamed; what is there is never lost.

GeoJSON is WGS84 (RFC 7946); the others keep the source's CRS.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import warnings
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
import shapely
import shapely.affinity
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from rsvlm.protocol import Evidence, RsvlmError

DRIVERS = {".gpkg": "GPKG", ".shp": "ESRI Shapefile", ".geojson": "GeoJSON"}
FIELDS = ("label", "kind", "score", "area_m2", "count", "text", "source")
_BEFORE = "GDAL_CONFIG_FILE"  # limits for what GDAL may open in this process; a shapefile is beyond them


def check_target(path: Path, overwrite: bool, endings: Collection[str] = tuple(DRIVERS)) -> None:
    """Raises RsvlmError (bad_request) for a file that could not be written, before any work is done for it."""
    if path.suffix.lower() not in endings:
        raise RsvlmError(
            "bad_request", f"Results cannot be written to {path.name}.", f"Use a name ending in {', '.join(endings)}."
        )
    if not path.parent.is_dir():
        raise RsvlmError("bad_request", f"There is no folder {path.parent}.", "Make it, or name another one.")
    there = [file for file in _files(path) if file.exists()]
    if there and not overwrite:
        raise RsvlmError(
            "bad_request",
            f"The file {there[0]} is there already.",
            "Take another name, or add --overwrite to replace it.",
        )


def _files(path: Path) -> list[Path]:
    """The file, and those that belong to it."""
    companions = (".shx", ".dbf", ".prj", ".cpg") if path.suffix.lower() == ".shp" else ()
    return [path, *(path.with_suffix(suffix) for suffix in companions)]


def write_evidence(path: Path, evidence: Sequence[Evidence], crs: Optional[str], about: Mapping[str, Any]) -> None:
    """crs: WKT of the geometries, None for pixels. about: how the answer came to be, kept in GeoJSON. A document without a
    place becomes a feature without a geometry.

    Raises RsvlmError (bad_request) if the file cannot be written.
    """
    stage = Path(tempfile.mkdtemp(prefix=".rsvlm-", dir=path.parent))
    try:
        inside = stage / path.name
        if path.suffix.lower() == ".geojson":
            inside.write_text(json.dumps(_geojson(evidence, crs, about), ensure_ascii=False), "utf-8")
        else:
            _by_gdal(inside, evidence, crs)
        # The file itself is the last one: it is there only with its companions.
        for file in sorted(stage.iterdir(), key=lambda file: file.name == path.name):
            os.replace(file, path.parent / file.name)
    except OSError as error:
        raise RsvlmError("bad_request", f"The file {path} cannot be written.", "Choose a place that can.") from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _geojson(evidence: Sequence[Evidence], crs: Optional[str], about: Mapping[str, Any]) -> dict[str, Any]:
    features = []
    for item in evidence:
        properties = {name: getattr(item, name) for name in FIELDS}
        shape = _shape(item)
        if shape is not None and crs is not None:
            shape = _in_degrees(shape, crs)
        geometry = None if shape is None else shapely.geometry.mapping(shapely.orient_polygons(shape))
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    return {"type": "FeatureCollection", "features": features, "rsvlm": dict(about)}


def _shape(item: Evidence) -> Optional[BaseGeometry]:
    shape = shapely.geometry.shape(item.geometry)
    return None if shape.is_empty else shape


def _in_degrees(shape: Any, crs: str) -> Any:
    """Longitude and latitude, WGS84; in parts where the antimeridian divides it (RFC 7946, section 3.1.9)."""
    way = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
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


def _by_gdal(path: Path, evidence: Sequence[Evidence], crs: Optional[str]) -> None:
    driver = DRIVERS[path.suffix.lower()]
    shapes = [_shape(item) for item in evidence]
    areas = all(shape is None or shape.geom_type in ("Polygon", "MultiPolygon") for shape in shapes)
    columns = [np.array([getattr(item, name) for item in evidence], dtype=_type(name)) for name in FIELDS]
    raw, errors = pyogrio()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that there is no CRS is said in the answer
            raw.write(
                str(path),
                np.array([shapely.to_wkb(shape) for shape in shapes], dtype=object),  # None stays None
                field_data=columns,
                fields=np.array(FIELDS, dtype=object),
                crs=crs,
                driver=driver,
                geometry_type="MultiPolygon" if areas else "Unknown",
                promote_to_multi=areas,
                encoding="UTF-8",
            )
    except errors as error:
        raise RsvlmError(
            "bad_request", f"The file {path.name} cannot be written by this GDAL.", "Write a .geojson instead."
        ) from error


def _type(name: str) -> Any:
    return {"score": float, "area_m2": float, "count": np.int64}.get(name, object)


def pyogrio() -> tuple[Any, Any]:
    """pyogrio's raw functions and its errors. It starts a GDAL of its own, without the limits on what rasters may be."""
    limits = os.environ.pop(_BEFORE, None)
    try:
        from pyogrio import raw
        from pyogrio.errors import DataLayerError, DataSourceError
    finally:
        if limits is not None:
            os.environ[_BEFORE] = limits
    return raw, (DataSourceError, DataLayerError)

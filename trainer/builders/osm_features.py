"""Features of OpenStreetMap over a raster: outlines, lines and points in its pixels, with their tags, and what those show.

From GeoPackage, GeoJSON, shapefile or .osm.pbf, by whatever of the usual tools it was made: tags as columns, in other_tags as
GDAL has them, or as fclass in extracts of Geofabrik. Features of one's own are named by a column such as label or class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.scene import Scene
from rsvlm.geo.vector_files import pyogrio
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.builders.sources import LABEL_COLUMNS
from rsvlm.trainer.builders.wording import class_name, templates

SUFFIXES = (".gpkg", ".geojson", ".json", ".shp", ".pbf", ".osm", ".fgb")
NULLS = ("", "None", "nan", "NaT")  # columns of numbers and times have no other
_NO = ("", "no", "f", "false", "0")  # F: in extracts of Geofabrik
_OTHER = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*"((?:[^"\\]|\\.)*)"')
_BELOW = re.compile(r"-[1-9]\d*(\.0)?")
_TYPES = {"w": "way", "n": "node", "r": "relation", "a": "area"}


@dataclass(frozen=True)
class Feature:
    """shape: in pixels of the raster, x right, y down. osm: such as way/123, "" where it is not said. name: as it stands in a
    sentence, “gravel track”; "" where its tags show nothing that is seen from above.
    """

    shape: BaseGeometry
    tags: dict[str, str]
    osm: str
    name: str

    @property
    def is_area(self) -> bool:
        return self.shape.geom_type in ("Polygon", "MultiPolygon")


def read_osm(path: Path, scene: Scene, called: str = "") -> Iterator[Feature]:
    """Of all layers, where the raster lies. called: the name of those whose columns give none.

    Raises RsvlmError: bad_request, not_found, bad_raster without a CRS.
    """
    if not path.is_file():
        raise RsvlmError("not_found", f"There is no file {path}.", "Check the path.")
    if path.suffix.lower() not in SUFFIXES:
        raise RsvlmError("bad_request", f"{path.name} is no vector file.", f"Give one ending in {', '.join(SUFFIXES)}.")
    if scene.crs is None:
        raise RsvlmError(
            "bad_raster", "The raster is on no map, so no feature lies on it.", "Georeference it in QGIS first."
        )
    raw, errors = pyogrio()
    from pyogrio import list_layers, read_info

    try:
        for layer in [str(name) for name, kind in list_layers(path) if kind is not None]:
            about = read_info(path, layer=layer)
            crs = CRS.from_user_input(about["crs"] or "EPSG:4326")  # OpenStreetMap's own, where it is not said
            box = Transformer.from_crs(CRS.from_wkt(scene.crs.to_wkt()), crs, always_xy=True).transform_bounds(
                *scene.bounds
            )
            meta, _, shapes, columns = raw.read(path, layer=layer, force_2d=True, bbox=box)
            if shapes is not None:
                fields = {str(name): values for name, values in zip(meta["fields"], columns, strict=True)}
                yield from _features(shapes, fields, layer, crs, scene, called)
    except errors as error:
        raise RsvlmError("bad_request", f"{path.name} cannot be read.", "Open it in QGIS to check it.") from error


def _features(
    shapes: np.ndarray, fields: Mapping[str, np.ndarray], layer: str, crs: CRS, scene: Scene, called: str
) -> Iterator[Feature]:
    way = Transformer.from_crs(crs, CRS.from_wkt((scene.crs or crs).to_wkt()), always_xy=True)
    back = ~scene.transform

    def placed(xy: np.ndarray) -> np.ndarray:
        x, y = way.transform(xy[:, 0], xy[:, 1])
        return np.column_stack(back @ (x, y))

    for number, packed in enumerate(shapes):
        if packed is None:
            continue
        row = {name: text for name, values in fields.items() if (text := str(values[number])) not in NULLS}
        shape = shapely.transform(shapely.from_wkb(packed), placed)
        if shape.is_empty or not np.isfinite(shapely.get_coordinates(shape)).all():
            continue
        if shape.geom_type in ("Polygon", "MultiPolygon") and not shape.is_valid:
            shape = shapely.make_valid(shape, method="structure", keep_collapsed=False)
        tags = tags_of(row, layer)
        name = "" if is_hidden(tags) else name_of(tags) or _label_of(row) or called
        yield Feature(shape, tags, _ident(row, shape), name)


def tags_of(row: Mapping[str, str], layer: str) -> dict[str, str]:
    """OpenStreetMap's tags in a row of a table."""
    words = templates()["osm"]
    tags = {name: value for name, value in row.items() if name not in words["ids"]}
    tags |= {key: value for key, value in _OTHER.findall(row.get("other_tags", ""))}
    if "fclass" in row:
        key = next((key for part, key in words["layers"].items() if part in layer.lower()), "")
        tags |= {key: "yes" if row["fclass"] == key else row["fclass"]} if key else {}
    return tags


def name_of(tags: Mapping[str, str]) -> str:
    """What is seen from above, by the first key that says it; "" for nothing."""
    if is_hidden(tags):
        return ""
    words = templates()["osm"]
    for key, rule in words["keys"].items():
        value = tags.get(key, "")
        if not value:
            continue
        known = rule.get("words", {})
        if value in known:
            name = known[value]
        elif value == "yes" or "other" not in rule:
            name = rule.get("yes", "") if value == "yes" else ""
        else:
            name = rule["other"].format(value=value.replace("_", " "))
        if name:
            extra = (
                words[more]["words"].get(tags.get(more, ""))
                for more in ("surface", "sport")
                if name in words[more]["of"]
            )
            return " ".join([*(word for word in extra if word), name])
    return ""


def is_hidden(tags: Mapping[str, str]) -> bool:
    """Whether it lies underground: in a tunnel or culvert, or on a layer below the ground."""
    if tags.get("tunnel", "").lower() not in _NO or "underground" in (tags.get("location"), tags.get("parking")):
        return True
    return bool(_BELOW.fullmatch(tags.get("layer", ""))) and tags.get("bridge", "").lower() in _NO


def _label_of(row: Mapping[str, str]) -> str:
    """What a column for labels says, where that is a word; "" where there is none."""
    words = (value for name, value in row.items() if name.lower() in LABEL_COLUMNS)
    return next((class_name(value) for value in words if any(map(str.isalpha, value))), "")


def _ident(row: Mapping[str, str], shape: BaseGeometry) -> str:
    full = row.get("full_id") or row.get("@id", "")
    if full[:1] in _TYPES and full[1:].isdigit():
        return f"{_TYPES[full[0]]}/{full[1:]}"
    if "/" in full:
        return full
    if row.get("osm_way_id"):
        return f"way/{row['osm_way_id']}"
    kind = {"Point": "node", "LineString": "way"}.get(shape.geom_type, "relation")
    number: Any = row.get("osm_id")
    return f"{row.get('osm_type', kind)}/{number}" if number else ""

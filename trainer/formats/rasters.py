"""Polygons drawn over rasters: windows of 512 pixels, each with the outlines that lie in it, in pixels of the window.

The raster is referred to by its file and window, never cut out; a polygon goes back to the map by the raster's transform.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.scene import Scene
from rsvlm.geo.vector_reading import Features, read_features
from rsvlm.protocol import Raster, Record, RsvlmError
from rsvlm.trainer.formats.reading import Source, said

SIDE = 512  # pixels of a window
LABELS = (
    "label",
    "class",
    "classname",
    "class_name",
    "category",
    "type",
    "name",
    "kind",
    "building",
    "highway",
    "landuse",
)
RASTERS = (".tif", ".tiff", ".jp2", ".vrt", ".img")
SMALLEST = 1.0  # square pixels of a polygon in a window


def read(source: Source) -> Iterator[Record]:
    features = read_features(source.path)
    folder = source.images
    files = [folder] if folder.is_file() else sorted(p for p in folder.rglob("*") if p.suffix.lower() in RASTERS)
    if not files:
        raise RsvlmError("not_found", f"There is no raster in {folder}.", "Give a raster or its folder with --images.")
    labels = names_of(features, source.path.stem)
    for path in files:
        yield from source.each([path], lambda path: _windows(source, path, features, labels))


def _windows(source: Source, path: Path, features: Features, labels: list[str]) -> Iterator[Record]:
    with Scene.open(Raster(href=str(path))) as scene:
        shapes = _in_pixels(features, scene.transform, scene.crs)
        about = {"gsd_m": scene.gsd_m} if scene.gsd_m else {}
        crs = {"crs": scene.crs.to_string()} if scene.crs else {}
        date = {"date": scene.acquired} if scene.acquired else {}
        width, height = scene.width, scene.height
    tree = shapely.STRtree(shapes)
    used: set[int] = set()
    for y in range(0, height, SIDE):
        for x in range(0, width, SIDE):
            window = [x, y, min(x + SIDE, width), min(y + SIDE, height)]
            frame = shapely.box(*window)
            regions = []
            for at in sorted(tree.query(frame, predicate="intersects").tolist()):
                rings = rings_of(shapes[at].intersection(frame), (x, y))
                if rings:
                    used.add(at)
                    regions.append({"label": labels[at], "bbox": _around(rings), "polygon": rings})
            if not regions:
                source.left_out["there is no polygon in the window"] += 1
                continue
            image = {"href": str(path.absolute()), "window": window, **crs, **date}
            asked = said(f"Outline {', '.join(dict.fromkeys(region['label'] for region in regions))}.")
            ident = f"{path.stem}/{x}_{y}"
            yield Record(
                ident, "segment", source.named_split(), [image], asked, regions, {**about, "source": source.path.name}
            )
    if outside := sum(not shape.is_empty for shape in shapes) - len(used):
        source.left_out[f"the polygon does not lie on {path.name}"] += outside


def names_of(features: Features, otherwise: str) -> list[str]:
    """What each feature shows: by the first field of LABELS that says anything, else the name of the file."""
    for field in LABELS:
        values = features.fields.get(field, [])
        if any(isinstance(value, str) and value for value in values):
            named = {"yes": field, "": otherwise}  # OpenStreetMap says building=yes
            return [named.get(value, value) if isinstance(value, str) else otherwise for value in values]
    return [otherwise] * len(features.shapes)


def _in_pixels(features: Features, transform: Affine, crs: Any) -> list[BaseGeometry]:
    """Valid polygons in pixels of the raster; an empty one for what is none."""
    way = None
    if features.crs and crs:
        way = Transformer.from_crs(CRS.from_user_input(features.crs), CRS.from_wkt(crs.to_wkt()), always_xy=True)
    back = ~transform

    def placed(xy: np.ndarray) -> np.ndarray:
        if way:
            xy = np.column_stack(way.transform(xy[:, 0], xy[:, 1]))
        return np.column_stack(back @ (xy[:, 0], xy[:, 1]))

    found = []
    for shape in features.shapes:
        areal = shape is not None and shape.geom_type in ("Polygon", "MultiPolygon")
        shape = shapely.transform(shape, placed) if areal else shapely.Polygon()
        found.append(shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False))
    return found


def rings_of(shape: BaseGeometry, origin: tuple[float, float]) -> list[list[list[float]]]:
    """Outer rings and holes of polygons, from `origin` on, to a hundredth of a pixel; [] for less than SMALLEST."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area >= SMALLEST]
    rings = [ring for part in parts for ring in (part.exterior, *part.interiors)]
    corners = [np.round(np.array(ring.coords)[:-1, :2] - origin, 2).tolist() for ring in rings]
    return [ring for ring in corners if len(ring) >= 3]


def _around(rings: list[list[list[float]]]) -> list[float]:
    xs, ys = zip(*(xy for ring in rings for xy in ring), strict=True)
    return [min(xs), min(ys), max(xs), max(ys)]


def on_map(record: Record, region: dict[str, Any]) -> BaseGeometry:
    """The outline, or the box, of a region in the CRS of its raster. Raises RsvlmError where its image has no window."""
    image = record.images[-1]
    if "window" not in image:
        raise RsvlmError("bad_request", f"The record {record.id} has no window in a raster.", "Take one that has.")
    x0, y0, x1, y1 = region.get("bbox", (0, 0, 0, 0))
    rings = region.get("polygon") or [[[x0, y0], [x1, y0], [x1, y1], [x0, y1]]]
    shape: BaseGeometry = shapely.Polygon()
    for ring in rings:
        shape = shape.symmetric_difference(shapely.Polygon(ring))
    with Scene.open(Raster(href=image["href"])) as scene:
        transform = scene.transform @ Affine.translation(*image["window"][:2])
    return shapely.transform(shape, lambda xy: np.column_stack(transform @ (xy[:, 0], xy[:, 1])))

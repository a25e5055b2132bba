"""Features as annotations of the raster that they were found in, in its own pixels: training records, or a COCO file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize

from rsvlm.geo.access import local_path
from rsvlm.geo.remote import is_remote
from rsvlm.geo.run_lengths import bbox_of, encode, encode_within
from rsvlm.geo.scene import Scene
from rsvlm.geo.staging import beside
from rsvlm.protocol import Evidence, Record

SIDE = 512  # pixels of a window


def write_records(path: Path, evidence: Sequence[Evidence], scene: Scene) -> None:
    """Training records, one line each. Raises RsvlmError (bad_request) if the file cannot be written."""
    with beside(path) as inside, inside.open("w", encoding="utf-8") as file:
        for record in training_records(evidence, scene):
            file.write(json.dumps(record.to_json(), ensure_ascii=False) + "\n")


def training_records(evidence: Sequence[Evidence], scene: Scene) -> Iterator[Record]:
    """One for each window of SIDE pixels and each phrase of which something lies in it, windows row by row from the top.

    Masks become regions with run lengths on the pixels of the window, boxes become boxes, cut at its edge.
    """
    href = scene.source if is_remote(scene.source) else local_path(scene.source)  # whatever folder the records lie in
    shapes = in_pixels(evidence, scene)
    tree = shapely.STRtree(shapes)
    for y in range(0, scene.height, SIDE):
        for x in range(0, scene.width, SIDE):
            window = [x, y, min(x + SIDE, scene.width), min(y + SIDE, scene.height)]
            regions: dict[tuple[str, str], list[dict[str, Any]]] = {}
            for at in sorted(tree.query(shapely.box(*window), predicate="intersects").tolist()):
                region = _region(evidence[at], shapes[at], window)
                if region:
                    task = "ground" if evidence[at].kind == "box" else "segment"
                    regions.setdefault((task, evidence[at].phrase or evidence[at].label), []).append(region)
            for (task, phrase), found in regions.items():
                asked = [{"role": "user", "content": phrase}]
                image = {"href": href, "window": window, "bands": list(scene.rgb_bands)}
                image |= {"date": scene.acquired} if scene.acquired else {}
                meta = {"gsd_m": scene.gsd_m} if scene.gsd_m else {}
                name = f"{Path(scene.source).stem}/{x}_{y}/{phrase}"
                yield Record(name, task, "train", [image], asked, found, meta)


def _region(item: Evidence, shape: shapely.Polygon, window: Sequence[int]) -> dict[str, Any] | None:
    """In pixels of the window; None where nothing of it is left there."""
    x0, y0, x1, y1 = window
    if item.kind == "box":
        a, b, c, d = shape.intersection(shapely.box(*window)).bounds or (0, 0, 0, 0)
        return {"label": item.label, "bbox": [a - x0, b - y0, c - x0, d - y0]} if a < c and b < d else None
    mask = _inside(shape, x0, y0, x1, y1)
    box = bbox_of(mask)
    return None if box is None else {"label": item.label, "bbox": box, "rle": encode(mask)}


def write_coco(path: Path, evidence: Sequence[Evidence], scene: Scene) -> None:
    """A COCO file (arXiv 1405.0312) of one image, the raster. Raises RsvlmError (bad_request) if it cannot be written."""
    labels = list(dict.fromkeys(item.label for item in evidence))
    shapes = in_pixels(evidence, scene)
    notes = [
        {"id": number, "image_id": 1, "category_id": labels.index(item.label) + 1, "iscrowd": 0, "score": item.score}
        | _outline(shape, scene)
        for number, (item, shape) in enumerate(zip(evidence, shapes, strict=True), 1)
    ]
    image = {"id": 1, "file_name": Path(scene.source).name, "width": scene.width, "height": scene.height}
    categories = [{"id": number, "name": label} for number, label in enumerate(labels, 1)]
    whole = {"images": [image], "annotations": notes, "categories": categories}
    with beside(path) as inside:
        inside.write_text(json.dumps(whole, ensure_ascii=False), "utf-8")


def _outline(shape: shapely.Polygon, scene: Scene) -> dict[str, Any]:
    """Box, area and outline. What has holes is told by run lengths: COCO's polygons have none."""
    x0, y0, x1, y1 = shape.bounds
    box = {"bbox": [x0, y0, x1 - x0, y1 - y0]}
    if not shape.interiors:
        ring = shapely.get_coordinates(shape.exterior)[:-1].ravel().tolist()
        return {**box, "segmentation": [ring], "area": shape.area}
    left, top = max(0, int(x0)), max(0, int(y0))
    mask = _inside(shape, left, top, min(scene.width, int(np.ceil(x1))), min(scene.height, int(np.ceil(y1))))
    return {**box, "segmentation": encode_within(mask, left, top, scene.height, scene.width), "area": int(mask.sum())}


def _inside(shape: shapely.Polygon, x0: int, y0: int, x1: int, y1: int) -> np.ndarray:
    """(y1 - y0, x1 - x0) bool: pixels whose middle is inside."""
    return rasterize([shape], (y1 - y0, x1 - x0), transform=Affine.translation(x0, y0), dtype="uint8").astype(bool)


def in_pixels(evidence: Sequence[Evidence], scene: Scene) -> np.ndarray:
    """(n,) shapely polygons in pixels of the raster, x right, y down."""
    shapes = np.array([*(shapely.geometry.shape(item.geometry) for item in evidence), None], object)[:-1]
    back = ~scene.transform
    return np.asarray(shapely.transform(shapes, lambda xy: np.column_stack(back @ (xy[:, 0], xy[:, 1]))))

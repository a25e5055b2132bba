"""SkyScript-style pairs from any raster and features of OpenStreetMap: windows, what their middle shows, and what is around.

SkyScript (arXiv 2312.12856), section 3: tags of the feature in the middle and of those around it, captions from tags by rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.scene import Scene
from rsvlm.protocol import Raster, Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.cutting import UNSEEN, Box, grid, shows, side_of
from rsvlm.trainer.builders.osm_features import Feature, read_osm
from rsvlm.trainer.builders.wording import article, counted, is_mass, is_plural, listed, one_of, plural, templates
from rsvlm.trainer.formats.rasters import rings_of
from rsvlm.trainer.formats.reading import said

MOST_NAMED = 4  # of what is around, in a sentence
LENGTH = 8.0  # pixels of a line in a window, for it to be worth a word
PART, COVER = 0.25, 0.02  # of an outline that the window's edge cuts, or of the window, to be known for what it is


@dataclass(frozen=True)
class Windows:
    """side: pixels. grid: side by side over all of the raster, else around features. apart: at most one around features within
    so many pixels. most: around features of one name, 0 = all. smallest: square pixels of an outline. date: ISO 8601, where
    the raster does not say it. side_m: metres on the ground, instead of side. called: what features are whose tags say nothing.
    """

    side: int
    grid: bool
    apart: int
    most: int
    smallest: float
    date: str
    side_m: float = 0.0
    called: str = ""


def osm_records(raster: Path, features: Sequence[Path], windows: Windows, job: Job) -> Iterator[Record]:
    """Raises RsvlmError for files that cannot be read, and a raster that is on no map."""
    with Scene.open(Raster(href=str(raster.absolute()))) as scene:
        windows = replace(windows, side=side_of(scene, windows.side, windows.side_m))
        found = [feature for path in features for feature in read_osm(path, scene, windows.called)]
        named = [feature for feature in found if feature.name]
        if nameless := len(found) - len(named):
            job.left_out["the tags of a feature name nothing that is seen from above"] += nameless
        if not named:
            raise RsvlmError(
                "bad_request",
                f"No feature that is seen from above lies on {raster.name}.",
                "Check whether both are of one place, and the coordinate system of the features.",
            )
        tree = shapely.STRtree([feature.shape for feature in named])
        if windows.grid:
            places = [(-1, box) for box in grid(scene.width, scene.height, windows.side)]
        else:
            places = _around(scene, named, windows, job)
        job.total = len(places)
        for center, box in places:
            job.done += 1
            if not shows(scene, box):
                job.left_out[UNSEEN] += 1
                continue
            inside = [int(at) for at in sorted(tree.query(shapely.box(*box), predicate="intersects"))]
            there = [(at, named[at].shape.intersection(shapely.box(*box))) for at in inside]
            there = [(at, part) for at, part in there if at == center or _is_seen(named[at], part, windows)]
            if not there:
                job.left_out["no feature lies in the window"] += 1
                continue
            yield _record(scene, raster, box, center, named, there, windows, job)


def _around(scene: Scene, named: Sequence[Feature], windows: Windows, job: Job) -> list[tuple[int, Box]]:
    """Windows whose middle is a feature, drawn by seed so that they do not lie upon each other, in order of the features."""
    order = list(range(len(named)))
    job.draw("order").shuffle(order)
    taken: set[tuple[int, int]] = set()
    names: Counter[str] = Counter()
    chosen = []
    half = windows.side / 2
    for at in order:
        feature = named[at]
        if feature.is_area and feature.shape.area < windows.smallest:
            job.left_out[f"an outline has fewer than {windows.smallest:g} pixels"] += 1
            continue
        middle = _middle(feature.shape)
        x, y = round(middle.x - half), round(middle.y - half)
        cell = int(middle.x // windows.apart), int(middle.y // windows.apart)
        if x < 0 or y < 0 or x + windows.side > scene.width or y + windows.side > scene.height:
            job.left_out["the window around a feature is not within the raster"] += 1
        elif cell in taken:
            job.left_out["a window around another feature is too near"] += 1
        elif windows.most and names[feature.name] >= windows.most:
            job.left_out["there are enough windows around features of this name"] += 1
        else:
            taken.add(cell)
            names[feature.name] += 1
            chosen.append((at, (x, y, x + windows.side, y + windows.side)))
    return sorted(chosen)


def _middle(shape: BaseGeometry) -> shapely.Point:
    """A point of it: of a line the one half way."""
    if shape.geom_type in ("LineString", "MultiLineString"):
        longest = max(shapely.get_parts(shape), key=shapely.length)
        return shapely.line_interpolate_point(longest, 0.5, normalized=True)
    return shape.point_on_surface()


def _is_seen(feature: Feature, part: BaseGeometry, windows: Windows) -> bool:
    """part: of the feature, within the window."""
    if feature.is_area:
        enough = min(PART * feature.shape.area, COVER * windows.side**2)
        return part.area >= max(windows.smallest, enough)
    return part.length >= LENGTH or part.geom_type in ("Point", "MultiPoint")


def _record(
    scene: Scene,
    raster: Path,
    box: Box,
    center: int,
    named: Sequence[Feature],
    there: Sequence[tuple[int, BaseGeometry]],
    windows: Windows,
    job: Job,
) -> Record:
    date = scene.acquired or windows.date
    image = {
        "href": str(raster.absolute()),
        "window": [int(value) for value in box],
        **({"date": date} if date else {}),
    }
    regions = []
    for at, part in there:
        rings = rings_of(part, box[:2]) if named[at].is_area else []
        if rings:
            xs, ys = zip(*(xy for ring in rings for xy in ring), strict=True)
            around = [min(xs), min(ys), max(xs), max(ys)]
            regions.append({"label": named[at].name, "bbox": around, "polygon": rings})
    others = [(at, part) for at, part in there if at != center]
    ident = f"{raster.stem}/{int(box[0])}_{int(box[1])}" + (f"/{named[center].osm or center}" if center >= 0 else "")
    draw = job.draw(ident)
    words = templates()["osm"]
    told = around_words([named[at] for at, _ in others], named[center] if center >= 0 else None)
    around_it = listed(told) if told else ""
    captions = []
    if center >= 0:
        what = _one(named[center].name)
        captions.append(one_of(draw, words["title"], center=what))
        if around_it:
            single = len(told) == 1 and (is_mass(told[0]) or told[0].startswith(("a ", "an ", "another ")))
            captions.append(
                one_of(draw, words["titles"], center=what, around=around_it, verb="is" if single else "are")
            )
    else:
        captions.append(one_of(draw, words["window"], around=around_it))
    meta = {
        **_place(scene, box),
        "center_tags": named[center].tags if center >= 0 else {},
        "surrounding_tags": [named[at].tags for at, _ in others],
        **({"osm": named[center].osm} if center >= 0 and named[center].osm else {}),
        **({"center_bbox": _box_in(named[center].shape, box)} if center >= 0 else {}),
        **({"time": date} if date else {}),
    }
    return job.record(ident, "caption", [image], said(draw.choice(words["prompt"]), *captions), regions, meta)


def _one(name: str) -> str:
    return name if is_mass(name) else article(name)


def around_words(others: Sequence[Feature], center: Feature | None) -> list[str]:
    """“three other buildings”, “a track”, “farmland”: commonest first. Lines are not counted, as one road is often many ways;
    nor is what goes on from a line in the middle under the same name.
    """
    line = center.shape if center and not center.is_area else None
    told_of = [
        one for one in others if not (line and center and one.name == center.name and line.intersects(one.shape))
    ]
    counts = Counter(feature.name for feature in told_of)
    areas = {feature.name for feature in told_of if feature.is_area}
    told = []
    for name, count in counts.most_common(MOST_NAMED):
        other = "other" if center and name == center.name else ""
        if is_mass(name) or (count == 1 and is_plural(name)):
            told.append(f"more {name}" if other else name)
        elif count == 1:
            told.append(f"another {name}" if other else article(name))
        else:
            told.append(counted(count, name, other) if name in areas else f"{other} {plural(name)}".strip())
    return told


def _box_in(shape: BaseGeometry, box: Box) -> list[float]:
    """Around the feature, in pixels of the window; it may reach out of it."""
    x0, y0, x1, y1 = shape.bounds
    return [round(value, 2) for value in (x0 - box[0], y0 - box[1], x1 - box[0], y1 - box[1])]


def _place(scene: Scene, box: Box) -> dict[str, Any]:
    """Middle and box (west, south, east, north) of a window, WGS84, and its ground sample distance."""
    if scene.crs is None:
        return {}
    corners = np.array(
        [scene.transform @ xy for xy in ((box[0], box[1]), (box[2], box[1]), (box[2], box[3]), (box[0], box[3]))]
    )
    way = Transformer.from_crs(scene.crs.to_wkt(), "EPSG:4326", always_xy=True)
    lon, lat = way.transform(corners[:, 0], corners[:, 1])
    around = [float(np.min(lon)), float(np.min(lat)), float(np.max(lon)), float(np.max(lat))]
    middle = {"lat": round((around[1] + around[3]) / 2, 7), "lon": round((around[0] + around[2]) / 2, 7)}
    return {
        **middle,
        "box": [round(value, 7) for value in around],
        **({"gsd_m": round(scene.gsd_m, 4)} if scene.gsd_m else {}),
    }

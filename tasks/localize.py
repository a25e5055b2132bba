"""Where in a raster it looks most like a phrase: tiles of three sizes are compared with it, and their heat becomes places.

Semantic localisation (SeLo, arXiv 2209.06515) with any model that embeds pictures and texts; see geo/heat.py. The map is made of
cells, of which eight are the side of the smallest tile, so that it stays small whatever the raster's size.
"""

from __future__ import annotations

import math
import time
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import cast

import numpy as np
import shapely
from affine import Affine
from rasterio.features import geometry_mask

from rsvlm.geo import ground
from rsvlm.geo.heat import heat, likeliness, pyramid
from rsvlm.geo.polygons import polygons
from rsvlm.geo.raster_files import geotiff
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import Window, evened
from rsvlm.geo.view import View
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Embeds
from rsvlm.protocol import Answer, Evidence, LocalizeRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.in_words import timings
from rsvlm.tasks.looking import gaps, look, seen
from rsvlm.tasks.outlines import LIKELY, valid_on
from rsvlm.tasks.plan import Plan, in_tiles, one_view
from rsvlm.tasks.provenance import provenance

CELLS = 8  # along the side of the smallest tile
SMOOTH = 7  # cells along the window of the median: nearly a tile, as in the release
MOST = 200  # smallest tiles side by side, about a third of all tiles; beyond that, tiles grow
BATCH = 16  # tiles at once
DECIMALS = 5  # of a cosine: beyond them the same picture differs from one batch to another
RELATIVE = "Scores compare places within this extent: 1 is where it looks most like the phrase, even if nothing of it is there."


@dataclass(frozen=True)
class Cells:
    """transform: from columns and rows of cells to the scene's CRS."""

    columns: int
    rows: int
    transform: Affine


def localize(request: LocalizeRequest, models: Models, watch: Watch) -> Answer:
    """Places are boxes around what is at least half as hot as the hottest, which has the score 1.

    Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, too_large (phrase), cancelled, bad_request.
    """
    card = checks.localize(request)
    phrase = request.phrase.strip()
    started = time.perf_counter()
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as found:
        predictor = cast(Embeds, found)
        whole_plan = one_view(scene, card)
        whole = seen(scene, whole_plan, watch, "search")
        opened = time.perf_counter()
        cells = _cells(scene, card, whole[0].view)
        windows = pyramid(cells.columns, cells.rows, [CELLS * times for times in (1, 2, 3)])
        plan = _plan(scene, card, cells, windows)
        compared = _similarities(scene, plan, predictor, phrase, watch)
        values = heat(list(compared.values()), [windows[index] for index in compared], cells.columns, cells.rows)
        values[~valid_on(whole[0].view, cells.columns, cells.rows)] = np.nan
        smooth = likeliness(values, SMOOTH)
        likely = np.where(np.isnan(values), np.nan, smooth / max(1, smooth[~np.isnan(values)].max()))
        places = _places(likely, cells, scene, phrase)
        for item, _ in places:
            watch.evidence(item)
        answer = Answer(
            text=_told(phrase, len(places)),
            evidence=[item for item, _ in places],
            provenance=provenance("localize", predictor, request.raster, scene, plan.gsd_m)
            | {"prompt": phrase, "tiles": len(compared)},
            warnings=[*plan.warnings, *gaps(scene, whole_plan, whole), RELATIVE],
            structured={
                "heat": b64encode(geotiff(likely, cells.transform, scene.crs)).decode("ascii"),
                "points": [point for _, point in places],
                "similarity": [min(compared.values()), max(compared.values())],
            },
            usage=predictor.usage,
            target_absent=[] if places else [phrase],
        )
    watch.text(answer.text)
    answer.timings = timings(started, opened)
    return answer


def _cells(scene: Scene, card: ModelCard, view: View) -> Cells:
    """The smallest tile has the pixels of the raster that the model sees, where the raster is large enough for three of them;
    where those are not square on the ground, as many squares of their shorter side. view: of all of the extent.
    """
    x0, y0, x1, y1 = scene.extent
    width = (x1 - x0) / math.hypot(scene.transform.a, scene.transform.d)
    height = (y1 - y0) / math.hypot(scene.transform.b, scene.transform.e)
    seen_rows, seen_columns = view.valid.shape
    seen_m = ground.pixel_sides_m(view.transform, view.crs, seen_columns, seen_rows)
    if seen_m is not None:
        across, along = evened((seen_m[0] * seen_columns / width, seen_m[1] * seen_rows / height))
        width, height = width * across / min(across, along), height * along / min(across, along)
    side = max(min(card.input.pixels, width / 3, height / 3), math.sqrt(width * height / MOST))
    columns, rows = (max(1, round(length / side * CELLS)) for length in (width, height))
    return Cells(columns, rows, view.transform @ Affine.scale(seen_columns / columns, seen_rows / rows))


def _plan(scene: Scene, card: ModelCard, cells: Cells, windows: Sequence[Window]) -> Plan:
    """The windows as tiles, each seen as a square; gsd_m and doubts are of the smallest."""
    side_by_side = in_tiles(scene, card, *(max(1, round(count / CELLS)) for count in (cells.columns, cells.rows)))
    tiles = []
    for x0, y0, x1, y1 in windows:
        (left, top), (right, bottom) = cells.transform @ (x0, y0), cells.transform @ (x1, y1)
        tiles.append((left, min(top, bottom), right, max(top, bottom)))
    return replace(side_by_side, tiles=tiles, size=(card.input.pixels, card.input.pixels))


def _similarities(scene: Scene, plan: Plan, predictor: Embeds, phrase: str, watch: Watch) -> dict[int, float]:
    """Number of each tile that shows something -> cosine of its picture and the phrase."""
    text = predictor.embed_texts([phrase])[0]
    found: dict[int, float] = {}
    tiles = look(scene, plan)
    while batch := list(islice(tiles, BATCH)):
        watch.check()
        vectors = predictor.embed_images(predictor.encode(np.stack([tile.picture for tile in batch])))
        found |= zip([tile.index for tile in batch], (vectors @ text).round(DECIMALS).tolist(), strict=True)
        watch.progress(batch[-1].index + 1, len(plan.tiles), "Searching")
    return found


def _places(likely: np.ndarray, cells: Cells, scene: Scene, phrase: str) -> list[tuple[Evidence, list[float]]]:
    """Box, and hottest point (x, y, score) of each part of the map that is at least LIKELY, the hottest first."""
    found = []
    for part in polygons(likely >= LIKELY, cells.transform):
        inside = geometry_mask([part], likely.shape, cells.transform, invert=True)
        score = float(likely[inside].max())
        hottest = np.argwhere(inside & (likely == score)) + 0.5  # rows and columns of their middles
        row, column = min(hottest.tolist(), key=lambda cell: math.dist(cell, hottest.mean(axis=0)))
        x, y = cells.transform @ (column, row)
        frame = shapely.box(*part.bounds)
        area = ground.area_m2(frame, scene.crs)
        evidence = Evidence("box", shapely.geometry.mapping(frame), phrase, round(score, 3), area)
        found.append((evidence, [x, y, round(score, 3)]))
    return sorted(found, key=lambda place: -place[1][2])


def _told(phrase: str, count: int) -> str:
    if not count:
        return f"{phrase}: no place stands out."
    return f"{phrase}: {count} place{'s' if count > 1 else ''} stand{'' if count > 1 else 's'} out."

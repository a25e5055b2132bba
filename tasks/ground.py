"""Boxes around what phrases name, as polygons on the map, in a raster of any size; see docs/masks.md."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.boxes import around, suppressed
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.polygons import placed, polygons
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid
from rsvlm.models.boxes import Box
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import Answer, GroundRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.features import Found
from rsvlm.tasks.in_words import read_boxes, timings
from rsvlm.tasks.outlines import LIKELY, SMOOTH, SPECK, speck_m2
from rsvlm.tasks.phrases import looking, told
from rsvlm.tasks.searching import Pace, Search
from rsvlm.tasks.sights import seer_of


def ground(request: GroundRequest, models: Models, watch: Watch) -> Answer:
    """Of a model that draws outlines, boxes around these; of one that writes boxes, those, once each over all tiles.

    Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request.
    """
    card = checks.ground(request)
    started = time.perf_counter()
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as predictor:
        plan = looking(scene, card, seer_of(predictor, "ground"), request.phrases, watch)
        opened = time.perf_counter()
        pace = Pace(watch, sum(search.steps for search in plan.searches), "Looking")
        found: list[Found] = []
        for search in plan.searches:
            if plan.seer.method == "words":
                found += _written(search, card, request.oriented, plan.warnings, pace, watch)
            else:
                found += _drawn(search, request.oriented, pace, watch)
            if search.stopped:
                break
        answer = told("ground", "box", plan, found, predictor, request.raster, scene, watch)
    watch.text(answer.text)
    answer.timings = timings(started, opened)
    return answer


def _drawn(search: Search, oriented: bool, pace: Pace, watch: Watch) -> list[Found]:
    """Around outlines."""
    grid = search.layout.grid
    pixel_m2 = float(np.prod(grid.sides_m))
    cut = Cut(LIKELY, speck_m2(grid), SMOOTH * pixel_m2**0.5 if oriented else 0.0)
    features = outlined(search.layout.bands(search.probabilities(pace, watch)), grid, cut)
    boxes = around(np.array([*(item.polygon for item in features), None], object)[:-1], grid, oriented)
    return [
        Found(search.phrases[item.label], box, item.score) for item, box in zip(features, boxes.tolist(), strict=True)
    ]


@dataclass(frozen=True)
class _Box:
    """shape: in pixels of the grid. cut: whether the edge of a tile cuts it off."""

    shape: shapely.Polygon
    score: float
    cut: bool


def _written(
    search: Search, card: ModelCard, oriented: bool, warnings: list[str], pace: Pace, watch: Watch
) -> list[Found]:
    """As the model wrote them, once each. warnings: gets what could not be read."""
    boxes: dict[tuple[str, str], list[_Box]] = {}  # by phrase, and what the model calls them
    grid = search.layout.grid
    for view, wanted, sight in search.sights(pace, watch):
        x, y = ~grid.transform @ (view.transform.c, view.transform.f)
        place = Affine.translation(round(x), round(y))
        for phrase, reply in zip(search.phrases, sight.replies if sight else (), strict=False):
            height, width = wanted.shape
            reading = read_boxes(reply, card, width, height)
            warnings += reading.warnings
            for box, shape in zip(reading.boxes, _shapes(reading.boxes, reply, oriented), strict=True):
                x0, y0, x1, y1 = (int(edge) for edge in shape.bounds)
                if wanted[max(0, y0) : y1 + 1, max(0, x0) : x1 + 1].any():
                    moved = placed(np.array([shape], object), place)[0]
                    found = _Box(moved, reply.confidence, _is_cut(moved, shape, width, height, grid))
                    boxes.setdefault((phrase, box.label), []).append(found)
    return [item for (phrase, label), own in boxes.items() for item in _once(own, phrase, label, search)]


def _shapes(boxes: Sequence[Box], reply: Reply, oriented: bool) -> list[shapely.Polygon]:
    """In pixels of the picture: turned with the thing where a mask tells how it lies."""
    shapes = [shapely.Polygon(box.corners()) for box in boxes]
    if oriented and reply.masks is not None and len(reply.masks) == len(boxes):
        for number, mask in enumerate(reply.masks):
            parts = polygons(mask >= LIKELY, Affine.identity(), SPECK)
            shapes[number] = shapely.oriented_envelope(shapely.MultiPolygon(parts)) if parts else shapes[number]
    return shapes


def _is_cut(moved: shapely.Polygon, shape: shapely.Polygon, width: int, height: int, grid: PixelGrid) -> bool:
    """Whether a box reaches the edge of its picture where the grid goes on. moved: the same in pixels of the grid."""
    (x0, y0, x1, y1), (left, top, right, bottom) = shape.bounds, moved.bounds
    return (
        (x0 < 1 < left) or (y0 < 1 < top) or (x1 > width - 1 and right < grid.width - 1)
        or (y1 > height - 1 and bottom < grid.height - 1)
    )  # fmt: skip


def _once(boxes: Sequence[_Box], phrase: str, label: str, search: Search) -> list[Found]:
    shapes = np.array([*(box.shape for box in boxes), None], object)[:-1]
    scores = np.array([box.score for box in boxes])
    if search.layout.count > 1:
        shapes, scores = suppressed(shapes, scores, np.array([box.cut for box in boxes]))
    on_map = placed(shapes, search.layout.grid.transform)
    return [Found(phrase, shape, score, label) for shape, score in zip(on_map, scores.tolist(), strict=True)]

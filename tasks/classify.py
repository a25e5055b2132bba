"""Which of some classes, given by name, a place shows: how likely each is, for a model that was never trained on them."""

from __future__ import annotations

import time
from typing import cast

import numpy as np

from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import grid
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Classifies
from rsvlm.protocol import Answer, ClassifyRequest, Evidence, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.figures import percent
from rsvlm.tasks.in_words import SURE, timings
from rsvlm.tasks.looking import Tile, gaps, seen
from rsvlm.tasks.plan import in_tiles
from rsvlm.tasks.provenance import provenance

MOST_TILES = 16  # of a strip, which is looked at in squares


def classify(request: ClassifyRequest, models: Models, watch: Watch) -> Answer:
    """One view of the extent, or squares side by side where it is long: each is evidence with its likeliest class.

    Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, too_large, cancelled, bad_request.
    """
    card = checks.classify(request)
    labels = list(dict.fromkeys(label.strip() for label in request.labels if label.strip()))
    started = time.perf_counter()
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as found:
        predictor = cast(Classifies, found)
        x0, y0, x1, y1 = scene.extent
        width, height = scene.ground_size_m(scene.extent) or (x1 - x0, y1 - y0)
        plan = in_tiles(scene, card, *grid(width, height, min(width, height), MOST_TILES))
        tiles = seen(scene, plan, watch, "classify")
        read = time.perf_counter()
        watch.progress(0, 1, "Classifying")
        pictures = predictor.encode(np.stack([tile.picture for tile in tiles]))
        likely = predictor.zero_shot(pictures, labels).astype(float)
        mean = np.average(likely, axis=0, weights=[tile.weight for tile in tiles])
        ranked = [(labels[place], float(mean[place])) for place in np.argsort(-mean, kind="stable")[: request.top]]
        evidence = [_told(tile, labels, row) for tile, row in zip(tiles, likely, strict=True)]
        for item in evidence:
            watch.evidence(item)
        answer = Answer(
            text="; ".join(f"{label}: {percent(share)}" for label, share in ranked),
            evidence=evidence,
            provenance=provenance("classify", predictor, request.raster, scene, plan.gsd_m) | {"prompt": labels},
            warnings=[*plan.warnings, *gaps(scene, plan, tiles)],
            confidence=round(ranked[0][1], 3),
            structured={"classes": [{"label": label, "probability": round(share, 6)} for label, share in ranked]},
            usage=predictor.usage,
        )
    if ranked[0][1] < SURE:
        answer.warnings.append("No class is much likelier than the others; take the first as a guess.")
    watch.text(answer.text)
    watch.progress(1, 1, "Classified")
    answer.timings = timings(started, read)
    return answer


def _told(tile: Tile, labels: list[str], likely: np.ndarray) -> Evidence:
    best = int(likely.argmax())
    return Evidence("tile", tile.view.footprint(), labels[best], round(float(likely[best]), 3), tile.area_m2)

"""A click on the map says that a place belongs to a phrase: what is there becomes an outline.

By a model that outlines points, which looks at the raster around the click; or cut from the probabilities that segment kept,
and then no model is run.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.geo.connected import Part, part_at
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Refines
from rsvlm.protocol import VERSION, Answer, RefineRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.features import Found, evidence_of, phrase_reports
from rsvlm.tasks.outlines import SMOOTH
from rsvlm.tasks.pointing import cut_off, look_around, pointed_at
from rsvlm.tasks.provenance import provenance


def refine(request: RefineRequest, models: Models, watch: Watch) -> Answer:
    """One mask, or more where simplified outlines fall apart; none, and the phrase in target_absent, where nothing is seen.

    Raises RsvlmError: whatever opening, reading and loading raise, unknown_model, bad_request, bad_extent, no_data, too_large,
    cancelled.
    """
    card = checks.refine(request)
    started = time.perf_counter()
    phrase = request.phrase.strip()
    answer = Answer("", provenance={"at": list(request.at)})
    if "refine" in card.tasks:
        part, score = _seen(request, card, models, watch, answer)
    else:
        part, score = part_at(request.raster, phrase, request.at, request.likely), None
        answer.provenance |= _of_probabilities(request, card, part)
    if part is None:
        answer.target_absent = [phrase]
    else:
        pixel_m = float(np.prod(part.grid.sides_m)) ** 0.5
        tolerance = SMOOTH * pixel_m if request.tolerance_m is None else request.tolerance_m
        cut = Cut(part.likely, 0.0, tolerance, request.right_angles)
        features = outlined([part.values], part.grid, cut)
        found = [Found(phrase, item.polygon, item.score if score is None else score) for item in features]
        answer.evidence = evidence_of("mask", found, part.grid.crs, answer.provenance["sources"][0])
        answer.provenance["cut"] = asdict(cut)
    reports = phrase_reports([phrase], answer.evidence, [])
    answer.text, answer.structured = reports[0]["text"], {"phrases": reports}
    for item in answer.evidence:
        watch.evidence(item)
    watch.text(answer.text)
    answer.timings["total"] = round(time.perf_counter() - started, 4)
    return answer


def _seen(
    request: RefineRequest, card: ModelCard, models: Models, watch: Watch, answer: Answer
) -> tuple[Part | None, float]:
    """What the model outlines, and how good it is; the rest of what is known of it goes into `answer`."""
    with Scene.open(request.raster) as scene:
        look = look_around(scene, request.at, card.input.pixels)
        watch.check()
        with models.using(card.id, watch.cancelled) as predictor:
            if not isinstance(predictor, Refines):
                raise TypeError(f"{card.id} has no ability to refine")
            started = time.perf_counter()
            part, score = pointed_at(look, scene, predictor, request.likely)
            answer.timings["model"] = round(time.perf_counter() - started, 4)
            answer.provenance |= provenance("refine", predictor, request.raster, scene, look.view.gsd_m)
    if part is not None and cut_off(look, part):
        pixels = look.view.valid.shape[0]
        answer.warnings.append(
            f"The outline ends where the model's view of {pixels} by {pixels} pixels around the click does: "
            "click on what is behind it as well, or search the whole area for it."
        )
    return part, score


def _of_probabilities(request: RefineRequest, card: ModelCard, part: Part | None) -> dict[str, Any]:
    """Where an outline comes from that no model was run for."""
    found: dict[str, Any] = {
        "model": card.id,
        "revision": card.revision,
        "task": "refine",
        "sources": [request.raster.name or Path(request.raster.href or "").name],
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "versions": {"rsvlm": VERSION},
    }
    if part is not None:
        found["crs"] = part.grid.crs.to_wkt() if part.grid.crs else None
    return found

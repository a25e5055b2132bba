"""A click on the map says that a place belongs to a phrase: what is likely enough around it becomes an outline.

Cut from the probabilities that segment kept; no model is run.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from rsvlm.geo.connected import part_at
from rsvlm.geo.outlining import Cut, outlined
from rsvlm.models.pool import Models
from rsvlm.protocol import VERSION, Answer, RefineRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.features import Found, evidence_of, phrase_reports
from rsvlm.tasks.outlines import SMOOTH


def refine(request: RefineRequest, _models: Models, watch: Watch) -> Answer:
    """One mask, or more where simplified outlines fall apart; none, and the phrase in target_absent, where it is too unlikely.

    Raises RsvlmError: whatever opening raises, unknown_model, bad_request, bad_extent, too_large.
    """
    card = checks.refine(request)
    started = time.perf_counter()
    phrase = request.phrase.strip()
    part = part_at(request.raster, phrase, request.at, request.likely)
    source = request.raster.name or Path(request.raster.href or "").name
    answer = Answer(
        "",
        provenance={
            "model": card.id,
            "revision": card.revision,
            "task": "refine",
            "sources": [source],
            "at": list(request.at),
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "versions": {"rsvlm": VERSION},
        },
    )
    if part is None:
        answer.target_absent = [phrase]
    else:
        pixel_m = float(np.prod(part.grid.sides_m)) ** 0.5
        tolerance = SMOOTH * pixel_m if request.tolerance_m is None else request.tolerance_m
        cut = Cut(part.likely, 0.0, tolerance, request.right_angles)
        found = [Found(phrase, item.polygon, item.score) for item in outlined([part.values], part.grid, cut)]
        answer.evidence = evidence_of("mask", found, part.grid.crs, source)
        answer.provenance |= {"cut": asdict(cut), "crs": part.grid.crs.to_wkt() if part.grid.crs else None}
    reports = phrase_reports([phrase], answer.evidence, [])
    answer.text, answer.structured = reports[0]["text"], {"phrases": reports}
    for item in answer.evidence:
        watch.evidence(item)
    watch.text(answer.text)
    answer.timings = {"total": round(time.perf_counter() - started, 4)}
    return answer

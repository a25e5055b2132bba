"""What changed in one place between two dates: in words, and as outlines where the model draws them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import cast

import numpy as np

from rsvlm.geo.alignment import Common, Pair, common, pair
from rsvlm.geo.ground import gsd_m
from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import ChangeAnswers, ChangeMasks, Predictor, Question
from rsvlm.models.predictors.words import sentence
from rsvlm.models.prompts import put
from rsvlm.protocol import Answer, ChangeRequest, Evidence, RsvlmError, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.agreement import disagreement
from rsvlm.tasks.figures import percent
from rsvlm.tasks.in_words import Telling, doubts, timings
from rsvlm.tasks.looking import ENOUGH, picture, wanted_share
from rsvlm.tasks.outlines import LIKELY, SPECK, outlined
from rsvlm.tasks.plan import one_view, view_size
from rsvlm.tasks.provenance import provenance

MASKS = "change_masks"  # what a card calls the ability to draw where something changed
COARSER = 2.0  # from which ratio of ground sample distances on a pair is called unlike


def change(request: ChangeRequest, models: Models, watch: Watch) -> Answer:
    """Raises RsvlmError: whatever opening and reading raise, bad_extent for rasters that do not overlap, no_data,
    unknown_model, cancelled, bad_request.
    """
    question = (request.question or "").strip()
    card = checks.change(request)
    started = time.perf_counter()
    with (
        Scene.open(request.before) as before,
        Scene.open(request.after) as after,
        models.using(card.id, watch.cancelled) as found,
    ):
        shared = common(before, after)
        dates = _views(before, after, shared, card)
        read = time.perf_counter()
        watch.progress(0, 1, "Comparing")
        predictor = cast(ChangeAnswers, found)
        seen = predictor.encode([picture(dates.before)], [picture(dates.after)])
        prompt = put(card, "change_ask" if question else "change", question)
        telling = Telling(watch.text, card)
        reply = predictor.ask(seen, [Question(prompt)], telling.more)[0]
        evidence = _outlines(found, seen, dates) if MASKS in card.tasks else []
        for item in evidence:
            watch.evidence(item)
        warnings = [*_unlike(before, after, shared, dates, card), *doubts(reply)]
        unlike = disagreement(reply.text, len(evidence), "change mask") if MASKS in card.tasks else None
        answer = Answer(
            text=telling.end(sentence(reply.text)),
            evidence=evidence,
            provenance=_provenance(request, found, before, after, shared, dates) | {"prompt": prompt},
            warnings=[*warnings, *([unlike] if unlike else [])],
            confidence=round(reply.confidence, 3),
            usage=found.usage,
        )
    watch.progress(1, 1, "Compared")
    answer.timings = timings(started, read)
    return answer


def _views(before: Scene, after: Scene, shared: Common, card: ModelCard) -> Pair:
    """All that both show, in one view of each. Raises RsvlmError as `pair` does."""
    x0, y0, x1, y1 = shared.extent
    width, height = before.ground_size_m(shared.extent) or (x1 - x0, y1 - y0)
    dates = pair(before, after, shared.extent, view_size(width, height, card.input.pixels))
    if _shown(before, after, dates) < ENOUGH:
        raise RsvlmError(
            "no_data",
            f"There is nothing to compare here: under {percent(ENOUGH)} of the common extent holds valid pixels in both rasters.",
            "Choose an extent where both show something.",
        )
    return dates


def _shown(before: Scene, after: Scene, dates: Pair) -> float:
    """How much of what was asked for both show, 0 to 1."""
    return min(1.0, dates.before.valid_share / min(wanted_share(before), wanted_share(after)))


def _outlines(predictor: Predictor, seen: Sequence[object], dates: Pair) -> list[Evidence]:
    pixels = max(dates.before.valid.shape)
    mask: np.ndarray = cast(ChangeMasks, predictor).change_masks(seen, pixels)[0]
    return outlined(mask, dates.before, "change")


def _unlike(before: Scene, after: Scene, shared: Common, dates: Pair, card: ModelCard) -> list[str]:
    """Sentences on what makes the comparison doubtful."""
    warnings = [*one_view(before, card).warnings, *one_view(after, card).warnings]
    if shared.overlap < 0.95:
        warnings.append(
            f"The two rasters share {percent(shared.overlap)} of what they show; the rest was not compared."
        )
    if shared.resolution_ratio and shared.resolution_ratio > COARSER:
        warnings.append(
            f"One raster is {shared.resolution_ratio:.2g} times coarser than the other; small differences may be no changes."
        )
    if is_later(before.acquired, after.acquired):
        warnings.append("The raster given as before is the later one by its date; the change is told backwards.")
    missing = 1 - _shown(before, after, dates)
    if missing > 0.05:
        warnings.append(f"{percent(missing)} of the common extent holds no data in one of them and was not compared.")
    return list(dict.fromkeys(warnings))


def is_later(one: str | None, other: str | None) -> bool:
    """Of two dates, ISO 8601: by days where one has no time, in UTC where no zone is told. False where one is no such date."""
    try:
        first, second = (datetime.fromisoformat((text or "").replace("Z", "+00:00")) for text in (one, other))
    except ValueError:
        return False
    if min(len(one or ""), len(other or "")) <= len("2020-06-01"):
        return first.date() > second.date()
    first, second = (date if date.tzinfo else date.replace(tzinfo=timezone.utc) for date in (first, second))
    return first > second


def _provenance(
    request: ChangeRequest, predictor: Predictor, before: Scene, after: Scene, shared: Common, dates: Pair
) -> dict:
    """Of both, in their order, where they differ."""
    height, width = dates.before.valid.shape
    gsd = gsd_m(dates.before.transform, before.crs, width, height)
    first, second = (
        provenance("change", predictor, raster, scene, gsd)
        for raster, scene in ((request.before, before), (request.after, after))
    )
    both = {name: [first[name], second[name]] for name in ("acquired", "bands", "sensor", "stretch")}
    return (
        first
        | both
        | {
            "sources": [*first["sources"], *second["sources"]],
            "extent": list(shared.extent),
            "alignment": shared.to_json(),
            "mask": {"probability": LIKELY, "smallest_pixels": SPECK} if MASKS in predictor.card.tasks else None,
        }
    )

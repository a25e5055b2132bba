"""What phrases name, looked for one after the other in one view: shared by segment.py and ground.py."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Answers, Question, Reply
from rsvlm.models.prompts import put
from rsvlm.protocol import Answer, Cancelled, Evidence, Raster, Watch
from rsvlm.tasks.agreement import disagreement
from rsvlm.tasks.ask import doubts, timings
from rsvlm.tasks.figures import ground_area
from rsvlm.tasks.looking import Tile, gaps, seen
from rsvlm.tasks.plan import one_view
from rsvlm.tasks.provenance import provenance


@dataclass(frozen=True)
class Way:
    """How things are looked for. kind: of the prompt (see prompts.py); drawn: as what, such as "mask".

    find: from the reply, the tile and the phrase to evidence and warnings.
    """

    task: str
    kind: str
    drawn: str
    find: Callable[[Reply, Tile, str], tuple[list[Evidence], list[str]]]


@dataclass(frozen=True)
class Found:
    """Of one phrase. warnings: sentences for the user."""

    phrase: str
    reply: Reply
    evidence: list[Evidence]
    warnings: list[str]


def look_for(way: Way, phrases: Sequence[str], card: ModelCard, raster: Raster, models: Models, watch: Watch) -> Answer:
    """Phrases that were done when the user stopped are kept.

    phrases: at least one that is not empty. Raises RsvlmError: whatever opening and reading raise, no_data, cancelled.
    """
    wanted = list(dict.fromkeys(phrase.strip() for phrase in phrases if phrase.strip()))
    started = time.perf_counter()
    with Scene.open(raster) as scene, models.using(card.id, watch.cancelled) as predictor:
        plan = one_view(scene, card)
        tile = seen(scene, plan, watch)[0]
        read = time.perf_counter()
        done = _each(way, wanted, tile, cast(Answers, predictor), watch)
        warnings = [warning for item in done for warning in item.warnings]
        if len(done) < len(wanted):
            warnings.append(f"Stopped after {len(done)} of {len(wanted)} phrases; the rest was not looked for.")
        asked = {
            "prompt": [put(card, way.kind, item.phrase) for item in done],
            "said": [item.reply.text for item in done],
        }
        answer = Answer(
            text=" ".join(_told(item) for item in done),
            evidence=[evidence for item in done for evidence in item.evidence],
            provenance=provenance(way.task, predictor, raster, scene, plan.gsd_m) | asked,
            warnings=list(dict.fromkeys([*plan.warnings, *gaps(scene, plan, [tile]), *warnings])),
            confidence=round(min(item.reply.confidence for item in done), 3),
            partial=len(done) < len(wanted),
            usage=predictor.usage,
            target_absent=[item.phrase for item in done if not item.evidence],
        )
    watch.text(answer.text)
    answer.timings = timings(started, read)
    return answer


def _each(way: Way, phrases: Sequence[str], tile: Tile, predictor: Answers, watch: Watch) -> list[Found]:
    """Of every phrase, or of those that were done when the user stopped; raises Cancelled if there are none."""
    done: list[Found] = []
    watch.progress(0, len(phrases), "Looking")
    picture = predictor.encode([tile.picture])
    for phrase in phrases:
        try:
            reply = predictor.ask(picture, [Question(put(predictor.card, way.kind, phrase))])[0]
        except Cancelled:
            if not done:
                raise
            break
        evidence, warnings = way.find(reply, tile, phrase)
        unlike = disagreement(reply.text, len(evidence), way.drawn)
        done.append(Found(phrase, reply, evidence, [*warnings, *doubts(reply), *([unlike] if unlike else [])]))
        for item in evidence:
            watch.evidence(item)
        watch.progress(len(done), len(phrases), "Looking")
    return done


def _told(item: Found) -> str:
    """How much of it there is, as measured; the model's own words are in the provenance."""
    if not item.evidence:
        return f"{item.phrase}: none found."
    areas = [evidence.area_m2 for evidence in item.evidence]
    known = [area for area in areas if area is not None]
    size = f", {ground_area(sum(known))}" if len(known) == len(areas) else ""
    return f"{item.phrase}: {len(areas)} found{size}."

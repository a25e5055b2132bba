"""What changed in one place between two dates: in words, and as outlines where the model draws them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import compress
from typing import Any, cast

import numpy as np
import shapely

from rsvlm.geo.alignment import Common, Pair, common, pair
from rsvlm.geo.ground import gsd_m
from rsvlm.geo.scene import Scene
from rsvlm.geo.view import View
from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import ChangeAnswers, ChangeMasks, Predictor, Question
from rsvlm.models.predictors.words import sentence
from rsvlm.models.prompts import put
from rsvlm.protocol import Answer, ChangeRequest, Evidence, RsvlmError, Watch
from rsvlm.tasks import checks, differing
from rsvlm.tasks.agreement import disagreement
from rsvlm.tasks.asked_change import HARMED, Asked, Kind, asked_change
from rsvlm.tasks.comparing import compared, sharper
from rsvlm.tasks.concluding import OnGround, whole
from rsvlm.tasks.figures import percent
from rsvlm.tasks.in_words import SURE, Telling, doubts, timings
from rsvlm.tasks.looking import ENOUGH, picture, wanted_share
from rsvlm.tasks.measured import GUESSED
from rsvlm.tasks.outlines import LIKELY, SPECK, outlined, valid_on
from rsvlm.tasks.plan import doubts as scene_doubts
from rsvlm.tasks.plan import view_size
from rsvlm.tasks.provenance import provenance

MASKS = "change_masks"  # what a card calls the ability to draw where something changed
CHANGE = "change"  # label of an outline of which is not known what came or went
FAINT = "What came or went is faint in the outlines; take the answer as a guess."
COARSER = 2.0  # from which ratio of ground sample distances on a pair is called unlike


@dataclass(frozen=True)
class Told:
    """What is answered. about: of the provenance. dates: as they were seen."""

    text: str
    sure: float
    evidence: list[Evidence]
    warnings: list[str]
    about: dict[str, Any]
    dates: Pair


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
        told = _measured(found, before, after, dates, question, watch) or _in_words(predictor, dates, question, watch)
        answer = Answer(
            text=told.text,
            evidence=told.evidence,
            provenance=_provenance(request, found, before, after, shared, told.dates) | told.about,
            warnings=[*_unlike(before, after, shared, told.dates, card), *told.warnings],
            confidence=round(told.sure, 3),
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


def _in_words(predictor: ChangeAnswers, dates: Pair, question: str, watch: Watch) -> Told:
    """What the model says itself, as it says it."""
    card = predictor.card
    seen = predictor.encode([picture(dates.before)], [picture(dates.after)])
    prompt = put(card, "change_ask" if question else "change", question)
    telling = Telling(watch.text, card)
    reply = predictor.ask(seen, [Question(prompt)], telling.more)[0]
    evidence = _outlines(predictor, seen, dates) if MASKS in card.tasks else []
    for item in evidence:
        watch.evidence(item)
    warnings = doubts(reply)
    if card.calibration.changes:
        warnings.append(f"{GUESSED}: outlines of what came and went do not decide this question.")
    elif MASKS in card.tasks and (unlike := disagreement(reply.text, len(evidence), "change mask")):
        warnings.append(unlike)
    return Told(telling.end(sentence(reply.text)), reply.confidence, evidence, warnings, {"prompt": prompt}, dates)


def _measured(
    predictor: Predictor, before: Scene, after: Scene, one_view: Pair, question: str, watch: Watch
) -> Told | None:
    """The answer that outlines of what came and went give; None for a model, or a question, that has none."""
    things, pixels = predictor.card.calibration.changes, predictor.card.input.pixels
    asked = asked_change(question, list(things)) if question else Asked("all")
    if not things or asked is None:
        return None
    dates = _sharp(before, after, one_view, pixels)
    likely = compared(predictor, dates, pixels, asked.kinds, watch)
    changed, by_kind = differing.by_kind(likely, things, asked.kinds)
    found, drawn, every = _on_ground(changed, by_kind, dates.before)
    text, sure = found.answer(asked)
    meant = [own for own in drawn if not asked.kinds or own.kind in asked.kinds]
    if asked.kind == "count":
        meant = [own.only(whole(own.shown.shapes)) for own in meant]
    evidence = [item for own in meant for item in own.lying(asked.place, partly=asked.kind == "there")]
    if not asked.kinds and not evidence:  # of what lies there no part is of a kind
        evidence = list(every.lying(asked.place, partly=True))
    for item in evidence:
        watch.evidence(item)
    watch.text(text)
    harm = [things[kind.thing] for kind in asked.kinds if kind.state == HARMED]  # of the earlier date
    prompt = [CHANGED, *differing.phrases(things).values(), *harm]
    about = {"prompt": prompt, "measured": {"kind": asked.kind, "phrases": [kind.label for kind in asked.kinds]}}
    return Told(text, sure, evidence, [FAINT] if sure < SURE and asked.kind != "count" else [], about, dates)


def _sharp(before: Scene, after: Scene, one_view: Pair, pixels: int) -> Pair:
    """Both dates as sharp as they are compared best; scattered samples are no sharper. Raises RsvlmError as `pair` does."""
    if one_view.before.sampled or one_view.after.sampled:
        return one_view
    height, width = one_view.before.valid.shape
    extent = one_view.before.extent
    finest = max(scene.gsd_m or math.inf for scene in (before, after))
    size = sharper(before.ground_size_m(extent), finest, (width, height), pixels)
    return one_view if size == (width, height) else pair(before, after, extent, size)


@dataclass(frozen=True)
class Drawn:
    """Outlines of one kind, or of what changed without its being known how. items: the same as `shown` has, as evidence."""

    kind: Kind | None
    shown: OnGround
    items: Sequence[Evidence]

    def lying(self, place: str, partly: bool) -> Iterator[Evidence]:
        return compress(self.items, self.shown.lying(place, partly))

    def only(self, wanted: Sequence[bool]) -> Drawn:
        shown = replace(self.shown, shapes=list(compress(self.shown.shapes, wanted)))
        return Drawn(self.kind, shown, list(compress(self.items, wanted)))

    @property
    def area_m2(self) -> float:
        """nan where there is no ground."""
        return float(sum(np.nan if item.area_m2 is None else item.area_m2 for item in self.items))


def _on_ground(
    changed: np.ndarray, by_kind: Mapping[Kind, np.ndarray], view: View
) -> tuple[differing.Differences, list[Drawn], Drawn]:
    """What differs, and its outlines: of each kind, and last what is of none; and all that changed. view: of either date."""
    rows, columns = view.valid.shape
    (left, top), (right, bottom) = view.transform @ (0, 0), view.transform @ (columns, rows)
    area = abs((right - left) * (bottom - top)) * float(view.valid.mean())

    def drawn(kind: Kind | None, likely: np.ndarray) -> Drawn:
        items = outlined(likely, view, kind.label if kind else CHANGE)
        shapes = [shapely.geometry.shape(item.geometry) for item in items]
        surest = float(likely[valid_on(view, *likely.shape[::-1])].max(initial=0))
        return Drawn(kind, OnGround(surest, area, (left, top, right, bottom), shapes), items)

    every = drawn(None, changed)
    kinds = {kind: drawn(kind, likely) for kind, likely in by_kind.items()}
    areas = {None: every.area_m2} | {kind: own.area_m2 for kind, own in kinds.items()}
    on_ground = {} if np.isnan(list(areas.values())).any() else areas
    found = differing.Differences(every.shown, {kind: own.shown for kind, own in kinds.items()}, on_ground)
    return found, [*kinds.values(), every.only(found.of_no_kind)], every


def _outlines(predictor: Predictor, seen: Sequence[object], dates: Pair) -> list[Evidence]:
    pixels = max(dates.before.valid.shape)
    mask: np.ndarray = cast(ChangeMasks, predictor).change_masks(seen, pixels)[0]
    return outlined(mask, dates.before, CHANGE)


def _unlike(before: Scene, after: Scene, shared: Common, dates: Pair, card: ModelCard) -> list[str]:
    """Sentences on what makes the comparison doubtful."""
    height, width = dates.before.valid.shape
    ground = before.ground_size_m(dates.before.extent)
    gsd = max(ground[0] / width, ground[1] / height) if ground else None
    warnings = [*scene_doubts(before, card, gsd), *scene_doubts(after, card, gsd)]
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

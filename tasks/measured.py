"""Questions that outlines decide are measured: words of the model say less of what is where than its masks do.

On the ground (`ask`) everything is outlined as “segment” does it, and the outlines are the evidence; in a picture of a data set
(`in_pictures`) the probabilities themselves are enough. For models that have both abilities.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress
from operator import not_
from typing import Any

import shapely
from rasterio.features import geometry_mask

from rsvlm.geo.ground import is_north_up
from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.presence import COVER, head, synonym
from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Predictor, Reply, Segments
from rsvlm.protocol import Answer, AskRequest, Evidence, Raster, SegmentRequest, Watch
from rsvlm.tasks.agreement import counted
from rsvlm.tasks.concluding import (
    FEW,
    InPicture,
    OnGround,
    Shown,
    agreed,
    concluded,
    count_of,
    exactly,
    sure_of,
    unseen,
    whole,
)
from rsvlm.tasks.features import phrase_reports
from rsvlm.tasks.figures import percent
from rsvlm.tasks.layout import Tiles
from rsvlm.tasks.looking import frame_of
from rsvlm.tasks.measurable import Measurable, measurable
from rsvlm.tasks.segment import segment

NUMBERS = ("count", "size")  # kinds of questions that the outlines' own sentences answer
COLOUR = re.compile(r"\b(?:black|white|gr[ae]y|red|brown|yellow|green|blue|orange|silver)\b")
ONE_BY_ONE = ("count", "number", "beside")  # in which a scrap would be taken for a thing of its own
OF_OUTLINES = ("gsd_m", "method", "there", "cut", "tiles")  # what the provenance tells of them
ROUGHLY = 256  # pixels of a side, on which what has data is measured
MOST_TILES = 256  # that are outlined for an answer
GUESSED = "The answer is the model's word and was not measured"
NOT_DRAWN = "Nothing of it was outlined: it may be too faint or too small for that, or lie just beside the place."
HEIGHTS = "“above” and “below” may be meant as heights. Ask for north, south, left or right on the map."
SCRAPS = "Not counted: {}, far smaller than the others. To see all, search for the name alone."
TOO_LARGE = "The place is too large to be outlined for an answer, so this one comes from a single view of it."


class Hushed(Watch):
    """Passes on progress, and the wish to stop; not what is found, which an answer may yet rest on or not."""

    def __init__(self, listener: Watch) -> None:
        self._listener = listener

    def progress(self, done: int, total: int, note: str) -> None:
        self._listener.progress(done, total, note)

    def cancelled(self) -> bool:
        return self._listener.cancelled()


def able(card: ModelCard, predictor: Predictor) -> bool:
    return "segment" in card.tasks and isinstance(predictor, Segments)


def to_measure(
    request: AskRequest, card: ModelCard, models: Models, watch: Watch
) -> tuple[Measurable | None, list[str]]:
    """What of the question is measured, if anything; sentences on why it is not. Raises what opening and loading raise."""
    asked = measurable(request.question) if request.knowledge is None else None
    if asked is None or asked.joined:
        return None, []
    if asked.heights:
        return None, [f"{GUESSED}: {HEIGHTS}"]
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as found:
        if not able(card, found) or not isinstance(found, Segments):
            return None, []
        strange = _unlearnt(asked, asked.phrases, card)
        if strange:
            return None, [f"{GUESSED}: the model has not learnt to outline {' and '.join(strange)}."]
        if asked.compass and not is_north_up(scene.extent, scene.crs):
            return None, [f"{GUESSED}: up is not north in this raster. Ask for top, bottom, left or right."]
        layout = Tiles(scene, card.input.pixels, card.input.gsd_range_m[0], found.mask_stride)
    return (asked, []) if layout.count <= MOST_TILES else (None, [TOO_LARGE])


def measured(request: AskRequest, asked: Measurable, words: Answer, models: Models, watch: Watch) -> Answer:
    """The answer from outlines of all of the extent. words: what the model says itself. Raises as `segment` does."""
    found = segment(SegmentRequest(request.raster, asked.phrases, words.provenance["model"]), models, Hushed(watch))
    reports = (found.structured or {})["phrases"]
    shown, evidence = _on_ground(found, reports, request.raster, asked, words)
    conclusion: tuple[str, float] | None = None
    why = "not all of the place was outlined"  # part of it, or some of the phrases, decide nothing
    first = shown[asked.phrases[0]]
    if asked.kind in NUMBERS and (found.partial or not unseen(first)):  # the outlines' own sentences are the answer
        number = int(first.lying(asked.place).sum())
        conclusion = "", sure_of(first, number > 0) * (exactly(number) if asked.kind == "count" else 1)
    elif not found.partial:
        conclusion = concluded(asked, shown, words.text, words.confidence or 0.0)
        why = f"nothing was outlined of {' and '.join(phrase for phrase in asked.phrases if not evidence[phrase])}"
    if conclusion is None:
        watch.text(words.text)
        warnings = dict.fromkeys([*words.warnings, *found.warnings, f"{GUESSED}: {why}."])
        return replace(words, partial=words.partial or found.partial, warnings=list(warnings))
    short, sure = conclusion
    if asked.kind == "share":
        short = _sentence(f"{percent(shown[asked.phrases[0]].share)}.")
    kept = {
        phrase: list(compress(items, shown[phrase].lying(asked.place, partly=asked.kind == "there")))
        for phrase, items in evidence.items()
    }
    shapes = [item for items in kept.values() for item in items]
    for item in shapes:
        watch.evidence(item)
    told = phrase_reports(asked.phrases, shapes, ())
    sizes = " ".join(_sentence(report["text"]) for report in told if report["count"] or asked.kind in NUMBERS)
    text = sizes if asked.kind in NUMBERS else f"{short} {sizes}".strip()
    left_out = [NOT_DRAWN] if (asked.kind, short) == ("there", "Yes.") and not shapes else []
    left_out += _scraps(asked, shown[asked.phrases[0]]) if asked.kind == "count" else []
    watch.text(text)
    return replace(
        found,
        text=text,
        evidence=shapes,
        confidence=round(sure, 3),
        provenance=words.provenance
        | {name: found.provenance[name] for name in OF_OUTLINES if name in found.provenance}
        | {"measured": {"kind": asked.kind, "phrases": list(asked.phrases), "said": words.text}},
        timings={name: round(seconds + words.timings.get(name, 0), 4) for name, seconds in found.timings.items()},
        structured={"phrases": told},
        warnings=[*found.warnings, *left_out],
        target_absent=[
            phrase
            for phrase, items in evidence.items()
            if not items and not found.partial and (asked.kind, short) != ("there", "Yes.")
        ],
        usage=words.usage,
    )


def _unlearnt(asked: Measurable, phrases: Sequence[str], card: ModelCard) -> list[str]:
    """Those that the model has not learnt to outline, whose outlines, or none, prove nothing. That they are there is told
    otherwise (families/compact/presence.py). Of a colour it has learnt the one thing among others, and not how many there are.
    """
    if asked.kind == "there" or not card.calibration.outlined:
        return []
    names = "|".join(map(re.escape, card.calibration.outlined))
    learnt = re.compile(rf"(?:.* )?(?:{names})(?:s|es)?(?: (?:{COVER}))?")  # “tree species” are no trees
    return [
        thing
        for thing in map(head, phrases)
        if not learnt.fullmatch(synonym(thing)) or (asked.kind == "count" and COLOUR.search(thing))
    ]


def _on_ground(
    found: Answer, reports: Sequence[dict[str, Any]], raster: Raster, asked: Measurable, words: Answer
) -> tuple[dict[str, OnGround], dict[str, list[Evidence]]]:
    """By phrase, without what is likelier not there: what concluded takes, and the outlines themselves; without scraps where
    things are taken one by one.
    """
    with Scene.open(raster) as scene:
        frame, area = frame_of(scene), _with_data(scene)
    there = found.provenance["there"]
    shown: dict[str, OnGround] = {}
    evidence: dict[str, list[Evidence]] = {}
    for report in reports:
        own = found.evidence[slice(*report["evidence"])]
        shapes = [shapely.geometry.shape(item.geometry) for item in own]
        likely = there.get(report["phrase"], 0.0)
        chance = agreed(likely, words.text, words.confidence or 0.0) if asked.kind == "there" else likely
        drawn = shapes if chance >= (0.5 if asked.kind == "there" else FEW) else []
        kept = whole(drawn) if asked.kind in ONE_BY_ONE else [True] * len(drawn)
        scraps = list(compress(drawn, map(not_, kept)))
        evidence[report["phrase"]] = list(compress(own, kept))
        likely = chance if asked.place else likely
        shown[report["phrase"]] = OnGround(likely, area, frame, list(compress(drawn, kept)), scraps)
    return shown, evidence


def _scraps(asked: Measurable, shown: OnGround) -> list[str]:
    """A sentence on those that lie in the place, if any do."""
    number = int(replace(shown, shapes=shown.scraps).lying(asked.place).sum())
    return [SCRAPS.format(f"{counted(number)} outline{'' if number == 1 else 's'}")] if number else []


def _with_data(scene: Scene) -> float:
    """How much of what was asked for has data, in the square of the scene's coordinates; more than 0."""
    wanted = shapely.box(*scene.extent)
    if scene.area is not None:
        wanted = scene.area.intersection(wanted)
    view = scene.view(scene.extent, (ROUGHLY, ROUGHLY))
    inside = geometry_mask([shapely.geometry.mapping(wanted)], view.valid.shape, view.transform, invert=True)
    held = float(view.valid[inside].mean()) if inside.any() else 1.0
    return max(held, 1 / ROUGHLY**2) * float(wanted.area)


def in_pictures(
    predictor: Any, seen: Sequence[Any], questions: Sequence[str], replies: Sequence[Reply]
) -> list[tuple[str, float]]:
    """Text and confidence of each answer: of the reply where the question, or the model, is none that measures.

    seen: what the predictor's `encode` gave of a picture for each question.
    """
    found = [(reply.text, reply.confidence) for reply in replies]
    if able(predictor.card, predictor):
        for number, (picture, question) in enumerate(zip(seen, questions, strict=True)):
            asked = measurable(question)
            if asked is not None and not asked.compass:
                likely = predictor.likely([picture], asked.phrases)[0]
                rows = zip(asked.phrases, likely.there.tolist(), likely.maps, strict=True)
                shown: dict[str, Shown] = {phrase: InPicture(there, values) for phrase, there, values in rows}
                doubtful = [phrase for phrase, one in shown.items() if not count_of(one) or COLOUR.search(phrase)]
                if not _unlearnt(asked, doubtful, predictor.card):
                    found[number] = concluded(asked, shown, *found[number]) or found[number]
    return found


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

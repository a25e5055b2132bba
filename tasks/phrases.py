"""Phrases looked for in a raster, class phrases together and referring expressions one by one: what segment and ground share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.geo.measuring import measured
from rsvlm.geo.scene import Scene
from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.presence import head, wider
from rsvlm.models.predictors.abilities import Predictor
from rsvlm.models.prompts import put
from rsvlm.protocol import Answer, Cancelled, Evidence, Raster, Watch
from rsvlm.tasks.agreement import disagreement
from rsvlm.tasks.features import Found, evidence_of, phrase_reports
from rsvlm.tasks.in_words import doubts as doubts_of_words
from rsvlm.tasks.layout import OneView, Tiles, one_view_will_do
from rsvlm.tasks.looking import frame_of, gaps, seen
from rsvlm.tasks.outlines import LIKELY
from rsvlm.tasks.plan import doubts, one_view
from rsvlm.tasks.provenance import provenance
from rsvlm.tasks.referring import Referring, lowered, picked, referring, refers
from rsvlm.tasks.searching import Search
from rsvlm.tasks.sights import KINDS, Seer

WIDER = "The model outlines {} as {} and does not tell them from others."


@dataclass
class Looking:
    """phrases: all that are wanted, in their order. searches: the one for all class phrases first, if there are any.

    expressions: phrases that are looked for by themselves; meant: those of them that are chosen among outlines of a name.
    warnings: sentences for the user.
    """

    seer: Seer
    phrases: list[str]
    searches: list[Search]
    expressions: list[str]
    meant: dict[str, Referring]
    warnings: list[str]


def looking(scene: Scene, card: ModelCard, seer: Seer, phrases: Sequence[str], watch: Watch) -> Looking:
    """phrases: at least one that is not empty. Raises RsvlmError: no_data, bad_raster, cancelled."""
    wanted = list(dict.fromkeys(phrase.strip() for phrase in phrases if phrase.strip()))
    whole = one_view(scene, card)
    glance = seen(scene, whole, watch, "look for phrases in", enough=0)
    expressions = [phrase for phrase in wanted if seer.whole and refers(phrase)]
    chosen = {phrase: referring(phrase) for phrase in expressions if seer.method == "probabilities"}
    meant = {phrase: one for phrase, one in chosen.items() if one is not None}
    classes = [phrase for phrase in wanted if phrase not in expressions]
    searches = []
    if classes:
        one = not seer.together and one_view_will_do(scene, card, seer.finest)
        layout = OneView(scene, card) if one else Tiles(scene, seer.side, seer.finest, seer.stride)
        searches.append(Search(layout, seer, classes))
    for phrase in expressions:
        if phrase in meant:
            tiles = Tiles(scene, seer.side, seer.finest, seer.stride)
            searches.append(Search(tiles, seer, [phrase], [meant[phrase].name]))
        else:
            searches.append(Search(OneView(scene, card), seer, [phrase]))
    seen_at = dict.fromkeys(search.layout.gsd_m for search in searches)
    warnings = [doubt for gsd in seen_at for doubt in doubts(scene, card, gsd)]
    if card.calibration.outlined:
        warnings += [WIDER.format(*names) for phrase in wanted if (names := wider(head(phrase)))]
    return Looking(seer, wanted, searches, expressions, meant, [*warnings, *gaps(scene, whole, glance), *seer.warnings])


def told(
    task: str,
    kind: str,
    plan: Looking,
    found: Sequence[Found],
    predictor: Predictor,
    raster: Raster,
    scene: Scene,
    watch: Watch,
) -> Answer:
    """The answer, whose evidence is told on the way. kind: "mask" or "box". found: of all searches.

    Raises Cancelled if the user stopped before anything was looked at.
    """
    if not any(search.done for search in plan.searches):
        raise Cancelled()
    looked_for = [phrase for phrase in plan.phrases if any(phrase in s.phrases and s.done for s in plan.searches)]
    there = {phrase: float(search.there[at]) for phrase in looked_for for search, at in [_search_of(plan, phrase)]}
    placed = set()
    for phrase, one in plan.meant.items():
        named = [item for item in found if item.phrase == phrase]
        if named:
            placed.add(phrase)
            shapes = [item.shape for item in named]
            areas, _ = measured(np.array([*shapes, None], object)[:-1], scene.crs)
            known = areas if np.isfinite(areas).all() else None
            numbers, off = picked(one, shapes, frame_of(scene), areas=known)
            there[phrase] = lowered(there[phrase], off)
            chosen = [named[number] for number in numbers] if there[phrase] >= LIKELY else []
            found = [*(item for item in found if item.phrase != phrase), *chosen]
    ordered = sorted(found, key=lambda item: plan.phrases.index(item.phrase))
    evidence = evidence_of(kind, ordered, scene.crs, raster.name or scene.source)
    for item in evidence:
        watch.evidence(item)
    reports = phrase_reports(looked_for, evidence, plan.expressions)
    words = _in_words(task, plan, looked_for, evidence, there, placed)
    stops = _stops(plan, looked_for)
    first = plan.searches[0]
    tiling = first.layout.tiling if isinstance(first.layout, Tiles) else None
    return Answer(
        text=" ".join(report["text"] for report in reports),
        evidence=evidence,
        provenance=provenance(task, predictor, raster, scene, first.layout.gsd_m)
        | {
            "prompt": [put(predictor.card, KINDS[task], _asked(plan, phrase)) for phrase in looked_for],
            "method": plan.seer.method,
            "there": {phrase: round(chance, 3) for phrase, chance in there.items() if chance > 0},
            "tiles": {
                "side": first.layout.side,
                "overlap": tiling.overlap if tiling else 0,
                "done": first.done,
                "planned": first.layout.count,
            },
        }
        | ({"said": words.said} if words.said else {}),
        warnings=list(dict.fromkeys([*plan.warnings, *words.warnings, *stops])),
        confidence=words.confidence,
        structured={"phrases": reports},
        partial=bool(stops),
        usage=predictor.usage,
        target_absent=[
            report["phrase"]
            for report in reports
            if not report["count"] and not _search_of(plan, report["phrase"])[0].cut_short
        ],
    )


def _asked(plan: Looking, phrase: str) -> str:
    """What the model was asked for."""
    return plan.meant[phrase].name if phrase in plan.meant else phrase


_DRAWN = {"segment": "mask", "ground": "boxes"}


@dataclass(frozen=True)
class _Words:
    """said: of each phrase, where a single view was asked about. confidence: 0 to 1, None where there are no probabilities."""

    said: list[str]
    warnings: list[str]
    confidence: float | None


def _search_of(plan: Looking, phrase: str) -> tuple[Search, int]:
    """Where a phrase was looked for, and its number there."""
    search = next(search for search in plan.searches if phrase in search.phrases)
    return search, search.phrases.index(phrase)


def _in_words(
    task: str,
    plan: Looking,
    looked_for: Sequence[str],
    evidence: Sequence[Evidence],
    there: Mapping[str, float],
    placed: Collection[str],
) -> _Words:
    """What a model said that answers in words, and whether that and its drawings agree.

    there: how likely each phrase is. placed: those whose place, or absence from it, was measured on outlines of their name.
    """
    said, warnings, sure = [], [], []
    for phrase in looked_for:
        search, at = _search_of(plan, phrase)
        replies = search.replies[at]
        warnings += [doubt for reply in replies for doubt in doubts_of_words(reply)]
        sure += [reply.confidence for reply in replies]
        if not replies and there[phrase] > 0:
            chance = there[phrase]
            found = any(item.phrase == phrase for item in evidence)
            sure.append(max(chance, 1 - chance) if phrase in placed else chance if found else 1 - chance)
        if len(replies) == 1 and search.layout.count == 1:
            said.append(replies[0].text)
            count = sum(item.phrase == phrase for item in evidence)
            unlike = disagreement(replies[0].text, count, _DRAWN[task])
            warnings += [unlike] if unlike else []
    return _Words(said, warnings, round(min(sure), 3) if sure else None)


def _stops(plan: Looking, looked_for: Sequence[str]) -> list[str]:
    """Sentences on what was left out because the user stopped."""
    told = []
    for search in plan.searches:
        if search.done and search.cut_short:
            told.append(
                f"Stopped after {search.done} of {search.layout.count} tiles; the rest of the extent was not looked at."
            )
    if len(looked_for) < len(plan.phrases):
        told.append(f"Stopped after {len(looked_for)} of {len(plan.phrases)} phrases; the rest was not looked for.")
    return told

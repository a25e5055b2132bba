"""Describe one place: in a sentence, in parts, or as data.

A small place is one view and one sentence. A large one is cut into tiles; each is described on its own, and the sum says
nothing that no tile supports. Every tile is evidence, with its polygon, its class and its sentence.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from rsvlm.geo import ground
from rsvlm.geo.scene import Scene
from rsvlm.models.families.compact.predictor import CompactPredictor, Seen
from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, Cancelled, DescribeRequest, RsvlmError, Watch
from rsvlm.tasks import checks, figures, wording
from rsvlm.tasks.cover import Cover, measure_cover
from rsvlm.tasks.findings import Finding, Verdict, judge, strays, verdicts
from rsvlm.tasks.in_words import Put, in_words
from rsvlm.tasks.looking import Tile, gaps, look, seen
from rsvlm.tasks.plan import Plan, make_plan
from rsvlm.tasks.provenance import provenance
from rsvlm.tasks.structure import Description, Part, Place, Share

BATCH = 8  # tiles described at once; progress and stop come between batches


def describe(request: DescribeRequest, models: Models, watch: Watch) -> Answer:
    """Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request (style, model)."""
    card = checks.describe(request)
    if not isinstance(models.get(card.id), CompactPredictor):  # words are all that it has
        if request.style == "structured":
            raise RsvlmError(
                "bad_request", f"The model {card.id} describes in words alone.", "Choose the style brief or detailed."
            )
        return in_words("describe", card, request.raster, Put("caption"), models, watch)
    started = time.perf_counter()
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as found:
        predictor = cast(CompactPredictor, found)
        plan = make_plan(scene, predictor.card, request.style)
        watch.progress(0, len(plan.tiles), "Reading")
        tiles = seen(scene, plan, watch, "describe")
        read = time.perf_counter()
        findings: list[Finding] = []
        streamed = ""
        if len(plan.tiles) == 1 and request.style == "brief":
            glance = predictor.encode(tiles[0].picture[None])
            verdict = verdicts(predictor, glance, plan)[0]
            if verdict.familiar and (not verdict.sure or verdict.wide):
                findings, plan, tiles = _closer(scene, predictor, plan, tiles, watch)
            if not findings:
                findings = [_one_sentence(predictor, tiles[0], glance, verdict, watch)]
                streamed = findings[0].caption
        else:
            plan = _glanced_at(scene, predictor, plan)
            findings = _all_findings(predictor, tiles, plan, watch)
        text = streamed or _sum_up(scene, plan, findings, request.style)
        partial = len(findings) < len(tiles)
        cover = None if partial else measure_cover(request.raster, scene)
        if cover and request.style != "structured":
            text = _append(text, wording.measured(cover.shares), request.style)
        answer = Answer(
            text=text,
            evidence=[finding.evidence() for finding in findings] + (cover.evidence if cover else []),
            provenance=provenance("describe", predictor, request.raster, scene, plan.gsd_m) | {"style": request.style},
            warnings=_warnings(scene, plan, tiles, findings),
            confidence=round(findings[0].confidence, 3) if streamed else _confidence(findings),
            partial=partial,
            usage=predictor.usage,
        )
        if request.style == "structured":
            description = _structured(scene, plan, findings, cover, answer.warnings)
            answer.structured = description.model_dump(mode="json")
            answer.text = description.model_dump_json(indent=2)
        watch.text(answer.text[len(streamed) :])
    done = time.perf_counter()
    answer.timings = {
        "read": round(read - started, 4),
        "model": round(done - read, 4),
        "total": round(done - started, 4),
    }
    return answer


def _glanced_at(scene: Scene, predictor: CompactPredictor, plan: Plan) -> Plan:
    """The plan, no longer reliable where one look at the whole, if the model can take it in, shows nothing familiar.

    Single tiles of strange imagery may resemble something that the model knows; the whole tells that they do not mean it.
    """
    whole = make_plan(scene, predictor.card, "brief")
    if not plan.reliable or len(whole.tiles) > 1:
        return plan
    for tile in look(scene, whole):
        familiarity = predictor.familiarity(predictor.encode(tile.picture[None]))[0]
        if familiarity < predictor.card.calibration.familiar_from:
            return replace(plan, reliable=False)
    return plan


def _closer(
    scene: Scene, predictor: CompactPredictor, plan: Plan, tiles: list[Tile], watch: Watch
) -> tuple[list[Finding], Plan, list[Tile]]:
    """A second look, in tiles, at a place that one view leaves in doubt; no findings where that says no more."""
    nearer = make_plan(scene, predictor.card, "detailed")
    if not nearer.reliable or len(nearer.tiles) == 1:
        return [], plan, tiles
    watch.progress(0, len(nearer.tiles), "Looking closer")
    parts = seen(scene, nearer, watch, "describe")
    findings = _all_findings(predictor, parts, nearer, watch)
    return (findings, nearer, parts) if any(finding.sure for finding in findings) else ([], plan, tiles)


def _one_sentence(
    predictor: CompactPredictor, tile: Tile, glance: Sequence[Seen], verdict: Verdict, watch: Watch
) -> Finding:
    """One view, its words streamed as they come; a guess is introduced as one before the first word."""
    doubt = wording.doubt(verdict)
    spoken: list[str] = []

    def say(delta: str) -> None:
        if not spoken and doubt:
            watch.text(doubt)
            delta = delta[:1].lower() + delta[1:]
        spoken.append(delta)
        watch.text(delta)

    caption = predictor.captions(glance, on_text=say)[0]
    if not spoken:  # the model ended before its first word
        say(f"{wording.capital(verdict.guess)}.")
    watch.progress(1, 1, "Described")
    text = "".join(spoken)
    sure = caption.confidence if verdict.sure else min(caption.confidence, verdict.score)
    finding = Finding(tile, verdict, doubt + text, sure, strays(verdict, text, predictor.card))
    watch.evidence(finding.evidence())
    return finding


def _all_findings(predictor: CompactPredictor, tiles: Sequence[Tile], plan: Plan, watch: Watch) -> list[Finding]:
    """Findings of all tiles, or of those that were finished when the user stopped; raises Cancelled if there are none."""
    findings: list[Finding] = []
    for start in range(0, len(tiles), BATCH):
        try:
            found = judge(predictor, tiles[start : start + BATCH], plan)
        except Cancelled:
            if findings:
                break  # those of earlier batches are kept
            raise
        for finding in found:
            findings.append(finding)
            watch.evidence(finding.evidence())
        watch.progress(len(findings), len(tiles), "Describing tiles")
    return findings


def _sum_up(scene: Scene, plan: Plan, findings: Sequence[Finding], style: str) -> str:
    """The brief sentence, or the paragraphs of a detailed description."""
    groups = wording.group(findings)
    if style == "brief":
        return wording.summary(groups)
    lines = [wording.summary(groups)]
    size, area = scene.ground_size_m(scene.extent), ground.area_m2(_footprint(scene), scene.crs)
    seen = "seen in one tile" if len(findings) == 1 else f"seen in {len(findings)} tiles"
    if size and area:
        seen = f"The extent measures {figures.ground_size(*size)} ({figures.ground_area(area)}), {seen}"
    lines.append(f"{wording.capital(seen)}. {wording.shares(groups)}")
    north_up = ground.is_north_up(scene.extent, scene.crs)
    for item in groups:
        if item.label != wording.UNSURE and item.share >= wording.WORTH_NAMING:
            indices = [finding.tile.index for finding in item.findings]
            where = wording.whereabouts(indices, plan.columns, plan.rows, north_up)
            said = f": {item.best.caption}" if item.best else "."
            lines.append(f"{wording.capital(item.label)} {where}{said}")
    return "\n".join(lines)


def _append(text: str, sentence: str, style: str) -> str:
    return f"{text} {sentence}" if style == "brief" else f"{text}\n{sentence}"


def _footprint(scene: Scene) -> dict:
    x0, y0, x1, y1 = scene.extent
    return {"type": "Polygon", "coordinates": [[[x0, y0], [x1, y0], [x1, y1], [x0, y1], [x0, y0]]]}


def _confidence(findings: Sequence[Finding]) -> float:
    """Of the classes that a sum rests on, by their shares of the ground; none of what is not sure."""
    total = sum(finding.tile.weight for finding in findings)
    sure = sum(finding.verdict.score * finding.tile.weight for finding in findings if finding.sure)
    return round(sure / total, 3)


def _warnings(scene: Scene, plan: Plan, tiles: Sequence[Tile], findings: Sequence[Finding]) -> list[str]:
    warnings = list(plan.warnings)
    if len(findings) < len(tiles):
        warnings.append(f"Stopped after {len(findings)} of {len(tiles)} tiles; the rest was not described.")
    warnings += gaps(scene, plan, tiles, "described")
    if findings and not any(finding.sure for finding in findings):
        warnings.append("The model is not sure what this place shows; take the description as a guess.")
    if len(findings) == 1 and findings[0].strays:
        label = findings[0].verdict.label
        warnings.append(f"Seen as a whole, the place is rather {label}, which the sentence does not name.")
    return warnings


def _structured(
    scene: Scene, plan: Plan, findings: Sequence[Finding], cover: Cover | None, warnings: list[str]
) -> Description:
    groups = wording.group(findings)
    size = scene.ground_size_m(scene.extent) or (None, None)
    return Description(
        summary=wording.summary(groups),
        place=Place(
            bounds=scene.extent,
            crs=scene.crs.to_wkt() if scene.crs else None,
            width_m=size[0],
            height_m=size[1],
            area_m2=ground.area_m2(_footprint(scene), scene.crs),
            gsd_m=plan.gsd_m,
            acquired=scene.acquired,
        ),
        shares=[Share(label=item.label, share=min(1.0, item.share), area_m2=item.area_m2) for item in groups],
        parts=[
            Part(
                bounds=item.tile.view.extent,
                label=item.verdict.label,
                score=item.verdict.score,
                sure=item.sure,
                caption=item.caption,
                confidence=item.confidence,
                area_m2=item.tile.area_m2,
            )
            for item in findings
        ],
        measured=cover.shares if cover else {},
        warnings=warnings,
    )

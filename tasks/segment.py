"""Outlines of what phrases name, as features that share their edges, in a raster of any size; see docs/masks.md."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from rsvlm.geo.outlining import Cut, Feature, outlined
from rsvlm.geo.probabilities import names_of, read, stored, told_of
from rsvlm.geo.remote import is_remote
from rsvlm.geo.scene import Scene
from rsvlm.geo.tiling import PixelGrid
from rsvlm.models.cards import ModelCard
from rsvlm.models.pool import Models
from rsvlm.protocol import Answer, SegmentRequest, Watch
from rsvlm.tasks import checks
from rsvlm.tasks.features import Found
from rsvlm.tasks.in_words import timings
from rsvlm.tasks.kept import findings, make_room, place_of, recall, stopped_at, stopped_place
from rsvlm.tasks.outlines import SMOOTH, speck_m2
from rsvlm.tasks.phrases import Looking, looking, told
from rsvlm.tasks.searching import Pace, Search
from rsvlm.tasks.sights import seer_of
from rsvlm.tasks.sketching import sketched

NOT_KEPT = "The probabilities could not be kept (no room on the disk?), so the threshold cannot be moved."


def segment(request: SegmentRequest, models: Models, watch: Watch) -> Answer:
    """Features of one set of class phrases share no area; each referring expression is outlined by itself.

    Raises RsvlmError: whatever opening and reading raise, no_data, unknown_model, cancelled, bad_request, unavailable (keep).
    """
    card = checks.segment(request)
    started = time.perf_counter()
    with Scene.open(request.raster) as scene, models.using(card.id, watch.cancelled) as predictor:
        plan = looking(scene, card, seer_of(predictor, "segment"), request.phrases, watch)
        opened = time.perf_counter()
        cutting = Cutting(request, scene, card, plan, watch)
        pace = Pace(watch, sum(search.steps for search in plan.searches), "Looking")
        found: list[Found] = []
        for search in plan.searches:
            found += cutting.found(search, pace)
            if search.stopped:
                break
        answer = told("segment", "mask", plan, found, predictor, request.raster, scene, watch)
        answer.provenance["cut"] = asdict(cut_of(request, plan.searches[0].layout.grid))
        if cutting.lost:
            answer.warnings.append(NOT_KEPT)
        elif cutting.kept and answer.structured is not None:
            answer.structured["probabilities"] = cutting.kept
    watch.text(answer.text)
    answer.timings = timings(started, opened)
    return answer


def cut_of(request: SegmentRequest, grid: PixelGrid) -> Cut:
    """What the request leaves open is a matter of the pixels that the model sees."""
    pixel_m2 = float(np.prod(grid.sides_m))
    smallest = speck_m2(grid) if request.smallest_m2 is None else request.smallest_m2
    tolerance = SMOOTH * pixel_m2**0.5 if request.tolerance_m is None else request.tolerance_m
    return Cut(request.likely, smallest, tolerance, request.right_angles)


class Cutting:
    """From searches to features. kept: files of probabilities, as the answer tells them. lost: whether one was not written."""

    def __init__(self, request: SegmentRequest, scene: Scene, card: ModelCard, plan: Looking, watch: Watch) -> None:
        self._request, self._scene, self._card, self._plan, self._watch = request, scene, card, plan, watch
        self.kept: list[dict[str, object]] = []
        self.lost = False

    def found(self, search: Search, pace: Pace) -> list[Found]:
        """Features of all phrases of a search. Raises RsvlmError."""
        cut = cut_of(self._request, search.layout.grid)
        if self._plan.seer.method == "words" and search.phrases[0] in self._plan.expressions:
            return self._things(search, cut, pace)
        features = self._kept(search, cut, pace) if self._request.keep else self._cut(search, cut, pace)
        return [Found(search.phrases[item.label], item.polygon, item.score) for item in features]

    def _cut(self, search: Search, cut: Cut, pace: Pace) -> list[Feature]:
        return outlined(self._bands(search, cut, pace), search.layout.grid, cut)

    def _bands(self, search: Search, cut: Cut, pace: Pace) -> Iterator[np.ndarray]:
        """Of the model, with a sketch of them on the way."""
        bands = search.layout.bands(search.probabilities(pace, self._watch))
        return sketched(bands, search.layout.grid, cut.likely, self._watch)

    def _kept(self, search: Search, cut: Cut, pace: Pace) -> list[Feature]:
        """From the file of an earlier run if there is one, else leaving one."""
        method = self._plan.seer.method
        path = place_of(self._request.raster, self._scene, self._card, search.phrases, search.layout, method)
        grid, stopped = search.layout.grid, stopped_at(path) if self._request.again else None
        # Nobody tells whether a remote raster is the same as then: only another cut of what was looked at rests on it.
        if path.is_file() and (self._request.again or not is_remote(self._request.raster.href or "")):
            search.done = search.layout.count
            pace.step(search.steps)
            recall(search, told_of(path))
            features = outlined(read(path), grid, cut)
        elif stopped:
            path, search.done = stopped
            search.stopped, search.phrases = True, names_of(path)
            recall(search, told_of(path))
            features = outlined(read(path), grid, cut)
        else:
            whole = path

            def place() -> Path:  # another cut of what was stopped must not look as if all had been looked at
                return stopped_place(whole, search.done) if search.stopped else whole

            bands = self._bands(search, cut, pace)
            kept = stored(bands, grid, whole, search.phrases, place, self._lose, partial(findings, search))
            features = outlined(kept, grid, cut)
            path = place()
            make_room(path)
        if path.is_file():  # not where the user stopped before there was anything
            self.kept.append({"phrases": list(search.phrases), "path": str(path)})
        return features

    def _lose(self) -> None:
        self.lost = True

    def _things(self, search: Search, cut: Cut, pace: Pace) -> list[Found]:
        """Each thing that an answer points at by itself: they may overlap. Scores are the model's own guesses, if it has any."""
        views = [view for view in search.probabilities(pace, self._watch) if view is not None]
        found = []
        for reply in search.replies[0] if views else []:
            for number, mask in enumerate([] if reply.masks is None else reply.masks):
                seen = np.where(np.isnan(views[0][0]), np.float32(np.nan), mask)
                features = outlined([seen[None]], search.layout.grid, cut)
                sure = None if reply.quality is None else min(1.0, max(0.0, float(reply.quality[number])))
                scores = [item.score if sure is None else sure for item in features]
                found += [
                    Found(search.phrases[0], item.polygon, score) for item, score in zip(features, scores, strict=True)
                ]
        return found

"""Phrases looked for on every picture of a layout: batches, progress with the time left, and what is kept when the user stops."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from rsvlm.geo.view import View
from rsvlm.models.heap import map_large
from rsvlm.models.predictors.abilities import Reply
from rsvlm.protocol import Cancelled, Watch
from rsvlm.tasks.layout import Layout, Tiles
from rsvlm.tasks.looking import nothing_seen, picture
from rsvlm.tasks.sights import Seer, Sight

BATCH = 8  # pictures at once
MOST_VALUES = 2**24  # of the probabilities of a batch
TOLD_FROM_S = 3.0  # of work, from which on the time left can be guessed


class Pace:
    """Tells how far a task is, and how long it will take from here. total: looks that are planned."""

    def __init__(self, watch: Watch, total: int, note: str) -> None:
        self._watch, self._total, self._note, self._done = watch, total, note, 0
        self._began = time.perf_counter()
        watch.progress(0, total, note)

    def step(self, count: int = 1) -> None:
        if not count:
            return
        self._done += count
        spent = time.perf_counter() - self._began
        left = spent / self._done * (self._total - self._done)
        guess = f", {_duration(left)} left" if spent >= TOLD_FROM_S and self._done < self._total else ""
        self._watch.progress(self._done, self._total, self._note + guess)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    return f"about {round(seconds / 60)} min" if seconds < 5400 else f"about {round(seconds / 3600)} h"


class Search:
    """A set of phrases, looked for on all pictures of a layout.

    phrases: those that were looked for wherever anything was. asked: what the model is asked for each, where that is not the
    phrase itself. done: pictures that were looked at; shown: those of them in which there was something to see. stopped: by the
    user.
    there: how likely each phrase is anywhere. replies: of each phrase, of a model that answers in words.
    """

    def __init__(self, layout: Layout, seer: Seer, phrases: Sequence[str], asked: Sequence[str] = ()) -> None:
        self.layout, self._seer, self.phrases, self._asked = layout, seer, list(phrases), list(asked)
        self.done, self.shown, self.stopped = 0, 0, False
        self.there = np.zeros(len(phrases))
        self.replies: list[list[Reply]] = [[] for _ in phrases]
        map_large()  # rows of a wide raster

    @property
    def cut_short(self) -> bool:
        """Whether the user stopped before all pictures were looked at."""
        return self.stopped and self.done < self.layout.count

    @property
    def steps(self) -> int:
        """Of progress, in all."""
        return self.layout.count * (1 if self._seer.together else len(self.phrases))

    def sights(self, pace: Pace, watch: Watch) -> Iterator[tuple[View, np.ndarray, Sight | None]]:
        """Every picture in turn: its view, (H, W) bool which of its pixels are wanted, and what is seen; None: nothing to see.

        When the user stops, what was finished is kept: tiles, or the first phrases of a single view. Raises RsvlmError (no_data)
        if there is nothing to see in any.
        """
        number = 0
        while number < self.layout.count:
            batch = range(number, min(number + self._batch(), self.layout.count))
            try:
                watch.check()
                looked = self._look(batch, pace)
            except Cancelled:
                self.stopped = True
                return
            number = batch.stop
            if number == self.layout.count and not self.shown:
                raise nothing_seen("look for phrases in", "none", narrow=True)
            while looked:
                self.done += 1
                yield looked.pop(0)  # the pictures of two batches are never in memory at once

    def _look(self, batch: range, pace: Pace) -> list[tuple[View, np.ndarray, Sight | None]]:
        views = [self.layout.view(index) for index in batch]
        wanted = [self.layout.wanted(view) for view in views]
        shown = [picture(view) for view, some in zip(views, wanted, strict=True) if some.any()]
        sights = iter(self._see(shown, pace))
        self.shown += len(shown)
        pace.step(len(batch) if self._seer.together else len(self.phrases) * (len(batch) - len(shown)))
        return [(view, some, next(sights) if some.any() else None) for view, some in zip(views, wanted, strict=True)]

    def probabilities(self, pace: Pace, watch: Watch) -> Iterator[np.ndarray | None]:
        """(phrases, H, W) float32 of every picture in turn, nan where there is nothing to see; None where that is all of it, and
        for the rest of a row of tiles in which the user stopped.
        """
        for _, wanted, sight in self.sights(pace, watch):
            if sight is None or wanted.all():
                yield None if sight is None else sight.maps
            else:
                yield np.where(wanted, sight.maps, np.float32(np.nan))
        if self.done and isinstance(self.layout, Tiles):
            yield from [None] * (-self.done % len(self.layout.tiling.columns))

    def _batch(self) -> int:
        values = len(self.phrases) * self.layout.side**2
        return max(1, min(BATCH, MOST_VALUES // values)) if self._seer.together else 1

    def _see(self, pictures: Sequence[np.ndarray], pace: Pace) -> list[Sight]:
        """What is seen of the phrases on each, in batches as the model takes them. Raises Cancelled."""
        if not pictures:
            return []
        together = self._seer.together
        found = (
            self._seer.see(pictures, self._asked or self.phrases) if together else [self._one_by_one(pictures[0], pace)]
        )
        self.there = np.max([self.there[: len(self.phrases)], *(sight.there for sight in found)], axis=0)
        return found

    def _one_by_one(self, shown: np.ndarray, pace: Pace) -> Sight:
        found: list[Sight] = []
        for phrase in self.phrases:
            try:
                found += self._seer.see([shown], [phrase])
            except Cancelled:
                if not found or self.layout.count > 1:
                    raise
                self.stopped, self.phrases = True, self.phrases[: len(found)]
                break
            pace.step()
        for told, sight in zip(self.replies, found, strict=False):
            told += [reply if self.layout.count == 1 else replace(reply, masks=None) for reply in sight.replies]
        maps, there = (np.concatenate([getattr(sight, name) for sight in found]) for name in ("maps", "there"))
        return Sight(maps, there, tuple(reply for sight in found for reply in sight.replies))

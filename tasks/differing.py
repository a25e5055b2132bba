"""What came and what went between two dates, kind by kind: in numbers, places and sizes, all read off outlines.

For models that outline what changed, and how (`Calibration.changes`): their words say less of two dates than their masks do.
Knows pixels, shapes and English; nothing of rasters.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import compress
from typing import Any

import numpy as np
import shapely
from affine import Affine

from rsvlm.geo.polygons import polygons
from rsvlm.models.families.compact.presence import CHANGED
from rsvlm.tasks.agreement import counted
from rsvlm.tasks.asked_change import AREA, HARMED, STATES, Asked, Kind, asked_change, plural
from rsvlm.tasks.concluding import OnGround, exactly, sure_of
from rsvlm.tasks.figures import digits, ground_area, percent
from rsvlm.tasks.measurable import PLACES
from rsvlm.tasks.outlines import LIKELY, SPECK
from rsvlm.tasks.wording import capital, listed

UNCHANGED = "No change is to be seen."
KNOWN = 0.5  # of what changed in one piece; if less of it is of any kind, it is told besides
FEW = 3  # places that a sentence names
CELLS = list(PLACES)[:9]  # of a 3 x 3 grid, row by row
_GRID = [f"{row}-{column}" for row in ("top", "center", "bottom") for column in ("left", "center", "right")]
_OF_PICTURES = {
    "left": "middle left",
    "right": "middle right",
    "top": "top middle",
    "bottom": "bottom middle",
}  # questions of data sets mean cells by these names


def phrases(changes: Mapping[str, str]) -> dict[Kind, str]:
    """changes: of `Calibration`. What a pair is asked for, of all that came and then of all that went: “new buildings”."""
    return {Kind(state, thing): f"{state} {phrase}" for state in STATES for thing, phrase in changes.items()}


def masks(changed: np.ndarray, likely: Sequence[np.ndarray], kinds: Sequence[Kind]) -> dict[Kind, np.ndarray]:
    """How likely each pixel came as each thing, or went as it: (H, W) each. Where it changed at all, and is none likelier.

    changed: (H, W), how likely each pixel changed; likely: (H, W) each, of `kinds`, in their order. A pixel came as one thing
    only, and went as one; of the same thing it is told once.
    """
    given, drawn = dict(zip(kinds, likely, strict=True)), dict[Kind, np.ndarray]()
    for state, other in (STATES, STATES[::-1]):
        own = [kind for kind in kinds if kind.state == state]
        sides = np.stack([given[kind] * (given[kind] >= given[Kind(other, kind.thing)]) for kind in own])
        surest = np.where(changed >= LIKELY, sides.argmax(axis=0), -1)
        drawn |= {kind: np.where(surest == number, sides[number], 0) for number, kind in enumerate(own)}
    return drawn


def harmed(changed: np.ndarray, thing: np.ndarray, there: float) -> np.ndarray:
    """(H, W) how likely each pixel is of such a thing that is damaged: both that it was one, and that it changed.

    thing, there: how likely each pixel, and any, was one before. The geometric mean, as either is faint where both hold. That the
    dates lie a little off each other is not made good here.
    """
    return np.asarray(np.sqrt(changed * thing) * (there >= LIKELY))


def likely(predictor: Any, pair: Any, before: np.ndarray, asked: Sequence[Kind] = ()) -> np.ndarray:
    """(1 + kinds, H, W) how likely each pixel of a pair changed, came or went as each of `phrases`, and is of what `asked` calls
    damaged, in the order in which it does. pair: what the predictor's `encode` gave. before: (H, W, 3) uint8, its earlier date.

    Raises what the predictor raises.
    """
    changes = predictor.card.calibration.changes
    maps = predictor.likely([pair], [CHANGED, *phrases(changes).values()])[0].maps
    hurt = [changes[kind.thing] for kind in asked if kind.state == HARMED]
    if not hurt:
        return np.asarray(maps)
    was = predictor.likely(predictor.encode([before]), hurt)[0]
    harm = [harmed(maps[0], thing, float(there)) for thing, there in zip(was.maps, was.there, strict=True)]
    return np.concatenate([maps, harm])


def by_kind(
    likely: np.ndarray, changes: Mapping[str, str], asked: Sequence[Kind] = ()
) -> tuple[np.ndarray, dict[Kind, np.ndarray]]:
    """As the function `likely` has them: (H, W) how likely each pixel changed, and the same of each kind."""
    kinds = list(phrases(changes))
    changed, came_or_went, harm = likely[0], likely[1 : 1 + len(kinds)], likely[1 + len(kinds) :]
    drawn = masks(changed, list(came_or_went), kinds)
    for kind, own in zip([kind for kind in asked if kind.state == HARMED], harm, strict=True):
        lost = Kind("lost", kind.thing)
        told = drawn[lost] >= LIKELY if lost in asked else False  # as such
        drawn[kind] = np.where(told, 0, own)
    return changed, drawn


def looked_at(
    predictor: Any, pair: Any, before: np.ndarray, asked: Sequence[Kind] = ()
) -> tuple[np.ndarray, dict[Kind, np.ndarray]]:
    """What `by_kind` makes of what `likely` gives."""
    return by_kind(likely(predictor, pair, before, asked), predictor.card.calibration.changes, asked)


def drawn_for(predictor: Any, pair: Any, before: np.ndarray, question: str) -> tuple[np.ndarray, str] | None:
    """(H, W) how likely each pixel is of what a question wants to see outlined, and what that is called: “damaged building”.

    None where it names nothing that came, went or was damaged, or the model has no such outlines. As `looked_at`.
    """
    asked = asked_change(question, list(predictor.card.calibration.changes))
    if asked is None or asked.kind != "where" or not asked.kinds or asked.place:
        return None
    _, drawn = looked_at(predictor, pair, before, asked.kinds)
    return np.max([drawn[kind] for kind in asked.kinds], axis=0), ", ".join(kind.label for kind in asked.kinds)


def in_picture(changed: np.ndarray, drawn: Mapping[Kind, np.ndarray]) -> Differences:
    """Of a pair without ground, in pixels; as `looked_at` has them."""
    height, width = changed.shape

    def shown(likely: np.ndarray) -> OnGround:
        shapes = polygons(likely >= LIKELY, Affine.identity(), SPECK)
        return OnGround(float(likely.max()), float(changed.size), (0, 0, width, height), shapes)

    return Differences(shown(changed), {kind: shown(likely) for kind, likely in drawn.items()})


@dataclass(frozen=True)
class Differences:
    """All that differs between two dates. every: whatever it is that changed; kinds: what came or went, by kind.

    areas_m2: of all, by None, and of each kind; empty where there is no ground.
    """

    every: OnGround
    kinds: Mapping[Kind, OnGround]
    areas_m2: Mapping[Kind | None, float] = field(default_factory=dict)

    @cached_property
    def of_no_kind(self) -> list[bool]:
        """(shapes,) of all that changed, which did so without its being known how."""
        named = shapely.union_all([shape for one in self.kinds.values() for shape in one.shapes])
        return [shape.intersection(named).area < KNOWN * shape.area for shape in self.every.shapes]

    def told(self) -> tuple[str, float]:
        """Sentences on all of it, and how likely it is that something changed, or nothing."""
        if not self.every.shapes:
            return UNCHANGED, sure_of(self.every, False)
        found = sorted(self._found(self.kinds), key=lambda kind: -self.kinds[kind].share)
        sentences = [self._sentence(kind) for kind in found]
        rest = list(compress(self.every.middles.tolist(), self.of_no_kind))
        others = [f"Something{' else' if sentences else ''} changed {_places(rest)}."] if rest else []
        size = f"All that changed covers {self._size()} of what both dates show."
        return " ".join([*sentences, *others, size]), self.every.there

    def answer(self, asked: Asked) -> tuple[str, float]:
        """Text, and how likely it is right."""
        kinds, place = asked.kinds, asked.place
        named = [self.kinds[kind] for kind in kinds] or [self.every]
        found = [one for one in named if one.lying(place, partly=asked.kind != "where").any()]
        sure = max(one.there for one in found) if found else min(sure_of(one, False) for one in named)
        if asked.kind == "all":
            return self.told()
        if asked.kind == "there":
            return ("Yes." if found else "No."), sure
        if asked.kind == "count":
            numbers = [int(one.whole().lying(place).sum()) for one in named]
            sures = [sure_of(one, n > 0) * exactly(n) for one, n in zip(named, numbers, strict=True)]
            told = [f"{number} {kind.named(number)}" for number, kind in zip(numbers, kinds, strict=True)]
            return f"{listed(told)}." if any(numbers) else _none_of(kinds, place), math.prod(sures)
        if asked.kind == "grid":
            return self._grid(kinds), sure
        if not found:
            return _none_of(kinds, place) if kinds else UNCHANGED, sure
        if asked.kind == "size":
            return " ".join(self._sentence(kind, sized=True) for kind in self._found(kinds)), sure
        if asked.kind == "share":
            ground = f", {ground_area(self.areas_m2[None])}" if self.areas_m2 else ""
            return f"About {_percent(self.every.share)} percent of the image has changed{ground}.", sure
        if asked.kind == "most":
            if not kinds:
                return f"Most of it lies {_at(CELLS[int(_in_cells(self.every).sum(axis=0).argmax())])}.", sure
            largest = max(
                (shape.area, place)
                for one in found
                for shape, place in zip(one.shapes, one.middles.tolist(), strict=True)
            )
            return f"The largest lies {_places([largest[1]])}.", sure
        middles = [middle for one in found for middle in compress(one.middles.tolist(), one.lying(place))]
        return capital(_places(middles)) + ".", sure

    def _found(self, kinds: Mapping[Kind, Any] | Sequence[Kind]) -> list[Kind]:
        return [kind for kind in kinds if self.kinds[kind].shapes]

    def _size(self, kind: Kind | None = None) -> str:
        share = percent((self.every if kind is None else self.kinds[kind]).share)
        return f"{ground_area(self.areas_m2[kind])}, {share}" if self.areas_m2 else share

    def _sentence(self, kind: Kind, sized: bool = False) -> str:
        """sized: its share is told where there is no ground."""
        shown = self.kinds[kind].whole()
        number = len(shown.shapes)
        what = kind.label if number == 1 and kind.thing.startswith(AREA) else f"{counted(number)} {kind.named(number)}"
        size = f", {ground_area(self.areas_m2[kind])}" if self.areas_m2 else f", {self._size(kind)}" if sized else ""
        return f"{capital(what)} {_places(shown.middles.tolist())}{size}."

    def _grid(self, kinds: Sequence[Kind]) -> str:
        """Cells with any of it, in the form of ChangeChat's answers (DeltaVLM, arXiv 2507.22346, section 4)."""
        several = len({kind.state for kind in kinds}) > 1
        rows = []
        for kind in kinds:
            held = list(compress(_GRID, _in_cells(self.kinds[kind]).sum(axis=0) > 0))
            name = kind.named(2)
            rows.append(f"{name if several else name.partition(' ')[2]} {held}")
        return " ".join(rows)


def _none_of(kinds: Sequence[Kind], place: str) -> str:
    """“There are no new buildings or roads there”, in the place that was asked for, if any was."""
    names = [kind.named(2) for kind in kinds]
    if len({kind.state for kind in kinds}) == 1:
        names[1:] = [plural(kind.thing) for kind in kinds[1:]]
    *some, last = names
    return f"There are no {', '.join(some)}{' or ' if some else ''}{last}{' there' if place else ''}."


def _in_cells(shown: OnGround) -> np.ndarray:
    """(shapes, 9) how much of each shape lies in each of CELLS."""
    left, top, right, bottom = shown.frame
    places = np.array([PLACES[cell] for cell in CELLS]) * ((right - left, bottom - top) * 2) + (left, top) * 2
    shapes = np.array([*shown.shapes, None], object)[:-1]
    return np.asarray(shapely.area(shapely.intersection(shapes[:, None], shapely.box(*places.T))))


def _places(middles: Sequence[Sequence[float]]) -> str:
    """Where they lie: “at the top left and in the middle”. middles: (2,) shares of the sides each."""
    cells = {3 * min(2, max(0, int(3 * y))) + min(2, max(0, int(3 * x))) for x, y in middles}
    if len(cells) > FEW:
        return "in many places"
    return listed([_at(CELLS[cell]) for cell in sorted(cells)])


def _at(cell: str) -> str:
    return "in the middle" if cell == "middle" else f"at the {cell}"


def _percent(share: float) -> str:
    return digits(100 * share) if share < 0.1 else f"{100 * share:.0f}"


def in_pairs(
    predictor: Any, seen: Sequence[Any], befores: Sequence[np.ndarray], questions: Sequence[str]
) -> list[tuple[str, float] | None]:
    """Text and confidence of each answer, "" for a question that asks for all; None where outlines do not decide it, or the
    model has none. seen: what the predictor's `encode` gave of a pair for each question; befores: their
    earlier dates.
    """
    things = predictor.card.calibration.changes
    found: list[tuple[str, float] | None] = []
    for pair, before, question in zip(seen, befores, questions, strict=True):
        asked = asked_change(question, list(things)) if question else Asked("all")
        if not things or asked is None:
            found.append(None)
            continue
        differences = in_picture(*looked_at(predictor, pair, before, asked.kinds))
        found.append(differences.answer(Asked(asked.kind, asked.kinds, _OF_PICTURES.get(asked.place, asked.place))))
    return found

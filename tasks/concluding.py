"""From where things are likely to be in a picture to the answer to a question that this decides. Knows no model, no raster."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress
from operator import not_
from typing import Protocol

import numpy as np
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.polygons import polygons
from rsvlm.tasks.agreement import said, spelled
from rsvlm.tasks.measurable import PLACES, SIDES, Measurable
from rsvlm.tasks.outlines import LIKELY

SPECK = 8  # pixels; what is smaller counts for nothing
SCRAP = 0.2  # of the area that things of a kind usually have; what is smaller is a part of one that was torn off
HEAVIER = 0.25  # power of its area that a thing counts for, when the middle of all sizes is taken
FEW = 0.4  # chance of any being there under which none is counted
PART = 0.25  # of a thing that lies in a place, for it to be there
COVERED = 0.01  # of a place, that does for a thing of which less lies there
LOOKED = 0.75  # what the masks' word weighs against the decoder's, where both say whether something is there
ALMOST = 1e-3  # no chance is taken for nearer to 0 or 1


class Shown(Protocol):
    """What is seen of a phrase. Places are shares of the sides, x from the left and y from the top.

    there: how likely any of it is there, 0 to 1. share: of the area that was looked at. middles: (things, 2) of each thing that
    counts; middle: (2,) of all of it.
    """

    @property
    def there(self) -> float: ...

    @property
    def share(self) -> float: ...

    @property
    def middles(self) -> np.ndarray: ...

    @property
    def middle(self) -> np.ndarray: ...

    def lying(self, place: str, partly: bool = False) -> np.ndarray:
        """(things,) bool: which lie in a place, all for "". partly: a part of them does."""


@dataclass(frozen=True, eq=False)
class InPicture:
    """likely: (H, W) in [0, 1], how likely each pixel is of it; what is too unlikely for an outline has its part in `share`."""

    there: float
    likely: np.ndarray

    @property
    def share(self) -> float:
        return float(self.likely.mean())

    @cached_property
    def middles(self) -> np.ndarray:
        height, width = self.likely.shape
        shapes = polygons(self.likely >= LIKELY, Affine.identity(), SPECK)
        return _places(list(compress(shapes, whole(shapes))), (0, 0, width, height))

    @property
    def middle(self) -> np.ndarray:
        weights = np.square(self.likely, dtype=float)
        height, width = weights.shape
        columns, rows = weights.sum(axis=0) @ np.arange(width), weights.sum(axis=1) @ np.arange(height)
        return np.array((columns / width, rows / height)) / max(weights.sum(), ALMOST)

    def lying(self, place: str, partly: bool = False) -> np.ndarray:
        """By their middles; places are as questions of data sets mean them, "top" the middle cell there."""
        return _inside(self.middles, PLACES[place]) if place else np.ones(len(self.middles), bool)


@dataclass(frozen=True, eq=False)
class OnGround:
    """area, frame: of all that was looked at; frame as its left, top, right and bottom. shapes: outlines of the phrase that
    count, in the same coordinates; scraps: the others.
    """

    there: float
    area: float
    frame: tuple[float, float, float, float]
    shapes: Sequence[BaseGeometry]
    scraps: Sequence[BaseGeometry] = ()

    def whole(self) -> OnGround:
        """Without the scraps among its shapes."""
        kept = whole(self.shapes)
        return replace(
            self, shapes=list(compress(self.shapes, kept)), scraps=list(compress(self.shapes, map(not_, kept)))
        )

    @property
    def share(self) -> float:
        return min(1.0, float(sum(shape.area for shape in self.shapes)) / self.area)

    @cached_property
    def middles(self) -> np.ndarray:
        return _places(self.shapes, self.frame)

    @property
    def middle(self) -> np.ndarray:
        areas = [shape.area for shape in self.shapes]
        return np.average(self.middles, axis=0, weights=areas) if areas else np.full(2, 0.5)

    def lying(self, place: str, partly: bool = False) -> np.ndarray:
        """By their middles, what is larger than a ninth of the frame by its parts; "top" is all that side, as people mean it."""
        if not place:
            return np.ones(len(self.shapes), bool)
        sides = (PLACES | SIDES)[place]
        left, top, right, bottom = self.frame
        x0, x1 = (left + (right - left) * share for share in sides[::2])
        y0, y1 = (top + (bottom - top) * share for share in sides[1::2])
        within, shapes = shapely.box(x0, y0, x1, y1), np.array([*self.shapes, None], object)[:-1]
        areas, parts = shapely.area(shapes), shapely.area(shapely.intersection(shapes, within))
        by_parts = parts >= np.minimum(PART * areas, COVERED * within.area)
        large = areas > abs((right - left) * (bottom - top)) / 9
        return np.where(large | partly, by_parts, _inside(self.middles, sides))


def whole(shapes: Sequence[BaseGeometry]) -> list[bool]:
    """Which are no scraps, of which one large thing may have lost many: large ones count for more in what size is usual."""
    areas = np.array([shape.area for shape in shapes])
    upwards = np.sort(areas)
    weights = (upwards**HEAVIER).cumsum()
    usual = upwards[np.searchsorted(weights, weights[-1] / 2)] if len(areas) else 0.0
    return [bool(area >= SCRAP * usual) for area in areas]


def _inside(middles: np.ndarray, sides: tuple[float, float, float, float]) -> np.ndarray:
    """(things,) bool. sides: left, top, right and bottom of a place."""
    middles = middles.clip(0, 1 - ALMOST)
    return np.asarray(((middles >= sides[:2]) & (middles < sides[2:])).all(axis=1))


def _places(shapes: Sequence[BaseGeometry], frame: tuple[float, float, float, float]) -> np.ndarray:
    """(shapes, 2): middles as Shown has them."""
    left, top, right, bottom = frame
    points = np.array([(shape.centroid.x, shape.centroid.y) for shape in shapes]).reshape(-1, 2)
    return np.asarray((points - (left, top)) / (right - left, bottom - top))


def concluded(asked: Measurable, shown: Mapping[str, Shown], text: str, sure: float) -> tuple[str, float] | None:
    """The answer in short, and how likely it is; None where the picture does not decide it.

    text, sure: what the model says in words, and how likely that is.
    """
    first, second = shown[asked.phrases[0]], shown[asked.phrases[-1]]
    if asked.kind == "there" and not asked.place:
        chance = agreed(first.there, text, sure)
        return _answer(chance >= 0.5, max(chance, 1 - chance))
    if asked.kind == "there":
        some = bool(first.lying(asked.place, partly=True).any())
        return _answer(some, sure_of(first, some))
    if asked.kind == "count":
        if unseen(first):
            return None
        in_words = said(text) is not None and not any(map(str.isdigit, text))
        number = count_of(first, asked.place)
        word = spelled(number) if number else "zero"
        return f"{word.capitalize() if in_words else number}.", exactly(number) * sure_of(first, number > 0)
    if asked.kind == "share":
        share = 100 * first.share
        return f"{round(share, -1) if share >= 5 else share:.0f} percent.", sure_of(first, share >= 1)
    if asked.kind == "size":
        return None
    if asked.kind == "beside":
        return _beside(asked, first, second) if min(first.share, second.share) > 0 else None
    sizes = [one.share if asked.kind == "area" else float(count_of(one)) for one in (first, second)]
    more, rest = sizes[::-1] if asked.less else sizes
    if not sum(sizes):
        return None
    there = min(sure_of(one, size > 0) for one, size in zip((first, second), sizes, strict=True))
    return _answer(more > rest, min(max(sizes) / sum(sizes), there))


def _beside(asked: Measurable, first: Shown, second: Shown) -> tuple[str, float]:
    axis, sign = (1 if asked.side in ("above", "below") else 0), (1 if asked.side in ("below", "right of") else -1)
    places = first.middles if asked.every and len(first.middles) else first.middle[None]
    return _answer(bool((sign * (places - second.middle)[:, axis] > 0).all()), min(first.there, second.there))


def count_of(shown: Shown, place: str = "") -> int:
    return int(shown.lying(place).sum()) if shown.there >= FEW else 0


def unseen(shown: Shown) -> bool:
    """Whether it is likely there, though no outline of it is: that is no proof that there are none."""
    return shown.there >= LIKELY and not len(shown.middles)


def exactly(number: int) -> float:
    """How likely so many that were outlined are neither more nor fewer. What `rsvlm eval vqa --protocol count --predictions FILE`
    keeps of held generated scenes: .82 of ones were right, .41 of threes, .29 of tens and more.
    """
    return 1 / (1 + number / 3)


def sure_of(shown: Shown, some: bool) -> float:
    """How likely an answer is that rests on there being some of it, or none; none in one place may be some in another."""
    nowhere = not some and not len(shown.middles)
    return 1 - shown.there if nowhere else shown.there if some else max(shown.there, 1 - shown.there)


def agreed(there: float, text: str, sure: float) -> float:
    """How likely it is that something is there, by the masks and by the words of the model (text, sure: see concluded): their log
    odds are added with weights.
    """
    words = {"yes": sure, "no": 1 - sure}.get(text.strip(" .!").lower())
    if words is None:
        return there
    odds = LOOKED * _log_odds(there) + (1 - LOOKED) * _log_odds(words)
    return 1 / (1 + math.exp(-odds))


def _log_odds(chance: float) -> float:
    chance = min(1 - ALMOST, max(ALMOST, chance))
    return math.log(chance / (1 - chance))


def _answer(holds: bool, sure: float) -> tuple[str, float]:
    return "Yes." if holds else "No.", sure

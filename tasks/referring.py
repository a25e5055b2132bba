"""Which thing a referring expression means: chosen among outlines of its name by what can be measured, size and place.

Models outline “white buildings” better than they compare or place them. So what singles out “the largest white building at the
top left” is measured here. In a picture, how likely the model finds the whole expression at each outline has its say. Knows
English wording and probabilities; no model, no raster.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from rsvlm.geo.polygons import polygons
from rsvlm.tasks.concluding import SPECK, whole
from rsvlm.tasks.measurable import AT, IN_IMAGE, PLACES, POINTS, SIDES, THING, amount, is_thing, plain_place, several
from rsvlm.tasks.outlines import LIKELY

APART = 16.0  # log odds by which a thing is less likely meant, for each side of the picture that it lies further off
TIMES = 2.0  # and for each e-fold in which it is smaller than the largest
PROMINENT = 0.25  # and for each in which it is smaller than another that the words mean as well
MIDDLE = 0.25  # of what it lies off, for what lies at the top, but not in the middle of it
LONG = 1 / 3  # of a side of the picture; what reaches further lies where any of it does, not where its middle is
SURE = 0.95  # that one is anywhere; what lies far off is not meant, however sure it is
ALMOST = 1e-3  # no chance is taken for nearer to 0

_EXTREMES = {
    "leftmost": (0, 1), "rightmost": (0, -1), "topmost": (1, 1), "uppermost": (1, 1), "bottommost": (1, -1), "lowermost": (1, -1),
}  # axis, and the sign of what is to be small along it  # fmt: skip
_SIZE, _EXTREME = "(?:(?P<size>largest|biggest|smallest) )?", f"(?:(?P<extreme>{'|'.join(_EXTREMES)}) )?"
_FORM = re.compile(rf"(?P<all>all )?(?:the |an? )?{_SIZE}{_EXTREME}{THING.format('name')}(?: {AT})?{IN_IMAGE}\W*")


_POINT = "(?:(?:north|south)?(?:east|west)(?:ern)?|(?:north|south)(?:ern)?)"
_PLACE = re.compile(
    r"\b(?:(?:left|right|top|bottom)(?:most)?|upper|lower|"
    rf"the (?:middle|cent(?:er|re)|corner|edge|{_POINT})|{_POINT} of)\b"
)  # “the western building”, but no “western red cedar” or “shopping center”
_DEGREE = re.compile(
    r"\b(largest|biggest|smallest|longest|shortest|tallest|widest|nearest|closest|farthest|brightest|darkest)\b"
)
_RELATION = re.compile(
    r"\b(near|beside|behind|between|opposite|above|below|around|next to|in front of|close to|adjacent to|surrounded by)\b"
)


@dataclass(frozen=True)
class Referring:
    """name: of the things, with all that does not single one out. size: "largest", "biggest" or "smallest"; extreme:
    "leftmost" ...; place: of PLACES; "" for none. several: all of that name at the place are meant.
    """

    name: str
    size: str = ""
    extreme: str = ""
    place: str = ""
    several: bool = False


def refers(phrase: str) -> bool:
    """Whether it makes sense of a whole picture alone, as it refers to things by where or how they are among others."""
    words = phrase.lower()
    return any(told.search(words) for told in (_PLACE, _DEGREE, _RELATION)) or referring(phrase) is not None


def referring(phrase: str) -> Referring | None:
    """None of a phrase that names a class of things, or singles one out by what is not measured."""
    found = _FORM.fullmatch(" ".join(phrase.lower().replace("-most", "most").split()))
    if not found or not any(found[part] for part in ("size", "extreme", "place")) or not is_thing(found["name"]):
        return None
    size, extreme, place = (found[part] or "" for part in ("size", "extreme", "place"))
    if any(point in place for point in POINTS):
        return None  # whether up is north is not known here
    place, one = plain_place(place), bool(size or extreme)
    together = bool(found["all"]) or several(found["name"])
    if (place and place not in PLACES) or (together and one):
        return None
    return Referring(found["name"], size, extreme, place, together or (not one and amount(found["name"])))


def singled_out(meant: Referring, expressed: np.ndarray, named: np.ndarray, there: float) -> tuple[np.ndarray, float]:
    """In a picture: (H, W) float32, how likely each pixel belongs to what is meant, and how likely any is there.

    expressed, there: the same as the model finds the whole expression. named: (H, W), of the name alone.
    """
    shapes = polygons(named >= LIKELY, Affine.identity(), SPECK)
    if not shapes:
        return expressed, there
    height, width = named.shape
    numbers = rasterize(((shape, number) for number, shape in enumerate(shapes, 1)), named.shape, dtype="int32")
    counts = np.bincount(numbers.ravel(), minlength=len(shapes) + 1)[1:]
    own = np.bincount(numbers.ravel(), expressed.ravel(), len(shapes) + 1)[1:] / np.maximum(counts, 1)
    chosen, off = picked(meant, shapes, (0, 0, width, height), own)
    return np.where(np.isin(numbers, chosen + 1), named, 0).astype(np.float32), lowered(there, off)


def picked(
    meant: Referring,
    shapes: Sequence[BaseGeometry],
    frame: tuple[float, float, float, float],
    own: np.ndarray | None = None,
    areas: np.ndarray | None = None,
) -> tuple[np.ndarray, float]:
    """Numbers of the shapes that are meant, and the log odds by which they, or the nearest if there are none, lie off the place.

    shapes: at least one, all of the name. frame: left, top, right and bottom of the place that was looked at. own: (shapes,), how
    likely the model finds the whole expression there. areas: (shapes,), on the ground, if they are known.
    """
    left, top, right, bottom = frame
    placed = [
        shapely.transform(shape, lambda xy: (xy - (left, top)) / (right - left, bottom - top)) for shape in shapes
    ]
    off = APART * np.array([_off(meant, shape) for shape in placed])
    if meant.several:
        return np.flatnonzero(off == 0), float(off.min())
    odds = -off
    if meant.size or meant.extreme:
        # Among those at the place. What is far smaller than a single other need be no scrap of it: the words speak of several.
        near, no_scraps = off <= off.min(), np.array(whole(placed))
        able = near & no_scraps if no_scraps.sum() > 1 else near
        odds = np.where(able if able.any() else near, odds - _behind(meant, placed, areas), -np.inf)
    else:
        odds += PROMINENT * np.log([shape.area for shape in placed])
    if own is not None:
        odds += np.log(own + ALMOST)
    best = int(odds.argmax())
    return np.array([best]), float(off[best])


def lowered(there: float, off: float) -> float:
    """How likely it is that anything is there, which lies off the place by log odds."""
    chance = min(SURE, max(ALMOST, there))
    return min(there, 1 / (1 + math.exp(off - math.log(chance / (1 - chance)))))


def _off(meant: Referring, shape: BaseGeometry) -> float:
    """How far a thing lies off the place, in sides of the frame."""
    if not meant.place:
        return 0.0
    x0, y0, x1, y1 = shape.bounds
    at = shape if max(x1 - x0, y1 - y0) > LONG else shape.centroid
    cell = PLACES[meant.place]
    wide, narrow = (at.distance(shapely.box(*sides)) for sides in (SIDES.get(meant.place, cell), cell))
    return float(wide if meant.several or meant.size or meant.extreme else (1 - MIDDLE) * wide + MIDDLE * narrow)


def _behind(meant: Referring, shapes: Sequence[BaseGeometry], areas: np.ndarray | None) -> np.ndarray:
    """(shapes,) log odds by which each is behind the largest, smallest or outermost."""
    sizes = np.log([shape.area for shape in shapes] if areas is None else areas)
    behind = np.zeros(len(shapes))
    if meant.size:
        behind += TIMES * (sizes - sizes.min() if meant.size == "smallest" else sizes.max() - sizes)
    if meant.extreme:
        axis, sign = _EXTREMES[meant.extreme]
        middles = sign * np.array([(shape.centroid.x, shape.centroid.y)[axis] for shape in shapes])
        behind += APART * (middles - middles.min())
    return behind

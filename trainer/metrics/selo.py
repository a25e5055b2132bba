"""How well a map tells where a phrase is: the four figures of semantic localisation (SeLo).

SeLo (arXiv 2209.06515), as GeoRSCLIP (RS5M, arXiv 2306.11300) is measured by it. A map is (rows, columns) uint8, 255 where the
phrase is most likely; a region is the outline of a place that people marked, (vertices, 2), x right and y down. Peaks come
from the map by the release's filters on whole numbers. Knows arrays only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rasterio.features import shapes
from shapely.geometry import shape

from rsvlm.geo.heat import window_sums
from rsvlm.trainer.metrics.filling import filled

BOX, ROUNDS = 50, 5  # side of the mean that smooths a map before its peaks are looked for, and how often
NEAR = 1000  # side of the window in which a peak is the highest
LIKELY = 0.5  # of a map of 0 to 1, from which on a peak counts
REACH = 1.5  # of a region, in mean distances of its vertices from its centre


def selo(likely: np.ndarray, regions: Sequence[np.ndarray]) -> dict[str, float]:
    """Rsu: how much of the map lies in the regions. Ras: how far peaks are off, the less the better. Rda: whether peaks are
    few and together. Rmi: all three in one. Each from 0 to 1. regions: at least one.
    """
    marked = [around(region) for region in regions]
    found = peaks(likely)
    far = [np.array([math.dist(centre, peak) for peak in found]) for centre, _ in marked]
    off = [_offset(distances, reach) for distances, (_, reach) in zip(far, marked, strict=True)]
    rsu = _significance(likely, covered(regions, likely.shape))
    ras = (math.exp(3 * float(np.mean(off if len(found) else off[:1]))) - 1) / (math.exp(3) - 1)
    rda = float(np.mean([_closeness(found[own < reach], reach) for own, (_, reach) in zip(far, marked, strict=True)]))
    return {"Rsu": rsu, "Rda": rda, "Ras": ras, "Rmi": 0.4 * rsu + 0.35 * (1 - ras) + 0.25 * rda}


def around(region: np.ndarray) -> tuple[tuple[int, int], int]:
    """Centre and reach of a region, in whole pixels; a vertex that is there twice counts twice, as in the release."""
    x, y = (int(value) for value in region.mean(axis=0))
    return (x, y), int(REACH * np.hypot(*(region - (x, y)).T).mean())


def _offset(distances: np.ndarray, reach: int) -> float:
    near = distances[distances < reach]
    return float(near.mean()) / reach if len(near) else 1.0


def _closeness(near: np.ndarray, reach: int) -> float:
    """near: (n, 2) peaks within the reach of a region."""
    if len(near) < 2:
        return float(len(near))
    apart = np.hypot(*(near - near.mean(axis=0)).T).mean()
    return float(0.5 * (1 - apart / reach) + math.exp(-0.5 * (len(near) + 2)))


def covered(regions: Sequence[np.ndarray], size: tuple[int, int]) -> np.ndarray:
    """(rows, columns) bool of `size`: the regions together."""
    return np.logical_or.reduce([filled(region.astype(int), size) for region in regions])


def _significance(likely: np.ndarray, inside: np.ndarray) -> float:
    within, outside, area = likely[inside].sum() / 255, likely[~inside].sum() / 255, inside.sum()
    return float(1 - np.exp(-0.707 * (within / (outside + 1e-7)) * ((likely.size - area) / area)))


def peaks(likely: np.ndarray) -> np.ndarray:
    """(n, 2) int: x, y of the highest places, the likeliest first."""
    smooth = likely
    for _ in range(ROUNDS):
        padded = np.pad(smooth, (BOX // 2, BOX - BOX // 2 - 1), mode="reflect")
        smooth = np.rint(window_sums(padded, BOX) * (1 / BOX**2)).astype(np.uint8)
    high = (smooth == _highest_near(smooth)) & (smooth > 0)
    places = []
    for outline, _ in shapes(high.astype(np.uint8), mask=high, connectivity=8):
        middle = shape(outline).centroid  # of whole pixels, whose own middles are half a pixel in
        places.append((int(middle.x - 0.5 + 1e-6), int(middle.y - 0.5 + 1e-6)))
    chances = {(x, y): likely[y, x] / 255 for x, y in places}
    best = sorted((place for place in chances if chances[place] >= LIKELY), key=lambda place: -chances[place])
    return np.array(best, int).reshape(-1, 2)


def _highest_near(values: np.ndarray) -> np.ndarray:
    """The highest value of the NEAR x NEAR pixels around each, one more before it than behind."""
    for axis in (0, 1):
        before, length = NEAR // 2, values.shape[axis]
        padding = [(0, 0), (0, 0)]
        padding[axis] = (before, NEAR - before - 1)
        reached, highest = 1, np.pad(values, padding)
        while reached < NEAR:  # windows of twice the length are two windows
            step = min(reached, NEAR - reached)
            longer = highest.shape[axis] - step
            highest = np.maximum(highest.take(range(longer), axis), highest.take(range(step, step + longer), axis))
            reached += step
        values = highest.take(range(length), axis)
    return values

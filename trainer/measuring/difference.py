"""The difference of two dates as a baseline: changed is where they differ by more than a threshold, and no model is asked.

The later date is brought to the mean and the deviation of the earlier one, band by band; the mean of the absolute differences
of the bands is averaged over 5 x 5 pixels. The threshold is that with the best F1 on other pairs, or Otsu's of each pair.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import place_of
from rsvlm.trainer.measuring.drawn import resized, shows_change, together
from rsvlm.trainer.metrics.masks import change_overlap
from rsvlm.trainer.metrics.tally import Tally
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.scored import Scored

REACH = 2  # pixels to each side that are averaged
LEVELS = 256
ALIKE = 1e-6  # levels apart, as the same numbers are after rounding


def difference(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 each -> (H, W) float, levels from 0 on."""
    first, second = before.astype(float), after.astype(float)
    means, deviations = zip(*((one.mean(axis=(0, 1)), one.std(axis=(0, 1))) for one in (first, second)), strict=True)
    first_deviation, second_deviation = (
        np.maximum(one, 1) for one in deviations
    )  # in a flat picture, noise stays noise
    matched = (second - means[1]) * (first_deviation / second_deviation) + means[0]
    return _averaged(np.abs(matched - first).mean(axis=2))


def _averaged(values: np.ndarray) -> np.ndarray:
    for _ in range(2):
        padded = np.pad(values, ((REACH, REACH), (0, 0)), "edge").cumsum(axis=0)
        sums = np.concatenate([padded[2 * REACH : 2 * REACH + 1], padded[2 * REACH + 1 :] - padded[: -2 * REACH - 1]])
        values = (sums / (2 * REACH + 1)).T
    return values


def otsu(values: np.ndarray) -> float:
    """The threshold that parts them into the two classes furthest apart (Otsu, IEEE SMC 9, 1979); inf where all are alike."""
    if np.ptp(values) < ALIKE:
        return math.inf
    counts, edges = np.histogram(values, LEVELS)
    middles = (edges[1:] + edges[:-1]) / 2
    below, total = counts.cumsum()[:-1], counts.sum()
    sums = (counts * middles).cumsum()
    above = total - below
    apart = below * above * (sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)) ** 2
    return float(edges[1:-1][apart.argmax()])


def pairs(records: Iterable[Record]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Difference and truth, (H, W), of two dates, once; of each that has a mask of change, or is told to have none.

    Raises RsvlmError (bad_raster) for pictures that cannot be read or differ in size.
    """
    known = set()
    for record in filter(shows_change, records):
        place = str([place_of(image) for image in record.images])
        if place in known:
            continue
        known.add(place)
        before, after = (read_picture(image) for image in record.images)
        if before.pixels.shape != after.pixels.shape:
            raise RsvlmError(
                "bad_raster", f"The two dates of {record.id} differ in size.", "Give both in the same pixels."
            )
        found = difference(before.pixels, after.pixels)
        yield found, resized(together(record.regions, after.height, after.width), *found.shape)


def best_threshold(found: Iterable[tuple[np.ndarray, np.ndarray]]) -> float:
    """Levels from which on a pixel is changed, with the best F1 over all pairs. Raises RsvlmError (bad_request) for none."""
    counts = np.zeros((2, LEVELS))
    for values, true in found:
        for side in (0, 1):
            counts[side] += np.bincount(values[true == side].clip(0, LEVELS - 1).astype(int), minlength=LEVELS)
    if not counts[1].sum():
        raise RsvlmError(
            "bad_request", "There is no change to choose a threshold by.", "Give pairs with masks of change."
        )
    wrong, right = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return float((2 * right / (right + wrong + counts[1].sum())).argmax())


def score(found: Iterable[tuple[np.ndarray, np.ndarray]], threshold: float | None) -> tuple[int, Scored]:
    """How many pairs, and their figures. threshold: None = Otsu's of each. Raises RsvlmError (bad_request) for no pair."""
    each = []
    for values, changed in found:  # one after the other: the pictures of a whole data set do not fit into memory
        each.append(change_overlap([values >= (otsu(values) if threshold is None else threshold)], [changed]))
    if not each:
        raise RsvlmError(
            "bad_request", "There is no pair with a mask of change.", "Give records of two dates with masks."
        )
    return len(each), Scored({"": Tally(np.concatenate([one.rows for one in each]), each[0].figures)})

"""IoU of masks: LISA's cIoU and gIoU, and the plain mean; and of classes that share a picture among them.

cIoU sums intersections and unions over all masks, gIoU is the mean of each mask's IoU (LISA, arXiv 2308.00692, section 4.1);
two empty masks agree. Knows arrays only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, share

ALARM = 0.005  # share of an unchanged picture from which on what is told to have changed is a false alarm
IGNORED = 255  # value of a reference's pixels that nobody is asked about
EPSILON, TINY = 1e-5, 1e-10  # of LISA's divisions


def mask_overlap(told: Iterable[np.ndarray], true: Iterable[np.ndarray]) -> Tally:
    """told: of each image (masks, height, width) bool; true: the same shapes, uint8, 0, 1 or IGNORED.

    Figures: cIoU, gIoU (both to LISA's divisors) and mIoU, the plain mean of IoU over masks. Intervals resample images.
    """
    return Tally(np.array([_row(one, other) for one, other in zip(told, true, strict=True)]), _figures)


def _row(told: np.ndarray, true: np.ndarray) -> list[float]:
    """Intersection, union, sums of LISA's IoU and of the plain one over the masks, number of masks."""
    asked = true != IGNORED
    wanted, given = (true == 1) & asked, told & asked
    both = (wanted & given).sum(axis=(1, 2)).astype(float)
    either = (wanted | given).sum(axis=(1, 2)).astype(float)
    official = both / (either + EPSILON) + (either == 0)
    return [both.sum(), either.sum(), official.sum(), share(both, either, of_nothing=1.0).sum(), len(true)]


def _figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    both, either, official, exact, count = (sums[..., column] for column in range(5))
    return {
        "cIoU": np.where(either > 0, both / (either + TINY), np.where(count > 0, 1.0, np.nan)),
        "gIoU": official / (count + EPSILON),
        "mIoU": share(exact, count),
    }


def class_overlap(told: Sequence[np.ndarray], true: Sequence[np.ndarray], classes: Sequence[str]) -> Tally:
    """told, true: of each image (height, width) numbers of classes; -1 for none, where nobody is asked about a true one.

    Figures: the IoU of each class over the pixels of all images (Everingham et al., IJCV 88, 2010, section 4.1.3 on VOC), mIoU,
    their mean over classes that are told or true anywhere, and accuracy, the share of pixels that are right.
    """
    rows = []
    for one, other in zip(told, true, strict=True):
        asked = other >= 0
        given, right = one[asked], other[asked]
        both = np.bincount(right[given == right], minlength=len(classes))
        either = (
            np.bincount(right, minlength=len(classes)) + np.bincount(given[given >= 0], minlength=len(classes)) - both
        )
        rows.append([*both, *either, asked.sum()])
    return Tally(np.array(rows, float), partial(_class_figures, classes=tuple(classes)))


def _class_figures(sums: np.ndarray, classes: Sequence[str]) -> dict[str, np.ndarray]:
    both, either, asked = np.split(sums, [len(classes), 2 * len(classes)], axis=-1)
    each = share(both, either, of_nothing=np.nan)
    found = {"mIoU": np.nanmean(each, axis=-1), "accuracy": share(both.sum(axis=-1), asked[..., 0])}
    return found | {f"{label} IoU": each[..., number] for number, label in enumerate(classes)}


def change_overlap(told: Iterable[np.ndarray], true: Iterable[np.ndarray]) -> Tally:
    """told, true: of each pair of dates (height, width) bool, what has changed.

    Figures: precision, recall, F1 and IoU of changed pixels, over all pairs; false alarms, the share of pairs without a change
    of which more than ALARM is told to have changed. Intervals resample pairs.
    """
    rows = []
    for one, other in zip(told, true, strict=True):
        same = not other.any()
        counts = [(one & other).sum(), (one & ~other).sum(), (~one & other).sum()]
        rows.append([*counts, same, same and one.mean() > ALARM])
    return Tally(np.array(rows, float), _change_figures)


def _change_figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    both, more, less, same, alarms = (sums[..., column] for column in range(5))
    return {
        "F1": share(2 * both, 2 * both + more + less, of_nothing=np.nan),
        "precision": share(both, both + more),
        "recall": share(both, both + less, of_nothing=np.nan),
        "IoU": share(both, both + more + less, of_nothing=np.nan),
        "false alarms": share(alarms, same, of_nothing=np.nan),
    }

"""IoU of masks: LISA's cIoU and gIoU, and the plain mean.

cIoU sums intersections and unions over all masks, gIoU is the mean of each mask's IoU (LISA, arXiv 2308.00692, section 4.1);
two empty masks agree. Knows arrays only.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, share

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

"""Boxes found: Acc@0.5 and mean IoU, upright or turned, one or several in a picture.

Of one box asked and one told this is the accuracy of visual grounding (DIOR-RSVG, arXiv 2210.12634, section IV): right where
the IoU reaches a half. Several are paired one to one, the best overlap first. Knows polygons only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from rsvlm.trainer.metrics.tally import Tally, share

ENOUGH = 0.5  # IoU of a box that is found

Corners = Sequence[Sequence[float]]


def overlap(told: Sequence[Corners], true: Sequence[Corners]) -> np.ndarray:
    """(told, true) IoU of polygons, each given by its corners; 0 of what has no area."""
    one, other = (shapely.make_valid([shapely.Polygon(corners) for corners in shapes]) for shapes in (told, true))
    both = shapely.area(shapely.intersection(one[:, None], other[None]))
    either = shapely.area(one)[:, None] + shapely.area(other)[None] - both
    return share(both, either)


def boxes_found(told: Sequence[Sequence[Corners]], true: Sequence[Sequence[Corners]]) -> Tally:
    """told, true: boxes of each picture. Figures: Acc@0.5, the share of true boxes that are found; Precision@0.5, the share
    of told boxes that find one; F1@0.5; mIoU, over true boxes, 0 for one that nothing was paired with.
    """
    rows = []
    for one, other in zip(told, true, strict=True):
        pairs = _pairs(overlap(one, other)) if len(one) and len(other) else []
        rows.append([sum(value >= ENOUGH for value in pairs), sum(pairs), len(one), len(other)])
    return Tally(np.array(rows, float), _figures)


def _pairs(values: np.ndarray) -> list[float]:
    """IoU of each pair, the best first, no box twice."""
    values = values.copy()
    found = []
    while values.size and values.max() > 0:
        row, column = np.unravel_index(values.argmax(), values.shape)
        found.append(float(values[row, column]))
        values[row], values[:, column] = 0, 0
    return found


def _figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    hits, overlaps, told, true = (sums[..., column] for column in range(4))
    return {
        "Acc@0.5": share(hits, true),
        "Precision@0.5": share(hits, told),
        "F1@0.5": share(2 * hits, told + true),
        "mIoU": share(overlaps, true),
    }

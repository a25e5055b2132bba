"""How well classes given by name are told apart: top-k of many, and the best F1 of one against the rest.

The protocols of SkyScript (arXiv 2312.12856); top-1 of GeoRSCLIP is the same. Knows ranks and cosines only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, means

THRESHOLDS = np.linspace(-1, 1, 101)  # of cosines
SMALL = 1e-9  # keeps shares of nothing from being no number, as in the release


def top(likeliest: Sequence[Sequence[object]], true: Sequence[object], ks: Sequence[int] = (1, 5)) -> Tally:
    """top-k: whether the class of a picture is among its k likeliest, of which the first comes first."""
    pairs = list(zip(likeliest, true, strict=True))
    return means({f"top-{k}": np.array([one in found[:k] for found, one in pairs], float) for k in ks})


def best_f1(cosines: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """Of one class, told by a threshold of the cosine: the one of 101 from -1 to 1 that does best, the lowest of equals.

    cosines: (n,) of each picture and the class. true: (n,) bool, whether it is of the class.
    Keys: threshold, F1, precision, recall.
    """
    told = cosines[None] > THRESHOLDS[:, None]
    right = (told & true).sum(axis=1)
    precision = (right + SMALL) / (told.sum(axis=1) + SMALL)
    recall = (right + SMALL) / (true.sum() + SMALL)
    f1 = 2 * precision * recall / (precision + recall + SMALL)
    best = int(f1.argmax())
    return {
        "threshold": float(THRESHOLDS[best]), "F1": float(f1[best]), "precision": float(precision[best]),
        "recall": float(recall[best]),
    }  # fmt: skip

"""How well classes given by name are told apart: top-k of many, and the best F1 of one against the rest.

The protocols of SkyScript (arXiv 2312.12856); top-1 of GeoRSCLIP is the same. Knows vectors only: images (n, width) of any
length, classes (classes, width) of unit length.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsvlm.trainer.metrics.retrieval import recalls, unit

THRESHOLDS = np.linspace(-1, 1, 101)  # of cosines
SMALL = 1e-9  # keeps shares of nothing from being no number, as in the release


def top_k(images: np.ndarray, classes: np.ndarray, labels: np.ndarray, ks: Sequence[int] = (1, 5)) -> dict[int, float]:
    """k -> share of the images whose class, its row in `labels` (n,), is among the k most similar."""
    return recalls(unit(images) @ classes.T, labels[:, None] == np.arange(len(classes)), ks)


def best_f1(images: np.ndarray, class_vector: np.ndarray, labels: np.ndarray) -> dict[str, float]:
    """Of one class, (width,), told by a threshold of the cosine: the one of 101 from -1 to 1 that does best, the lowest of
    equals. labels: (n,), 1 where the image is of the class. Keys: threshold, f1, precision, recall.
    """
    told = (unit(images) @ class_vector)[None] > THRESHOLDS[:, None]
    true = labels.astype(bool)
    right = (told & true).sum(axis=1)
    precision = (right + SMALL) / (told.sum(axis=1) + SMALL)
    recall = (right + SMALL) / (true.sum() + SMALL)
    f1 = 2 * precision * recall / (precision + recall + SMALL)
    best = int(f1.argmax())
    return {
        "threshold": float(THRESHOLDS[best]), "f1": float(f1[best]), "precision": float(precision[best]),
        "recall": float(recall[best]),
    }  # fmt: skip

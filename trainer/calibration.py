"""Probabilities that mean something: a temperature for the scene head, and from which score on a class is relied on.

Guo et al., arXiv 1706.04599 (temperature scaling), on pictures that were never trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.trainer.pictures import read_squares
from rsvlm.trainer.records import read_caption_archive

TEMPERATURES = np.round(np.geomspace(0.3, 3.0, 60), 3)
PRECISION = 0.95  # of what is relied on; strange imagery is harder than the held pictures that this is fitted on
BATCH = 64


def scene_logits(predictor: CompactPredictor, archive: Path, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-probabilities (n, classes) at temperature 1, true classes (n,) and familiarity (n,) of a split's pictures."""
    records = read_caption_archive(archive, split)
    squares = read_squares(records, predictor.card.input.pixels)
    rows, familiarity = [], []
    for start in range(0, len(records), BATCH):
        features = predictor.encode(squares[start : start + BATCH])
        familiarity.append(predictor.familiarity(features))
        probabilities = predictor.scene_probabilities(features)
        rows.append(np.log(probabilities.clip(1e-12)) * predictor.card.calibration.scene_temperature)
    truth = [predictor.scenes.index(record.meta["scene"]) for record in records]
    return np.concatenate(rows), np.array(truth), np.concatenate(familiarity)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(n, classes), each row adding up to one."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature under which the true classes are likeliest."""
    losses = [-np.log(softmax(logits / t)[np.arange(len(truth)), truth].clip(1e-12)).mean() for t in TEMPERATURES]
    return float(TEMPERATURES[int(np.argmin(losses))])


def fit_threshold(scores: np.ndarray, right: np.ndarray, precision: float = PRECISION) -> float:
    """The lowest score above which at least `precision` of the answers are right; 1 where none is."""
    order = np.argsort(-scores)
    correct = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(correct >= precision)
    return round(float(scores[order][good[-1]]), 3) if len(good) else 1.0


def calibration_error(scores: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: mean distance of score and accuracy over bins of equal width, weighted by size."""
    index = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        abs(scores[index == k].mean() - right[index == k].mean()) * (index == k).mean() for k in set(index.tolist())
    ]
    return float(sum(gaps))


def centres(points: np.ndarray, count: int, rounds: int = 15) -> np.ndarray:
    """(n, width) unit vectors -> (count, width) unit vectors where they gather: spherical k-means, the same every time."""
    found = points[np.linspace(0, len(points) - 1, count).astype(int)]
    for _ in range(rounds):
        nearest = (points @ found.T).argmax(axis=1)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, points)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        found = np.where(lengths > 1e-6, sums / lengths.clip(1e-6), found)
    return found

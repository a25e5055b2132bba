"""What the model says of each tile: a class with its probability, and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rsvlm.models.cards import ModelCard
from rsvlm.models.predictors.compact import CompactPredictor
from rsvlm.protocol import Evidence
from rsvlm.tasks.looking import Tile


@dataclass(frozen=True)
class Finding:
    """label: noun phrase of the likeliest class; score: its probability; sure: whether that is enough to rely on."""

    tile: Tile
    label: str
    score: float
    sure: bool
    caption: str
    confidence: float

    def evidence(self) -> Evidence:
        view = self.tile.view
        return Evidence("tile", view.footprint(), self.label, round(self.score, 3), self.tile.area_m2, 1, self.caption)


def classify(predictor: CompactPredictor, probabilities: np.ndarray) -> list[tuple[str, float, bool]]:
    """(n, classes) probabilities -> label, score, sure. Classes that the card calls by one phrase count together."""
    phrases = [predictor.card.scenes[name] for name in predictor.scenes]
    unique = sorted(set(phrases))
    merged = np.zeros((len(probabilities), len(unique)))
    for column, phrase in enumerate(phrases):
        merged[:, unique.index(phrase)] += probabilities[:, column]
    best = merged.argmax(axis=1)
    limit = predictor.card.calibration.unsure_below
    return [(unique[k], float(row[k]), bool(row[k] >= limit)) for row, k in zip(merged, best, strict=True)]


def judge(predictor: CompactPredictor, tiles: list[Tile], stop: Callable[[], bool]) -> list[Finding]:
    """Findings of a few tiles, in one batch."""
    features = predictor.encode(np.stack([tile.picture for tile in tiles]))
    labels = classify(predictor, predictor.scene_probabilities(features))
    captions = predictor.captions(features, stop=stop)
    return [
        Finding(tile, label, score, sure, caption.text, caption.confidence)
        for tile, (label, score, sure), caption in zip(tiles, labels, captions, strict=True)
    ]


def is_in_range(card: ModelCard, gsd_m: float | None) -> bool:
    """Whether the model was trained at this ground sample distance; unknown counts as yes."""
    return gsd_m is None or gsd_m <= card.input.gsd_range_m[1] * 1.05

"""What the model says of each tile: a class with its probability, and a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rsvlm.models.predictors.compact import CompactPredictor
from rsvlm.protocol import Evidence
from rsvlm.tasks.looking import Tile


@dataclass(frozen=True)
class Verdict:
    """What a tile shows, as far as the probabilities carry.

    label: noun phrase of a class or, where none is likely enough, of a group of classes; score: its probability;
    guess: noun phrase of the likeliest class; sure: whether the label can be relied on; wide: it is that of a group.
    """

    label: str
    score: float
    guess: str
    sure: bool
    wide: bool


@dataclass(frozen=True)
class Finding:
    """A tile, what it shows, and the model's sentence about it with the confidence of its words."""

    tile: Tile
    verdict: Verdict
    caption: str
    confidence: float

    @property
    def sure(self) -> bool:
        return self.verdict.sure

    def evidence(self) -> Evidence:
        footprint = self.tile.view.footprint()
        label = self.verdict.label if self.sure else f"{self.verdict.label}?"
        return Evidence("tile", footprint, label, round(self.verdict.score, 3), self.tile.area_m2, 1, self.caption)


def verdicts(predictor: CompactPredictor, probabilities: np.ndarray, reliable: bool) -> list[Verdict]:
    """(n, classes) probabilities -> a verdict each. reliable: the model was trained on such pictures.

    Classes that the card calls by one phrase count together. Where none reaches the card's threshold, a group of classes
    may: it is better to say less than to say what is wrong (Deng et al., CVPR 2012, "Hedging your bets").
    """
    card = predictor.card
    position = {name: column for column, name in enumerate(predictor.scenes)}
    members: dict[str, list[int]] = {}
    for name, column in position.items():
        members.setdefault(card.scenes[name], []).append(column)
    limit = card.calibration.unsure_below
    found = []
    for row in probabilities:
        label, score = likeliest(row, members)
        if score >= limit or not reliable:
            found.append(Verdict(label, score, label, reliable, False))
            continue
        groups = {phrase: [position[name] for name in names] for phrase, names in card.groups.items()}
        wide, wide_score = likeliest(row, groups)
        sure = wide_score >= limit
        found.append(Verdict(wide if sure else label, wide_score if sure else score, label, sure, sure))
    return found


def likeliest(row: np.ndarray, members: dict[str, list[int]]) -> tuple[str, float]:
    """The phrase whose classes have the greatest probability together, and that probability."""
    totals = {phrase: float(row[columns].sum()) for phrase, columns in members.items()}
    best = max(totals, key=lambda phrase: totals[phrase])
    return best, min(1.0, totals[best])


def judge(predictor: CompactPredictor, tiles: list[Tile], reliable: bool, stop: Callable[[], bool]) -> list[Finding]:
    """Findings of a few tiles, in one batch."""
    features = predictor.encode(np.stack([tile.picture for tile in tiles]))
    found = verdicts(predictor, predictor.scene_probabilities(features), reliable)
    captions = predictor.captions(features, stop=stop)
    return [
        Finding(tile, verdict, caption.text, caption.confidence)
        for tile, verdict, caption in zip(tiles, found, captions, strict=True)
    ]

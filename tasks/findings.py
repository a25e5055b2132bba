"""What the model says of each tile: a class with its probability, and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.predictor import CompactPredictor, Seen
from rsvlm.protocol import Evidence
from rsvlm.tasks.agreement import classes_named
from rsvlm.tasks.looking import Tile
from rsvlm.tasks.plan import Plan


@dataclass(frozen=True)
class Verdict:
    """What a tile shows, as far as the probabilities carry.

    label: noun phrase of a class or, where none is likely enough, of a group of classes; score: its probability;
    guess: noun phrase of the likeliest class; sure: whether the label can be relied on; wide: it is that of a group;
    familiar: the picture resembles the training data.
    """

    label: str
    score: float
    guess: str
    sure: bool
    wide: bool
    familiar: bool


@dataclass(frozen=True)
class Finding:
    """A tile, what it shows, and the model's sentence about it with the confidence of its words.

    caption: "" for one of several tiles whose sentence strays. strays: the sentence was said before that was known.
    """

    tile: Tile
    verdict: Verdict
    caption: str
    confidence: float
    strays: bool = False

    @property
    def sure(self) -> bool:
        return self.verdict.sure

    def evidence(self) -> Evidence:
        footprint = self.tile.view.footprint()
        label = self.verdict.label if self.sure else f"{self.verdict.label}?"
        return Evidence("tile", footprint, label, round(self.verdict.score, 3), self.tile.area_m2, 1, self.caption)


def verdicts(predictor: CompactPredictor, pictures: Sequence[Seen], plan: Plan) -> list[Verdict]:
    """A verdict on each encoded picture; a guess where the plan or the picture itself is unlike the training data.

    Classes that the card calls by one phrase count together. Where none reaches the card's threshold, a group of classes
    may: it is better to say less than to say what is wrong (Deng et al., CVPR 2012, "Hedging your bets").
    """
    card = predictor.card
    position = {name: column for column, name in enumerate(predictor.scenes)}
    familiar = plan.reliable & (predictor.familiarity(pictures) >= card.calibration.familiar_from)
    probabilities = predictor.scene_probabilities(pictures)
    if plan.gsd_m is not None and plan.gsd_m > card.calibration.fine_gsd_m:
        probabilities[:, [position[name] for name in card.calibration.fine_scenes]] = 0
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    members: dict[str, list[int]] = {}
    for name, column in position.items():
        members.setdefault(card.scenes[name], []).append(column)
    limit = card.calibration.unsure_below
    found = []
    for row, known in zip(probabilities, familiar.tolist(), strict=True):
        label, score = likeliest(row, members)
        if score >= limit or not known:
            found.append(Verdict(label, score, label, known, False, known))
            continue
        groups = {phrase: [position[name] for name in names] for phrase, names in card.groups.items()}
        wide, wide_score = likeliest(row, groups)
        sure = wide_score >= limit
        found.append(Verdict(wide if sure else label, wide_score if sure else score, label, sure, sure, known))
    return found


def likeliest(row: np.ndarray, members: dict[str, list[int]]) -> tuple[str, float]:
    """The phrase whose classes have the greatest probability together, and that probability."""
    totals = {phrase: float(row[columns].sum()) for phrase, columns in members.items()}
    best = max(totals, key=lambda phrase: totals[phrase])
    return best, min(1.0, totals[best])


def strays(verdict: Verdict, caption: str, card: ModelCard) -> bool:
    """Whether the sentence names classes, and the sure one of the tile, which is told by itself, is none of them."""
    named = classes_named(caption, card.scenes) if verdict.sure else set()
    within = {card.scenes[name] for name in card.groups[verdict.label]} if verdict.wide else {verdict.label}
    return bool(named) and not named & within


def judge(predictor: CompactPredictor, tiles: Sequence[Tile], plan: Plan) -> list[Finding]:
    """Findings of a few tiles, in one batch."""
    pictures = predictor.encode(np.stack([tile.picture for tile in tiles]))
    found = verdicts(predictor, pictures, plan)
    captions = predictor.captions(pictures)
    return [
        Finding(
            tile, verdict, "" if strays(verdict, caption.text, predictor.card) else caption.text, caption.confidence
        )
        for tile, verdict, caption in zip(tiles, found, captions, strict=True)
    ]

"""How far a model is believed that something is in a picture: fitted on real pictures that tell it, and on generated ones.

Logistic regression of the witnesses of families/compact/presence.py. Real pictures tell of names by their labels, scenes and
captions (presence.yaml); generated ones by how they were drawn.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.families.compact.presence import evidence, head, outlined
from rsvlm.protocol import Record
from rsvlm.trainer.measuring.asking import Setting
from rsvlm.trainer.measuring.drawn import Presence
from rsvlm.trainer.pictures import read_picture
from rsvlm.trainer.records import archive_rows, read_caption_archive
from rsvlm.trainer.scenes.truths.truth import NOUNS
from rsvlm.trainer.scenes.truths.words import wording

FITTED = (("ucm_trainval_256.zip", "train"), ("rsicd_train_128.zip", "fit"))
EACH = 8  # real pictures of a scene
DRAWN = 250  # generated pictures
AGREED = 2  # of five people who have to speak of a thing
FEW = 3  # pictures that show a thing, or do not: with fewer nothing is fitted
RIDGE = 1e-4


@dataclass(frozen=True)
class Thing:
    """What presence.yaml says of a thing."""

    phrases: tuple[str, ...]
    words: str
    label: str = ""
    scenes: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def shown(self, scene: str, captions: Sequence[str], labels: Sequence[str] | None) -> bool | None:
        """Whether a picture shows it; None where that is not known. labels: UCM's, None of a picture without."""
        if labels is not None:
            return bool(set(self.label.split("|")) & set(labels)) if self.label else None
        spoken = sum(re.search(rf"\b({self.words})\b", caption.lower()) is not None for caption in captions)
        if scene in self.scenes or spoken >= AGREED:
            return True
        absent = scene in self.without if self.without else scene not in self.unclear
        return False if absent and not spoken else None


@dataclass(frozen=True, eq=False)
class Asked:
    """A picture (H, W, 3) uint8, and of each phrase whether it is there. real: no generated one."""

    picture: np.ndarray
    there: Mapping[str, bool]
    real: bool


@dataclass
class Witnesses:
    """Of each phrase and picture: evidence (n, 5) and likeness (n,), truth (n,), the phrase, and whether the picture is real."""

    evidence: list[np.ndarray] = field(default_factory=list)
    alike: list[float] = field(default_factory=list)
    there: list[bool] = field(default_factory=list)
    phrases: list[str] = field(default_factory=list)
    real: list[bool] = field(default_factory=list)


@lru_cache(maxsize=1)
def things() -> tuple[Thing, ...]:
    """Of presence.yaml."""
    rows: list[dict[str, Any]] = yaml.safe_load(Path(__file__).with_name("presence.yaml").read_text("utf-8"))
    for row in rows:
        row.update({key: tuple(value) for key, value in row.items() if isinstance(value, list)})
    return tuple(Thing(**row) for row in rows)


def real(archive: Path, split: str, each: int) -> Iterator[tuple[Record, dict[str, bool]]]:
    """Records of a caption archive, `each` of every scene, and of each phrase whether it is there, where that is known."""
    known = {row["filename"]: row.get("labels") for row in archive_rows(archive, ("filename",), ("labels",))}
    scenes: dict[str, list[Record]] = defaultdict(list)
    for record in read_caption_archive(archive, split):
        scenes[record.meta["scene"]].append(record)
    for scene, records in scenes.items():
        for record in records[:: max(1, len(records) // each)][:each]:
            captions = [str(turn["content"]) for turn in record.messages if turn["role"] == "assistant"]
            shown = {thing: thing.shown(scene, captions, known[record.meta["filename"]]) for thing in things()}
            yield (
                record,
                {phrase: there for thing, there in shown.items() if there is not None for phrase in thing.phrases},
            )


def known_pictures(predictor: CompactPredictor, data: Path, scenes: Sequence[Record]) -> Iterator[Asked]:
    """Real pictures that were learnt from, and generated ones that were not."""
    for name, split in FITTED:
        for record, there in real(data / name, split, EACH):
            yield Asked(read_picture(record.images[0], predictor.card.input.pixels).pixels, there, True)
    drawn = Presence(Setting(predictor, "presence", lambda: iter(scenes)))
    items = (item for record in scenes for item in drawn.items(record))
    for image, group in islice(groupby(items, lambda item: item.image), DRAWN):
        yield Asked(read_picture(dict(image)).pixels, {item.text: bool(item.regions) for item in group}, False)


def witnesses(predictor: CompactPredictor, pictures: Iterable[Asked]) -> Witnesses:
    """What both tell of every phrase that a picture is asked for."""
    found = Witnesses()
    for one in pictures:
        phrases = list(one.there)
        seen = predictor.encode([one.picture])
        drawn = predictor.drawn(seen, phrases)[0]
        alike, familiar = predictor.witnesses(seen, phrases)
        found.evidence += list(evidence(drawn.there[None], drawn.maps.max(axis=(1, 2))[None], alike, familiar)[0])
        found.alike += alike[0].tolist()
        found.there += one.there.values()
        found.phrases += phrases
        found.real += [one.real] * len(phrases)
    return found


def fit_presence(found: Witnesses, names: Sequence[str]) -> dict[str, Any]:
    """`present` and `named` of a card's calibration: each makes probabilities. names: what was learnt with outlines."""
    learnt = np.array([outlined(head(phrase), names) for phrase in found.phrases])
    drawn, there = ~np.array(found.real), np.array(found.there)
    phrases = np.array([phrase if own else "" for phrase, own in zip(found.phrases, found.real, strict=True)])
    alike = np.stack([found.alike, np.ones(len(there))], axis=1)

    def of(rows: np.ndarray, chosen: np.ndarray) -> list[float]:
        weights = shares(phrases[chosen].tolist(), there[chosen], drawn[chosen])
        return [round(float(value), 3) for value in logistic(rows[chosen], there[chosen], weights)]

    return {"present": of(np.array(found.evidence), learnt), "named": of(alike, ~learnt & ~drawn)}


def shares(names: Sequence[str], there: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(n,): every name counts alike, as does what is there and what is not, and real and generated pictures together."""
    kinds = list(zip(names, there.tolist(), drawn.tolist(), strict=True))
    counts = Counter(kinds)
    each = np.array([1 / counts[kind] if counts[kind] >= FEW else 0.0 for kind in kinds])
    for kind in {kind[1:] for kind in kinds}:
        own = (there == kind[0]) & (drawn == kind[1])
        each[own] /= max(each[own].sum(), RIDGE)
    return each


def logistic(rows: np.ndarray, there: np.ndarray, weights: np.ndarray, rounds: int = 30) -> np.ndarray:
    """(n, k) -> (k,): weights of log-odds, by Newton's method. Columns of zeros get no weight."""
    found = np.zeros(rows.shape[1])
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-(rows @ found).clip(-30, 30)))
        slope = rows.T @ (weights * (there - chance)) - RIDGE * found
        curve = (rows * (weights * chance * (1 - chance))[:, None]).T @ rows + RIDGE * np.eye(len(found))
        found = found + np.linalg.solve(curve, slope)
    return found


def names() -> list[str]:
    """What generated scenes teach to outline, by all names that they have for it, in singular; no name is part of another."""
    groups = [names for kind in ("classes", "phrases", "things") for names in wording()[kind].values()]
    phrases = [*NOUNS, *wording()["phrases"], *(phrase for group in groups for phrase in group)]
    said = {part.strip() for phrase in phrases for part in re.split(r"\b(?:and|other|the|all)\b", phrase)} - {""}
    parts = {name if name.endswith("ss") else name.removesuffix("s") for name in said}
    return sorted(name for name in parts if not any(outlined(name, [other]) for other in parts - {name}))

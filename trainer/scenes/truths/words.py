"""Words for what is seen: nouns of classes, amounts, lists; templates are data (wording.yaml)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from rsvlm.trainer.builders.wording import NUMBERS, article, plural
from rsvlm.trainer.scenes.sites.kinds import LABELS
from rsvlm.trainer.scenes.truths.truth import COURTS, NOUNS, Truth

COMMON = (
    "building",
    "car",
    "lake",
    "road",
    "tree",
    "grass",
    "water",
    "bare",
    "field",
    "parking",
    "paved",
    "vegetation",
)
RATHER = 4.0  # times as often asked for: what is rare where it is there, and what is common where it is not
LEAST = 0.004  # of the picture that a class covers, to be asked for or told


@lru_cache(maxsize=1)
def wording() -> dict[str, Any]:
    """By what is said."""
    found: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("wording.yaml").read_text("utf-8"))
    return found


def said_of(label: str, draw: random.Random) -> str:
    """A class in plural or as a mass: one of its names."""
    return str(draw.choice(wording()["classes"][label]))


def rather(names: Sequence[str], common: bool, draw: random.Random) -> str:
    """One of them; common ones RATHER times as often as others, or the other way round: a name must not give its answer away."""
    return draw.choices(names, [RATHER if (name in COMMON) == common else 1.0 for name in names])[0]


def is_plural(name: str) -> bool:
    """Whether a name of a class goes with “are”."""
    return name.endswith("s") and not name.endswith("ss")


def amount(count: int, noun: str, draw: random.Random) -> str:
    """“a lake”, “three cars” or “several cars”, “many cars”."""
    if count == 1:
        return article(noun) if draw.random() < 0.7 else f"one {noun}"
    if count < len(NUMBERS) and draw.random() < 0.65:
        return f"{NUMBERS[count]} {plural(noun)}"
    vague = ("some", "a few") if count < 4 else ("several", "some") if count < 10 else ("many", "lots of", "many")
    return f"{draw.choice(vague)} {plural(noun)}"


def seen_classes(truth: Truth) -> list[str]:
    """Classes that cover enough of the picture to be told, most first."""
    found = [label for label, share in truth.shares.items() if share >= LEAST]
    return sorted(found, key=lambda label: -truth.shares[label])


def absent_classes(truth: Truth) -> list[str]:
    """Classes of which not a pixel is there, nor of what could be taken for them: pools are water."""
    there = truth.shares.keys() | ({"water"} if "swimming pool" in truth.shares else set()) | {"paved"}
    return [label for label in LABELS if label not in there]


def absent_nouns(truth: Truth) -> list[str]:
    """Things of which none is there. Of courts, those that none could be taken for."""
    there = set(truth.counts) | truth.unclear
    courts = bool(there & set(COURTS))
    found = [noun for noun in NOUNS if noun not in there and not (noun in COURTS and courts)]
    return [noun for noun in found if noun != "lake" or "water" not in truth.shares]

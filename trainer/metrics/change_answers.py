"""How many roads and buildings are new, and in which cells of a 3 x 3 grid: answers read by DeltaVLM's rules, and scored.

The rules are those of its released notebooks (arXiv 2507.22346, section 4), which stop at an answer of another form. Such an
answer is read here by a rule of our own, and told apart. Knows strings and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, share

KINDS = ("road", "building")
CELLS = tuple(f"{row}-{column}" for row in ("top", "center", "bottom") for column in ("left", "center", "right"))
NOTHING_NEW = ("there are no changes in roads or buildings", "no new roads or buildings")
NUMBERS = {
    "no": 0, "zero": 0, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
RELEASED, OWN, NONE = "released", "own", "none"  # rules that read an answer

Found = TypeVar("Found")


@dataclass(frozen=True)
class Read(Generic[Found]):
    """found: by kind, "road" and "building". rule: RELEASED; OWN, where the notebook stops or takes one kind for the other; NONE:
    nothing can be read.
    """

    found: dict[str, Found]
    rule: str


def read_counts(answer: str) -> Read[int]:
    """New roads and buildings. What an answer does not mention counts as 0.

    The release's rule: split at “new”; a part with the letters “no” in it is 0, else its first digits count. It takes roads to
    be named first, and is not applied where they are not.
    """
    if any(sentence in answer for sentence in NOTHING_NEW):
        return Read(dict.fromkeys(KINDS, 0), RELEASED)
    parts = answer.split("new")[:2]
    counts = [0 if "no" in part else _digits(part) for part in parts]
    if len(counts) == 2 and None not in counts and parts[1].lstrip().startswith("road"):
        return Read({kind: count or 0 for kind, count in zip(KINDS, counts, strict=True)}, RELEASED)
    own = {kind: _mentioned(answer, kind) for kind in KINDS}
    rule = NONE if set(own.values()) == {None} else OWN
    return Read({kind: count or 0 for kind, count in own.items()}, rule)


def _digits(part: str) -> int | None:
    found = re.search(r"\d+", part)
    return int(found[0]) if found else None


def _mentioned(answer: str, kind: str) -> int | None:
    """The number, in digits or words, at most two words before the kind."""
    number = rf"\b(\d+|{'|'.join(NUMBERS)})\s+(?:(?!and\b)[a-z]+\s+){{0,2}}?{kind}s?\b"
    found = re.search(number, answer.lower())
    if found is None:
        return None
    return int(found[1]) if found[1].isdigit() else NUMBERS[found[1]]


def read_cells(answer: str) -> Read[frozenset[str]]:
    """Cells with new roads and buildings; names that are no cell, such as “center”, are left out as in the release.

    The release's rule: a list in brackets after “roads” and after “buildings”, its names in quotes. Ours wants no quotes,
    and no closing bracket where an answer was cut off.
    """
    whole = [re.search(rf"{kind}s\s*\[\s*(?:{_QUOTED}\s*,?\s*)*\]", answer) for kind in KINDS]
    loose = [re.search(rf"{kind}s?\W*\[((?:(?!building)[^\]])*)", answer.lower()) for kind in KINDS]
    named = {
        kind: frozenset(re.findall(r"[a-z]+(?:-[a-z]+)*", found[1]) if found else ()) & frozenset(CELLS)
        for kind, found in zip(KINDS, loose, strict=True)
    }
    rule = NONE if not any(loose) else RELEASED if all(whole) else OWN
    return Read(named, rule)


_QUOTED = r"(?:'[^'\]]*'|\"[^\"\]]*\")"


def cells_found(told: Sequence[frozenset[str]], true: Sequence[frozenset[str]]) -> Tally:
    """Of one kind, cells of each pair. Figures: precision, recall and F1 over all cells, Jaccard (mean over pairs, 0 of
    nothing told and nothing true, as in the release), subset accuracy (all nine right) and Hamming loss.
    """
    rows = []
    for one, other in zip(told, true, strict=True):
        both, either = len(one & other), len(one | other)
        rows.append([both, len(one), len(other), both / either if either else 0, one == other, either - both, 1])
    return Tally(np.array(rows, float), _figures)


def _figures(sums: np.ndarray) -> dict[str, np.ndarray]:
    both, told, true, jaccard, equal, wrong, count = (sums[..., column] for column in range(7))
    return {
        "F1": share(2 * both, told + true),
        "precision": share(both, told),
        "recall": share(both, true),
        "Jaccard": share(jaccard, count),
        "subset accuracy": share(equal, count),
        "Hamming loss": share(wrong, len(CELLS) * count),
    }

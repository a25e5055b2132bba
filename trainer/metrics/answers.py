"""Accuracy of short answers, by type of question, and errors of counts.

RSVQA (arXiv 2003.07333, section IV): numbers and areas are put into ranges first; overall accuracy (OA) is over questions,
average accuracy (AA) over types. Knows strings only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from rsvlm.trainer.metrics.tally import Tally, share

EDGES = (10, 100, 1000)
_NUMBER = re.compile(r"\d+")
_AREA = re.compile(r"(\d+) ?m2")
_OF_NO_THINGS = re.compile(r"(more|less|fewer) than|at (least|most)|%|percent|²|square met")
_COUNT = re.compile(r"\D*?(\d+)(\.0+)?\D*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")


def tidy(answer: str) -> str:
    """Lower case, single spaces, no full stop at the end."""
    return " ".join(answer.lower().split()).rstrip(".")


def in_range(answer: str, numbers: bool) -> str:
    """RSVQA's classes of answers: areas in m2, and where `numbers` (low resolution) counts too, as ranges; nothing stays 0."""
    answer = tidy(answer)
    area = _AREA.fullmatch(answer)
    if area:
        return _range(int(area[1]), "m2")
    return _range(int(answer), "") if numbers and _NUMBER.fullmatch(answer) else answer


def _range(value: int, unit: str) -> str:
    if value == 0:
        return f"0{unit}"
    low = 0
    for edge in EDGES:
        if value <= edge:
            return f"between {low}{unit} and {edge}{unit}"
        low = edge
    return f"more than {low}{unit}"


def accuracy_by_type(right: np.ndarray, kinds: Sequence[str]) -> Tally:
    """right: (items,) bool; kinds: type of each question. Figures: OA, AA over the types there are, and each type's own."""
    names = sorted(set(kinds))
    of_kind = np.array([[kind == name for name in names] for kind in kinds], float)
    rows = np.concatenate([of_kind * np.asarray(right, float)[:, None], of_kind], axis=1)

    def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
        good, asked = sums[..., : len(names)], sums[..., len(names) :]
        each = share(good, asked, of_nothing=np.nan)
        overall = share(good.sum(axis=-1), asked.sum(axis=-1))
        average = share(np.nan_to_num(each).sum(axis=-1), (asked > 0).sum(axis=-1))
        return {"OA": overall, "AA": average} | {name: each[..., index] for index, name in enumerate(names)}

    return Tally(rows, figures)


def count_errors(told: Sequence[float], true: Sequence[float]) -> Tally:
    """Figures: MAE and RMSE, in things; exact and within one, the shares of counts that are right and at most one off."""
    error = np.asarray(told, float) - np.asarray(true, float)
    rows = np.stack([np.abs(error), error**2, error == 0, np.ones(len(error)), np.abs(error) <= 1], axis=1)

    def figures(sums: np.ndarray) -> dict[str, np.ndarray]:
        count = sums[..., 3]
        return {
            "MAE": share(sums[..., 0], count),
            "RMSE": np.sqrt(share(sums[..., 1], count)),
            "exact": share(sums[..., 2], count),
            "within one": share(sums[..., 4], count),
        }

    return Tally(rows, figures)


def first_number(answer: str) -> int | None:
    """The first whole number in an answer, thousands written with commas or not; None where there is none."""
    found = _NUMBER.search(_THOUSANDS.sub("", answer))
    return int(found[0]) if found else None


def true_count(answer: str) -> int | None:
    """The number of things that a reference tells; None for areas ("150m2"), ranges ("more than 1000") and what has no number,
    or several.
    """
    answer = _THOUSANDS.sub("", tidy(answer))
    found = None if _OF_NO_THINGS.search(answer) else _COUNT.fullmatch(answer)
    return int(found[1]) if found else None

"""Predictions that come in pairs: answers with and without knowledge, and answers to what should be the same to a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.metrics.answers import tidy
from rsvlm.trainer.metrics.tally import Tally, share
from rsvlm.trainer.metrics.tokenisers import plain
from rsvlm.trainer.predictions import Prediction
from rsvlm.trainer.scored import Given, Rows, Scored


def knowledge(rows: Rows, given: Given) -> Scored:
    """Accuracy of answers with passages (`prediction`) and `without`, and what the passages are worth.

    retrieved: share of questions that name their `passages`, of which one was `given`; cited: of which one was `cited`.
    """
    if not all("without" in row.row for row in rows):
        raise RsvlmError("bad_request", "A row has no answer without knowledge.", "Give it as `without`.")
    helped = [_right(row, row.said, given.name) for row in rows]
    alone = [_right(row, row.row["without"], given.name) for row in rows]
    wanted = [_texts(row.row.get("passages", ())) for row in rows]
    hits = [
        [bool(names & _texts(row.row.get(what, ()))) for names, row in zip(wanted, rows, strict=True)]
        for what in ("given", "cited")
    ]
    columns = [helped, alone, *hits, [bool(names) for names in wanted], [bool(row.row.get("cited")) for row in rows]]
    return Scored({"": Tally(np.array([*columns, [1] * len(rows)], float).T, _worth)})


def _worth(sums: np.ndarray) -> dict[str, np.ndarray]:
    helped, alone, retrieved, cited, named, cites, count = (sums[..., column] for column in range(7))
    return {
        "accuracy with knowledge": share(helped, count),
        "accuracy without": share(alone, count),
        "gain": share(helped, count) - share(alone, count),
        "retrieved": share(retrieved, named, of_nothing=np.nan),
        "cited": share(cited, named, of_nothing=np.nan),
        "answers that cite": share(cites, count),
    }


def _right(row: Prediction, said: object, protocol: str) -> bool:
    """Equal to a reference, or, by the protocol “contains”, with the words of one in it."""
    if protocol == "exact":
        return tidy(_text(said)) in {tidy(str(text)) for text in row.references}
    words = f" {plain(_text(said))} "
    return any(f" {plain(str(text))} " in words for text in row.references)


def steadiness(rows: Rows, _: Given) -> Scored:
    """Share of answers that stay the same, by what was changed (`again`: name -> answer), and of numbers (`counts`: said,
    drawn) that agree with the masks. Rows without an answer given again count for the latter only.
    """
    repeated = [row.row.get("again") or {} for row in rows]
    names = list(dict.fromkeys(name for again in repeated for name in again))
    if not names:
        raise RsvlmError(
            "bad_request", "No row has an answer given again.", "Give {what was changed: answer} as `again`."
        )
    same = [
        [tidy(_text(again[name])) == tidy(_text(row.said)) if name in again else None for name in names]
        for row, again in zip(rows, repeated, strict=True)
    ]
    numbers = [row.row.get("counts") for row in rows]
    told = [[None, None] if pair is None else [pair[0] == pair[1], abs(pair[0] - pair[1])] for pair in numbers]
    whole = [
        all(value is not False for value in row) if again else None for row, again in zip(same, repeated, strict=True)
    ]
    values = np.array([[one, *row, *pair] for one, row, pair in zip(whole, same, told, strict=True)], float)
    there = np.isfinite(values)
    figures = ("all the same", *names, "numbers as drawn", "MAE of numbers to masks")

    def shares(sums: np.ndarray) -> dict[str, np.ndarray]:
        count = len(figures)
        return {
            name: share(sums[..., place], sums[..., count + place], of_nothing=np.nan)
            for place, name in enumerate(figures)
        }

    return Scored({"": Tally(np.concatenate([np.nan_to_num(values), there], axis=1), shares)})


def _text(said: object) -> str:
    return "" if said is None else str(said)


def _texts(value: object) -> set[str]:
    """All texts in a list of texts or of lists of them, without case."""
    if isinstance(value, str):
        return {value.strip().casefold()} - {""}
    return {text for part in value for text in _texts(part)} if isinstance(value, Sequence) else set()

"""What is in a data set more than once, and above all what one split shares with another."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from rsvlm.trainer.stats.gathering import Gathered
from rsvlm.trainer.stats.hashing import groups, near_pairs


@dataclass(frozen=True)
class Overlaps:
    """Pictures by their number in Gathered. exact, near: groups of them, the same pixels or near hashes.

    leaks: (picture of one split, picture of another or the same one, names of both splits), the same or near.
    shared_sentences: "train / test" -> how many different sentences are in both. sentences: how many different ones there are.
    """

    exact: list[list[int]]
    near: list[list[int]]
    leaks: list[tuple[int, int, str, str]]
    shared_sentences: dict[str, int]
    sentences: int


def overlaps(found: Gathered, distance: int) -> Overlaps:
    """distance: bits in which the hashes of near pictures may differ. Pictures of one record, two dates, do not count."""
    digests, hashes = found.column("digests", np.uint64), found.column("hashes", np.uint64)
    same = _apart(found, *_equal(digests))
    hashed = np.flatnonzero(found.column("hashed", np.uint8))
    first, second = near_pairs(hashes[hashed], distance)
    near = _apart(found, hashed[first], hashed[second])
    other = digests[near[0]] != digests[near[1]]
    shared, count = _sentences(found)
    return Overlaps(
        exact=groups(*same),
        near=groups(near[0][other], near[1][other]),
        leaks=_leaks(
            found, [*zip(*map(np.ndarray.tolist, same), strict=True), *zip(*map(np.ndarray.tolist, near), strict=True)]
        ),
        shared_sentences=shared,
        sentences=count,
    )


def _equal(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Neighbours among equal values: enough to join each group of them."""
    order = np.argsort(values, kind="stable")
    twins = np.flatnonzero(values[order][1:] == values[order][:-1])
    return order[twins], order[twins + 1]


def _apart(found: Gathered, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of different records."""
    records = found.column("records_of", np.int64)
    keep = records[first] != records[second]
    return first[keep], second[keep]


def _leaks(found: Gathered, pairs: list[tuple[int, int]]) -> list[tuple[int, int, str, str]]:
    """One for each picture and pair of splits."""
    names = list(found.splits)
    splits: dict[int, set[int]] = {}
    for picture, split in zip(found.mentioned, found.mentioned_in, strict=True):
        splits.setdefault(picture, set()).add(split)
    told: dict[tuple[int, str, str], tuple[int, int, str, str]] = {}
    within = [(picture, picture) for picture, listed in splits.items() if len(listed) > 1 and picture >= 0]
    for one, other in [*within, *pairs]:
        for a in sorted(splits[one]):
            for b in sorted(splits[other] - {a}):
                first, second = (one, other) if a < b else (other, one)
                low, high = names[min(a, b)], names[max(a, b)]
                told.setdefault((second, low, high), (first, second, low, high))
    return list(told.values())


def _sentences(found: Gathered) -> tuple[dict[str, int], int]:
    names = list(found.splits)
    pairs = np.unique(
        np.column_stack(
            [found.column("sentences", np.uint64), found.column("sentences_in", np.uint8).astype(np.uint64)]
        ),
        axis=0,
    )
    shared: Counter[str] = Counter()
    values, starts = np.unique(pairs[:, 0], return_index=True)
    for group in np.split(pairs[:, 1], starts[1:]):
        for at, a in enumerate(group):
            shared.update(f"{names[int(a)]} / {names[int(b)]}" for b in group[at + 1 :])
    return dict(shared), len(values)

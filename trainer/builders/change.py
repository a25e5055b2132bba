"""ChangeChat-style instructions from two dates and masks: six types, with every number and place read from the masks.

Types as DeltaVLM has them (arXiv 2507.22346, section 4): caption, binary, count, locate, open, dialogue. Pairs in which nothing
changed, and classes and cells in which nothing did, are asked about as well.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.builders.building import Job
from rsvlm.trainer.builders.components import cell_of, cells, components, middle, parts, pixels_in
from rsvlm.trainer.builders.pairs import Changed, Pair, Reading, pairs
from rsvlm.trainer.builders.wording import counted, is_plural, listed, one_of, plural, put, templates, whereabouts
from rsvlm.trainer.formats.reading import said
from rsvlm.trainer.metrics.change_answers import CELLS
from rsvlm.trainer.regions import bbox_of, encode

CAPTIONS = 3  # alternatives of one sentence
FEW_CELLS = 3  # of the grid, that a sentence names; more are “in many places”
TYPES = ("caption", "binary", "count", "locate", "open", "dialogue")


def change_records(
    before: Path, after: Path, masks: list[Path], reading: Reading, unchanged: float, questions: int, job: Job
) -> Iterator[Record]:
    """Six records and more of each pair. unchanged: share of the pairs without a change that is kept. questions: open ones.

    Raises RsvlmError (bad_request) where nothing belongs together.
    """
    if len(masks) not in (1, 2):
        raise RsvlmError(
            "bad_request",
            "Neither what changed nor what there was is given.",
            "Give --masks once for a mask of changes, or twice for maps of classes of both dates.",
        )
    if len(masks) == 2 and not reading.classes:
        raise RsvlmError(
            "bad_request", "Maps of classes need the names of their classes.", "Add --classes 1=building,2=road."
        )
    for pair in pairs(before, after, masks, reading, job):
        draw = job.draw(pair.name)
        facts = Facts(pair)
        if not facts.any and draw.random() >= unchanged:
            job.left_out["nothing has changed"] += 1
            continue
        yield from pair_records(facts, questions, job, draw)


class Facts:
    """What the masks say of a pair, as words need it."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.counts = [components(one.mask)[1] for one in pair.changed]
        self.any = any(self.counts)
        self.state = " or ".join(dict.fromkeys(one.state for one in pair.changed))
        self.labels = list(dict.fromkeys(one.label for one in pair.changed))

    @cached_property
    def mask(self) -> np.ndarray:
        """(H, W) bool: all that changed."""
        return np.any([one.mask for one in self.pair.changed], axis=0)

    @cached_property
    def cells(self) -> list[str]:
        return cells(self.mask)

    def classes(self, joined: str = "and") -> str:
        *some, last = [plural(label) for label in self.labels]
        return f"{', '.join(some)} {joined} {last}" if some else last

    def told(self, digits: bool = False, zeros: bool = False) -> str:
        """“two new buildings and one new road”; those of which there are none too with `zeros`."""
        rows = zip(self.counts, self.pair.changed, strict=True)
        return listed([counted(count, one.label, one.state, digits) for count, one in rows if count or zeros])

    def count_answer(self) -> str:
        return self.told(digits=True, zeros=True) if self.any else f"there are no {self.state} {self.classes('or')}"

    def cell_answer(self) -> str:
        """Class by class, in the form that DeltaVLM's scores read where all are new."""
        several = len(self.pair.changed) > len(self.labels)
        return " ".join(
            f"{one.state + ' ' if several else ''}{plural(one.label)} {cells(one.mask)}" for one in self.pair.changed
        )

    def sentences(self, draw: random.Random) -> list[str]:
        words = templates()["change"]["caption"]
        if not self.any:
            return list(words["unchanged"])
        where = listed([whereabouts(cell) for cell in self.cells]) if len(self.cells) <= FEW_CELLS else "in many places"
        found = [(one, count) for one, count in zip(self.pair.changed, self.counts, strict=True) if count]
        single = [_is_one(one, count) for one, count in found]
        verb, are = ("is" if flag else "are" for flag in (single[0], single == [True]))
        kind = words["lost" if any(one.state == "lost" for one, _ in found) else "changed"]
        chosen = draw.sample(kind, min(CAPTIONS, len(kind)))
        return [put(one, what=self.told(), verb=verb, are=are, where=where) for one in chosen]


def _is_one(one: Changed, count: int) -> bool:
    """Whether a verb is in singular."""
    return count == 1 and not is_plural(one.label)


def pair_records(facts: Facts, questions: int, job: Job, draw: random.Random) -> Iterator[Record]:
    """All six types. questions: open ones, at most."""
    pair = facts.pair
    regions = [region(one) for one in pair.changed if one.mask.any()]
    counts = {f"{one.state} {one.label}": count for one, count in zip(pair.changed, facts.counts, strict=True)}
    about = {"changed": facts.any, "counts": counts, "cells": facts.cells}

    def record(kind: str, messages: list[dict[str, str]], number: int = 0) -> Record:
        ident = f"{pair.name}/{kind}" + (f"{number}" if number else "")
        return job.record(ident, "change", list(pair.images), messages, regions, {"type": kind, **about})

    words = templates()["change"]
    asked = {"state": facts.state, "classes": facts.classes()}
    sentences = facts.sentences(draw)
    verdict = words["binary"]["yes" if facts.any else "no"]
    yield record("caption", said(one_of(draw, words["caption"]["ask"]), *sentences))
    yield record("binary", said(one_of(draw, words["binary"]["ask"], classes=facts.classes("or")), verdict))
    yield record("count", said(one_of(draw, words["count"]["ask"], **asked), facts.count_answer()))
    yield record("locate", said(one_of(draw, words["locate"]["ask"], **asked), facts.cell_answer()))
    drawn = open_questions(facts, draw)
    for number, (question, answer) in enumerate(draw.sample(drawn, min(questions, len(drawn))), 1):
        yield record("open", said(question, answer), number)
    talk = words["dialogue"]
    turns = [
        *said(put(talk["first"]), verdict),
        *said(put(talk["count"], **asked), facts.count_answer()),
        *said(put(talk["where"]), facts.cell_answer()),
        *said(put(talk["describe"]), draw.choice(sentences)),
    ]
    yield record("dialogue", turns)


def region(one: Changed) -> dict[str, Any]:
    return {"label": f"{one.state} {one.label}", "bbox": bbox_of(one.mask), "rle": encode(one.mask)}


def open_questions(facts: Facts, draw: random.Random) -> list[tuple[str, str]]:
    """Questions and answers that the masks decide, each kind at most once; those on places where nothing changed too."""
    words = templates()["change"]["open"]
    found = [_of_share(facts, words["share"]), _in_cell(facts, words["in_cell"], draw)]
    if facts.any:
        share = {cell: pixels_in(facts.mask, cell) for cell in facts.cells}
        most = max(share, key=lambda cell: share[cell])
        if sum(share.values()) < 2 * share[most]:
            found.append((put(words["where_most"]["ask"]), put(words["where_most"]["answer"], where=whereabouts(most))))
    named = list(zip(facts.pair.changed, facts.counts, strict=True))
    one, count = draw.choice(named)
    about = {"state": one.state, "class": plural(one.label)}
    told = words["class_changed"]["yes" if count else "no"]
    what, verb = counted(count, one.label, one.state), "is" if _is_one(one, count) else "are"
    found.append((put(words["class_changed"]["ask"], **about), put(told, what=what, verb=verb, **about)))
    if len(named) > 1 and facts.any:
        found.append(_compared(named, words["compare"], draw))
    found += _largest(named, words["largest"])
    return found


def _of_share(facts: Facts, words: dict[str, str]) -> tuple[str, str]:
    if not facts.any:
        return put(words["ask"]), words["none"]
    percent = 100 * facts.mask.mean()
    return put(words["ask"]), put(words["answer"], percent=f"{percent:.0f}" if percent >= 10 else f"{percent:.2g}")


def _in_cell(facts: Facts, words: dict[str, str], draw: random.Random) -> tuple[str, str]:
    """As often of a cell with a change as of one without, where there are both."""
    without = [cell for cell in CELLS if cell not in facts.cells]
    choices = without if not facts.cells or (without and draw.random() < 0.5) else facts.cells
    cell = draw.choice(choices)
    where = whereabouts(cell)
    if cell not in facts.cells:
        return put(words["ask"], where=where), put(words["no"], where=where)
    there = [one for one in facts.pair.changed if cell in cells(one.mask)]
    what = listed([f"{one.state} {plural(one.label)}" for one in there])
    return put(words["ask"], where=where), put(words["yes"], verb="are", what=what, where=where)


def _compared(named: list[tuple[Changed, int]], words: dict[str, str], draw: random.Random) -> tuple[str, str]:
    (first, one), (second, other) = draw.sample(named, 2)
    names = [f"{each.state} {plural(each.label)}" for each in (first, second)]
    counts = listed([counted(one, first.label, first.state), counted(other, second.label, second.state)])
    asked = put(words["ask"], first=names[0], second=names[1])
    if one == other:
        return asked, put(words["same"], counts=counts)
    return asked, put(words["answer"], more=names[one < other], counts=counts)


def _largest(named: list[tuple[Changed, int]], words: dict[str, str]) -> list[tuple[str, str]]:
    """Where the largest part of a class lies, where there are several and one is larger than all others."""
    found = []
    for one, _ in named:
        several = sorted(parts(one.mask), key=np.count_nonzero)
        if len(several) < 2:  # things may be more than the parts of their mask: they can touch
            continue
        *_, second, first = several
        if np.count_nonzero(second) < np.count_nonzero(first):
            asked = put(words["ask"], **{"state": one.state, "class": one.label})
            found.append((asked, put(words["answer"], where=whereabouts(cell_of(*middle(first))))))
    return found[:1]

"""Fewer, larger records: what is asked of one picture in one, so that the picture is read and encoded once for all of it.

Questions become a conversation, phrases that are outlined or boxed stand beside each other; those with an answer in words stay as
they are. Nothing is added and nothing is lost, but masks that several records repeat and sentences that something is not there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from rsvlm.protocol import Record
from rsvlm.trainer.builders.building import Job, by_picture
from rsvlm.trainer.regions import encode

TALKS, LISTS = (
    ("vqa", "change"),
    ("segment", "ground"),
)  # tasks of which several make a conversation, or a list of phrases


def join_records(records: Iterable[Record], words: int, phrases: int, job: Job) -> Iterator[Record]:
    """Of pictures whose records follow each other, those of each split alone. words: of a conversation, at most; phrases: of a
    record, at most.
    """
    for group in by_picture(records):
        for split in dict.fromkeys(record.split for record in group):
            yield from _of_picture([record for record in group if record.split == split], words, phrases, job)


def _of_picture(group: Sequence[Record], words: int, phrases: int, job: Job) -> Iterator[Record]:
    size = next((region["rle"]["size"] for record in group for region in record.regions if "rle" in region), None)
    shown = [_with_masks(record, size) for record in group]
    for task in TALKS:
        for part in _filled([record for record in shown if record.task == task], words, _words):
            yield _joined(part, [message for record in part for message in record.messages], job)
    for task in LISTS:
        found = [record for record in shown if record.task == task and record.regions and not record.captions]
        for part in _filled(found, phrases, lambda record: len(record.regions)):
            asked = "; ".join(dict.fromkeys(phrase for record in part for phrase in _asked(record)))
            yield _joined(part, [{"role": "user", "content": asked}], job)
        absent = [record for record in shown if record.task == task and not record.regions]
        for part in _filled(absent, phrases, lambda _: 1):
            yield _joined(part, [message for record in part for message in record.messages], job)
    for record in shown:
        if record.task not in (*TALKS, *LISTS) or (record.task in LISTS and record.regions and record.captions):
            yield _joined([record], record.messages, job)


def _asked(record: Record) -> list[str]:
    """What is asked for; where nothing is said, what its regions are called."""
    if record.messages:
        return [record.messages[0]["content"]]
    return [region["label"] for region in record.regions]


def _with_masks(record: Record, size: Sequence[int] | None) -> Record:
    """Phrases that mean nothing have empty masks, so that they can stand beside others. size: (height, width) of masks."""
    if record.task != "segment" or record.regions or not record.messages or size is None:
        return record
    phrases = [message["content"] for message in record.messages if message["role"] == "user"]
    empty = encode(np.zeros(tuple(size), bool))
    asked = {"role": "user", "content": "; ".join(phrases)}
    nothing = [{"label": phrase, "rle": empty} for phrase in phrases]
    return Record(record.id, record.task, record.split, record.images, [asked], nothing, record.meta)


def _words(record: Record) -> int:
    return sum(len(message["content"].split()) for message in record.messages)


def _filled(records: Sequence[Record], most: int, size: Callable[[Record], int]) -> Iterator[list[Record]]:
    """One after the other as long as their sizes together are not over `most`; one alone may be."""
    part: list[Record] = []
    for record in records:
        if part and sum(map(size, part)) + size(record) > most:
            yield part
            part = []
        part.append(record)
    if part:
        yield part


def _joined(records: Sequence[Record], messages: list[dict[str, str]], job: Job) -> Record:
    """Of one task and picture. meta: what is the same in all of them."""
    first = records[0]
    regions = {json.dumps(region, sort_keys=True): region for record in records for region in record.regions}
    meta = dict(first.meta)
    for record in records[1:]:
        meta = {key: value for key, value in meta.items() if record.meta.get(key) == value}
    return job.record(first.id, first.task, first.images, messages, list(regions.values()), meta, first.split)

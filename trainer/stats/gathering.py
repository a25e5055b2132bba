"""A file of records read through once: what is in it, and what is wrong with it.

Of each picture some 60 bytes are kept, of each sentence 9, of each id 8; no pixels and no text.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from rsvlm.protocol import Record, RsvlmError, Watch
from rsvlm.trainer.records import Records
from rsvlm.trainer.stats.looking import Look, digest, look

MOST_TOLD = 100  # broken pictures and wrong lines that are told one by one
_AT_ONCE = 64
_THREADS = 4
_FEWEST_WORDS = 4  # of a sentence whose being in two splits says anything


@dataclass
class Gathered:
    """Counts, and what is kept of pictures and sentences.

    pictures: different ones, in the order in which they came; place[i] is (record, image) of the first mention of the i-th.
    mentions: (picture, split) pairs; sentences: (64 bits, split) pairs, splits by their number in `splits`.
    """

    records: int = 0
    tasks: Counter[str] = field(default_factory=Counter)
    splits: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    words: Counter[int] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    ids: array[int] = field(default_factory=lambda: array("Q"))
    wrong: int = 0
    wrong_lines: list[str] = field(default_factory=list)
    broken: int = 0
    broken_pictures: list[dict[str, str]] = field(default_factory=list)
    blank: int = 0
    records_of: array[int] = field(default_factory=lambda: array("q"))
    images_of: array[int] = field(default_factory=lambda: array("B"))
    digests: array[int] = field(default_factory=lambda: array("Q"))
    hashes: array[int] = field(default_factory=lambda: array("Q"))
    hashed: array[int] = field(default_factory=lambda: array("B"))
    mentioned: array[int] = field(default_factory=lambda: array("q"))
    mentioned_in: array[int] = field(default_factory=lambda: array("B"))
    sentences: array[int] = field(default_factory=lambda: array("Q"))
    sentences_in: array[int] = field(default_factory=lambda: array("B"))

    def split_number(self, split: str) -> int:
        """At most 255 splits are told apart."""
        return min(list(self.splits).index(split), 255)

    @property
    def repeated_ids(self) -> int:
        """How many records have an id that one before them has."""
        ids = self.column("ids", np.uint64)
        return len(ids) - len(np.unique(ids))

    def column(self, name: str, kind: Any) -> np.ndarray:
        """One of the arrays, without a copy."""
        return np.frombuffer(getattr(self, name), kind)


def gather(records: Records, watch: Watch) -> Gathered:
    """Raises RsvlmError (cancelled)."""
    found = Gathered()
    known: dict[int, int] = {}  # what an image says of itself -> its number among pictures
    rows = _readable(records, found)
    with ThreadPoolExecutor(_THREADS) as threads:
        while batch := list(islice(rows, _AT_ONCE)):
            watch.check()
            fresh: dict[int, tuple[int, int, dict[str, Any]]] = {}
            mentions = []
            for number, record in batch:
                _count(record, found)
                split = found.split_number(record.split)
                for at, image in enumerate(record.images):
                    key = digest(json.dumps(image, sort_keys=True).encode())
                    mentions.append((key, split))
                    if key not in known:
                        fresh.setdefault(key, (number, at, image))
            looks = threads.map(look, [image for _, _, image in fresh.values()])
            for (key, (number, at, image)), seen in zip(fresh.items(), looks, strict=True):
                known[key] = _keep(found, number, at, image["href"], seen, records)
            for key, split in mentions:
                found.mentioned.append(known[key])
                found.mentioned_in.append(split)
            watch.progress(found.records, len(records), "Records")
    return found


def _readable(records: Records, found: Gathered) -> Iterator[tuple[int, Record]]:
    for number in range(len(records)):
        try:
            yield number, records[number]
        except RsvlmError as error:
            found.wrong += 1
            if len(found.wrong_lines) < MOST_TOLD:
                found.wrong_lines.append(error.message)


def _count(record: Record, found: Gathered) -> None:
    found.records += 1
    found.ids.append(digest(record.id.encode()))
    found.tasks[record.task] += 1
    found.splits[record.split] += 1
    found.sources[str(record.meta.get("source") or record.id.split("/")[0])] += 1
    for label in _classes(record):
        found.classes[label] += 1
    split = found.split_number(record.split)
    for caption in record.captions:
        words = caption.lower().replace(".", " ").replace(",", " ").split()
        found.words[len(caption.split())] += 1
        if record.task in ("caption", "change") and len(words) >= _FEWEST_WORDS:
            found.sentences.append(digest(" ".join(words).encode()))
            found.sentences_in.append(split)


def _classes(record: Record) -> set[str]:
    """Of the whole picture, or of what is in it; each once."""
    whole = [record.meta[name] for name in ("scene", "category") if isinstance(record.meta.get(name), str)]
    return set(whole or [region["label"] for region in record.regions])


def _keep(found: Gathered, number: int, at: int, href: str, seen: Look, records: Records) -> int:
    """Its number among pictures; broken ones have none, -1."""
    if seen.broken:
        found.broken += 1
        if len(found.broken_pictures) < MOST_TOLD:
            found.broken_pictures.append({"href": href, "why": seen.broken, "record": records[number].id})
        return -1
    found.sizes[(seen.width, seen.height)] += 1
    found.blank += seen.hash is None
    found.records_of.append(number)
    found.images_of.append(min(at, 255))
    found.digests.append(seen.digest)
    found.hashes.append(seen.hash or 0)
    found.hashed.append(seen.hash is not None)
    return len(found.digests) - 1

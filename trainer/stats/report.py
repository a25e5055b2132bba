"""The findings on a file of records as one document for programs, and with pictures as one page for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.protocol import RsvlmError, Watch
from rsvlm.trainer.records import Records
from rsvlm.trainer.stats.charts import binned
from rsvlm.trainer.stats.gathering import MOST_TOLD, Gathered, gather
from rsvlm.trainer.stats.looking import thumbnail
from rsvlm.trainer.stats.overlaps import Overlaps, overlaps


@dataclass(frozen=True)
class Findings:
    records: Records
    found: Gathered
    overlaps: Overlaps
    distance: int

    def picture(self, number: int) -> tuple[str, str, str]:
        """Of a picture by its number: a thumbnail (a data: address, "" where it can no longer be read), record, file name."""
        record = self.records[self.found.records_of[number]]
        image = record.images[self.found.images_of[number]]
        try:
            shown = thumbnail(image)
        except RsvlmError:
            shown = ""
        return shown, record.id, Path(image["href"]).name

    def to_json(self) -> dict[str, Any]:
        found, twice = self.found, self.overlaps
        shared: dict[str, int] = {}
        for _, _, low, high in twice.leaks:
            shared[f"{low} / {high}"] = shared.get(f"{low} / {high}", 0) + 1
        return {
            "records": found.records,
            "wrong_lines": {"count": found.wrong, "first": found.wrong_lines},
            "repeated_ids": found.repeated_ids,
            "tasks": dict(found.tasks),
            "splits": dict(found.splits),
            "sources": dict(found.sources),
            "classes": dict(found.classes.most_common()),
            "words": _lengths(found.words),
            "pictures": {
                "count": len(found.digests),
                "sizes": [{"width": w, "height": h, "count": n} for (w, h), n in found.sizes.most_common()],
                "one_colour": found.blank,
                "broken": {"count": found.broken, "first": found.broken_pictures},
            },
            "duplicates": {
                "distance": self.distance,
                "exact": self._groups(twice.exact),
                "near": self._groups(twice.near),
            },
            "leakage": {
                "pictures": shared,
                "first": [
                    {"splits": f"{low} / {high}", "records": [self._record(first), self._record(second)]}
                    for first, second, low, high in twice.leaks[:MOST_TOLD]
                ],
                "sentences": twice.shared_sentences,
                "different_sentences": twice.sentences,
            },
        }

    def _groups(self, groups: list[list[int]]) -> dict[str, Any]:
        listed = [[self._record(number) for number in group[:MOST_TOLD]] for group in groups[:MOST_TOLD]]
        return {"groups": len(groups), "pictures": sum(map(len, groups)), "first": listed}

    def _record(self, number: int) -> str:
        return self.records[self.found.records_of[number]].id


def _lengths(words: Mapping[int, int]) -> dict[str, Any]:
    """Of all answers, in words."""
    total = sum(words.values())
    if not total:
        return {"answers": 0}
    below, median = 0, 0
    for length in sorted(words):
        below += words[length]
        median = length
        if below * 2 >= total:
            break
    mean = sum(length * count for length, count in words.items()) / total
    return {
        "answers": total, "mean": round(mean, 2), "median": median, "longest": max(words),
        "histogram": [list(one) for one in binned(words)],
    }  # fmt: skip


def examine(path: Path, distance: int, watch: Watch) -> Findings:
    """Look through a file of records. distance: bits in which the hashes of near pictures may differ.

    Raises RsvlmError: not_found, cancelled, bad_request for a file without a record.
    """
    records = Records(path)
    found = gather(records, watch)
    if not found.records:
        why = found.wrong_lines[0] if found.wrong_lines else "It is empty."
        raise RsvlmError("bad_request", f"{path.name} holds no records. {why}", "Make some with “rsvlm data convert”.")
    return Findings(records, found, overlaps(found, distance), distance)

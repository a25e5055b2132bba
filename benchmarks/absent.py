"""How often a model finds what is in real pictures, and what is not: phrases outlined as the dock has them outlined.

python benchmarks/absent.py [--model ID] [--each 1] [--json]   data sets of $RSVLM_DATA, else ../shared/data

Asked for is what UCM's labels, the scenes of RSICD and the captions of both tell (trainer/presence.yaml), of `each` picture of a
scene that was never trained on, and as many phrases again that are not there. Found is what any outline is drawn for.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from measuring.data_sets import data_with

from rsvlm.models.cards import get_card
from rsvlm.models.families.compact.presence import outlined
from rsvlm.models.pool import Models
from rsvlm.protocol import Raster, SegmentRequest, Watch
from rsvlm.tasks import segment
from rsvlm.trainer.figures import REAL
from rsvlm.trainer.presence import real

AT_LEAST = 5  # phrases that are not there, of each picture
Tally = dict[bool, list[tuple[bool, int]]]  # of what is there and what is not: whether it was found, and outlines


def questions(each: int, data: Path) -> Iterator[tuple[str, str, bool]]:
    """Picture, phrase, and whether it is there; the same every time."""
    generator = np.random.default_rng(5)
    for name, split in REAL:
        for record, there in real(data / name, split, each):
            shown = [phrase for phrase, true in there.items() if true]
            absent = [phrase for phrase, true in there.items() if not true]
            drawn = generator.permutation(len(absent))[: max(AT_LEAST, len(shown))]
            yield from ((record.images[0]["href"], phrase, True) for phrase in shown)
            yield from ((record.images[0]["href"], absent[at], False) for at in drawn)


def figures(tally: Tally) -> dict[str, float | int]:
    """recall: share found of what is there; false_alarms: of what is not; specks: outlines for a phrase that is not there."""
    told: dict[str, float | int] = {"there": len(tally[True]), "absent": len(tally[False])}
    if tally[True]:
        told["recall"] = round(float(np.mean([found for found, _ in tally[True]])), 3)
    if tally[False]:
        told["false_alarms"] = round(float(np.mean([found for found, _ in tally[False]])), 3)
        told["specks"] = round(float(np.mean([count for _, count in tally[False]])), 2)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=None)
    parser.add_argument("--each", type=int, default=1, help="pictures of a scene")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    data = data_with(*(name for name, _ in REAL))
    models, names = Models("cpu"), get_card(given.model).calibration.outlined
    tallies: dict[str, Tally] = defaultdict(lambda: {True: [], False: []})
    for href, phrase, there in questions(given.each, data):
        answer = segment.segment(SegmentRequest(Raster(href=href), [phrase], given.model), models, Watch())
        found = bool(answer.evidence), len(answer.evidence)
        for group in ("all", "learnt with outlines" if outlined(phrase, names) else "known by name", phrase):
            tallies[group][there].append(found)
    told = {group: figures(tally) for group, tally in tallies.items()}
    if given.json:
        print(json.dumps(told))
        return
    for group, row in told.items():
        print(f"{group:24}", ", ".join(f"{name} {value:g}" for name, value in row.items()))


if __name__ == "__main__":
    main()

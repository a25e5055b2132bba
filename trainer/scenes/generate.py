"""Generated scenes as a data set: pictures and records in a folder, the same ones for the same seed however many are asked for.

Every scene of a kind (picture or pair) has as many records as any other, so work that was stopped knows from their number where
it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from rsvlm.protocol import Watch
from rsvlm.trainer.records import Writer
from rsvlm.trainer.scenes.making import GENERATOR, Wanted, scene


@dataclass(frozen=True)
class Generated:
    """scenes, records: in the file; before: records that were there from work that was stopped. tasks: records of each."""

    scenes: int
    records: int
    before: int
    tasks: dict[str, int]


def generate(wanted: Wanted, folder: Path, overwrite: bool = False, watch: Watch = Watch()) -> Generated:  # noqa: B008
    """Write pictures into folder/SPLIT and their records into folder/SPLIT.jsonl, which is there when all is done.

    Stopped, the same work goes on where it was. Raises RsvlmError: cancelled, bad_request.
    """
    (folder / wanted.split).mkdir(parents=True, exist_ok=True)
    tasks: Counter[str] = Counter()
    with Writer(folder / f"{wanted.split}.jsonl", f"scenes {GENERATOR} {wanted}", overwrite) as writer:
        before = writer.written
        for index, first in _todo(wanted, before):
            watch.check()
            made = scene(wanted, index)
            for ending, pixels in made.pictures.items():
                Image.fromarray(pixels).save(
                    folder / wanted.split / f"{wanted.split}-{index:06}{ending}.png", compress_level=1
                )
            for record in made.records[first:]:
                writer.write(record)
                tasks[record.task] += 1
            writer.keep()
            watch.progress(index + 1, wanted.count, "Scenes")
        return Generated(wanted.count, writer.written, before, dict(tasks))


def _todo(wanted: Wanted, written: int) -> Iterator[tuple[int, int]]:
    """Numbers of the scenes that are not there yet, and how many records of each are."""
    for index in range(wanted.count):
        records = wanted.records(index)
        if written < records:
            yield index, max(0, written)
        written -= records

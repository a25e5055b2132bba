"""Caption archives: a zip with images/ and captions.jsonl, whose pictures are read from inside of it."""

from __future__ import annotations

from collections.abc import Iterator

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.records import read_caption_archive


def read(source: Source) -> Iterator[Record]:
    yield from read_caption_archive(source.path, source.split)

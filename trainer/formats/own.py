"""Records of rsvlm itself: those of a split, without the lines that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source, lines
from rsvlm.trainer.records import located


def read(source: Source) -> Iterator[Record]:
    def make(line: str) -> Iterator[Record]:
        record = located(Record.from_json(json.loads(line)), source.images)
        if source.wants(record.split):
            yield record

    return source.each(lines(source.path), make)

"""SECOND-CC (MModalCC, arXiv 2501.10075): Karpathy's layout for two dates, with maps of what lies where on each.

Pictures in SPLIT/rgb/A and B, their maps in SPLIT/sem/A and B; the maps stand in meta["maps"], one for each picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.karpathy import sentences, split_of
from rsvlm.trainer.formats.levir_cc import QUESTION
from rsvlm.trainer.formats.reading import Source, items, said


def read(source: Source) -> Iterator[Record]:
    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        split, name = split_of(row), str(row["filename"])
        if source.wants(split):
            meta = {"filename": name, "filepath": split}
            yield record(source, f"{source.path.stem}/{name}", split, name, sentences(row), meta)

    return source.each(items(source.path, "images"), make)


def record(source: Source, ident: str, split: str, name: str, captions: list[str], meta: Mapping[str, Any]) -> Record:
    """Two dates and their maps, where these are."""
    images = [source.image(f"{split}/rgb/{date}/{name}", keep=3) for date in ("A", "B")]
    maps = [source.find(f"{split}/sem/{date}/{name}", keep=3) for date in ("A", "B")]
    about = {**meta, "maps": [{"href": href} for href in maps]} if all(maps) else dict(meta)
    return Record(ident, "change", split, images, said(QUESTION, *captions), meta=about)

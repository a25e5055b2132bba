"""GeoPixelD (GeoPixel, arXiv 2501.13925): a description in which <p> phrases </p> are followed by [SEG], one mask for each.

The outlines are in a file for each picture: polygons[k] are the parts of the k-th phrase. In the record the marks are gone
from the text, and its regions are called by the phrases, in their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.llava import turns
from rsvlm.trainer.formats.outlines import united
from rsvlm.trainer.formats.reading import Source, items, opened

_PHRASE = re.compile(r"<p>\s*(.*?)\s*</p>\s*(\[SEG\])?", re.DOTALL)


def read(source: Source) -> Iterator[Record]:
    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        split = _folder_split(str(row["image"])) or source.named_split()
        if not source.wants(split):
            return
        messages = turns(row["conversations"])
        phrases = [phrase for message in messages for phrase, mask in _PHRASE.findall(message["content"]) if mask]
        for message in messages:
            message["content"] = re.sub(r" +([,.;])", r"\1", _PHRASE.sub(r"\1", message["content"]))
        with opened(_outlines(source, str(row["polygons"]))) as file:
            outlines = json.load(file)["polygons"]
        if len(outlines) != len(phrases):
            raise RsvlmError("bad_request", "the text has other phrases than there are masks")
        regions = [_region(phrase, parts) for phrase, parts in zip(phrases, outlines, strict=True)]
        image = source.image(str(row["image"]))
        yield Record(f"{source.path.stem}/{row['id']}", "segment", split, [image], messages, regions)

    return source.each(items(source.path), make)


def _region(phrase: str, parts: list[list[list[float]]]) -> dict[str, Any]:
    xs, ys = zip(*(corner for part in parts for corner in part), strict=True)
    return {"label": phrase, "bbox": [min(xs), min(ys), max(xs) + 1, max(ys) + 1], "polygon": united(parts)}


def _outlines(source: Source, name: str) -> Path:
    beside = Source(source.path, source.path.parent).find(name)
    found = source.find(name) or beside
    if found is None:
        raise RsvlmError("bad_request", "the file of its masks is not there")
    return Path(found)


def _folder_split(name: str) -> str | None:
    return next((split for split in ("train", "val", "test") if f"/{split}/" in f"/{name}"), None)

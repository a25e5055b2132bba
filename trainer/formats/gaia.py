"""GAIA (arXiv 2502.09598): [{"id", "image_src", "captions", "lat", "lon", "tag", "resolution", "satellite", "sensor", ...}].

Its pictures are downloaded by who uses it, so they are looked for by id and by the last part of their address.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from rsvlm.protocol import Record
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import Source, items, said

FACTS = ("location", "resolution", "satellite", "sensor", "modalities", "credits", "image_src", "image_alt")


def read(source: Source) -> Iterator[Record]:
    split = source.named_split()

    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        captions = [str(caption) for caption in row["captions"] if str(caption).strip()]
        if not captions:
            raise ValueError("no caption")
        address = unquote(urlsplit(str(row.get("image_src", ""))).path)
        ident = str(row["id"])
        image = source.image(ident, f"images/{ident}", *([address] if address.strip("/") else []))
        meta = {name: row[name] for name in FACTS if row.get(name)}
        meta |= {name: value for name in ("lat", "lon") if (value := number(row.get(name))) is not None}
        if row.get("tag"):
            meta["scene"] = row["tag"]
        yield Record(f"{source.path.stem}/{ident}", "caption", split, [image], said(QUESTION, *captions), meta=meta)

    return source.each(items(source.path), make)


def number(value: Any) -> float | None:
    """None for what is none, such as an empty text."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None

"""SkyScript (arXiv 2312.12856): a CSV of filepath, title and title_multi_objects, and a pickle of facts for each picture.

imagesN/a123_CH_19.jpg is the way (a area, w way, n node) 123 of OpenStreetMap in Switzerland in 2019; its facts in
metaN/a123_CH_19.pickle are {"box": (west, south, east, north), "time", "center_tags", "surrounding_tags"}. Pickles are read
as data: nothing in them is run.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rsvlm.models.inert_pickle import WRONG, Machine
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import Source, said, text_lines

_NAME = re.compile(r"([awn])(\d+)_([A-Za-z0-9]+)_(\d\d)$")
_KINDS = {"a": "area", "w": "way", "n": "node"}


def read(source: Source) -> Iterator[Record]:
    rows = csv.DictReader(text_lines(source.path))
    if not {"filepath", "title"} <= set(rows.fieldnames or ()):
        raise RsvlmError(
            "bad_request", f"{source.path.name} has no columns filepath and title.", "Give a table of SkyScript."
        )
    split = source.named_split()

    def make(row: Mapping[str, str]) -> Iterator[Record]:
        titles = (row.get(name) for name in ("title", "title_multi_objects"))
        captions = list(dict.fromkeys(title.strip() for title in titles if title and title.strip()))
        if not captions:
            raise ValueError("no title")
        name = row["filepath"]
        image, meta = source.image(name, keep=min(2, name.count("/") + 1)), _of_name(name)
        year = meta.pop("year", None)
        image |= {"date": year} if year else {}
        meta |= _facts(source, name)
        yield Record(f"skyscript/{Path(name).stem}", "caption", split, [image], said(QUESTION, *captions), meta=meta)

    yield from source.each(rows, make)


def _of_name(name: str) -> dict[str, Any]:
    match = _NAME.match(Path(name).stem)
    if match is None:
        return {"filename": name}
    kind, number, country, year = match.groups()
    return {"filename": name, "osm": f"{_KINDS[kind]}/{number}", "source": country, "year": f"20{year}"}


def _facts(source: Source, name: str) -> dict[str, Any]:
    """Place and tags of the pickle beside the picture; nothing where there is none."""
    found = source.find(str(Path(name.replace("images", "meta", 1)).with_suffix(".pickle")), keep=2)
    if found is None:
        return {}
    try:
        data = Machine({}, _refuse).run(Path(found).read_bytes())
    except WRONG as error:
        raise RsvlmError("bad_request", "the pickle of its facts cannot be read") from error
    if not isinstance(data, dict):
        raise ValueError("no facts")
    west, south, east, north = (float(value) for value in data["box"])
    tags = {key: data[key] for key in ("center_tags", "surrounding_tags") if key in data}
    time = {"time": str(data["time"])} if data.get("time") else {}
    return {"lat": (south + north) / 2, "lon": (west + east) / 2, "box": [west, south, east, north], **time, **tags}


def _refuse(ident: Any) -> object:
    raise ValueError(f"a pickle that names {ident}")

"""NWPU-Captions: {"CLASS": [{"filename", "split", "raw", "raw_1" to "raw_4"}]}, pictures in a folder of each class."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION, split_of
from rsvlm.trainer.formats.reading import Source, opened, said


def read(source: Source) -> Iterator[Record]:
    with opened(source.path) as file:
        try:
            classes = json.load(file)
            rows = [(label, row) for label, listed in classes.items() for row in listed]
        except (ValueError, AttributeError, TypeError) as error:
            raise RsvlmError(
                "bad_request", f"{source.path.name} has no lists of classes.", "Give dataset_nwpu.json."
            ) from error

    def make(pair: tuple[str, Mapping[str, Any]]) -> Iterator[Record]:
        label, row = pair
        split, name = split_of(row), str(row["filename"])
        texts = [str(row[key]) for key in ("raw", *(f"raw_{number}" for number in range(1, 5))) if row.get(key)]
        if not texts:
            raise ValueError("no caption")
        if source.wants(split):
            image = source.image(f"{label}/{name}", name, f"images/{label}/{name}")
            meta = {"filename": name, "scene": label}
            yield Record(f"{source.path.stem}/{name}", "caption", split, [image], said(QUESTION, *texts), meta=meta)

    return source.each(rows, make)

"""ChangeChat-105k (DeltaVLM, arXiv 2507.22346): conversations on two dates, and captions for testing.

{"image": [before, after], "changeflag", "conversations"} or {"image_A", "image_B", "captions", "changeflag"}.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.levir_cc import QUESTION
from rsvlm.trainer.formats.llava import turns
from rsvlm.trainer.formats.reading import Source, items, said

# How the questions of each of its types begin (DeltaVLM, section 4); all others are open.
TYPES = {
    "Please judge whether": "binary",
    "Please determine how many": "count",
    "Please indicate the locations": "locate",
    "Please briefly describe the changes": "caption",
}


def read(source: Source) -> Iterator[Record]:
    split, stem = source.named_split(), source.path.stem

    def make(numbered: tuple[int, Mapping[str, Any]]) -> Iterator[Record]:
        number, row = numbered  # published ids repeat within some files
        meta: dict[str, Any] = {"changed": bool(row["changeflag"])} if "changeflag" in row else {}
        if "conversations" in row:
            names = row["image"]
            messages = turns(row["conversations"])
            asked = [message["content"] for message in messages if message["role"] == "user"]
            kinds = (kind for start, kind in TYPES.items() if asked[0].startswith(start))
            meta["type"] = "dialogue" if len(asked) > 1 else next(kinds, "open")
        else:
            names = [row["image_A"], row["image_B"]]
            messages, meta["type"] = said(QUESTION, *map(str, row["captions"])), "caption"
        before, after = (source.image(str(name), f"images/{name}", keep=2) for name in names)
        yield Record(f"{stem}/{number}", "change", split, [before, after], messages, meta=meta)

    return source.each(enumerate(items(source.path)), make)

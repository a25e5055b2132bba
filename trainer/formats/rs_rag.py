"""RS-RAG (arXiv 2504.04988) and others of ms-swift: {"messages": [{"role", "content"}], "images": [...]} in every line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.llava import turns
from rsvlm.trainer.formats.reading import Source, items


def read(source: Source) -> Iterator[Record]:
    split, stem = source.named_split(), source.path.stem
    by_name = {"class": "classify", "cap": "caption", "vqa": "vqa"}
    task = next((task for part, task in by_name.items() if part in stem.lower()), None)

    def make(numbered: tuple[int, Mapping[str, Any]]) -> Iterator[Record]:
        number, row = numbered
        messages = turns([{"from": message["role"], "value": message["content"]} for message in row["messages"]])
        images = [source.image(str(name)) for name in row.get("images", [])]
        chats = sum(message["role"] == "user" for message in messages) > 1
        found = task or ("chat" if chats else "vqa")
        scene = {"scene": messages[-1]["content"]} if found == "classify" else {}
        yield Record(f"{stem}/{number}", found, split, images, messages, meta=scene)

    return source.each(enumerate(items(source.path)), make)

"""Conversations as LLaVA (arXiv 2304.08485) has them: {"id", "image", "conversations": [{"from": "human", "value"}]}.

RS-GPT4V and many others are published so. A tag before the question, as [refer] or [caption] (MiniGPT-v2, arXiv 2310.09478),
says what the task is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.boxed import grounded
from rsvlm.trainer.formats.reading import Source, items
from rsvlm.trainer.formats.writing import refuse_parts

ROLES = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "bot": "assistant",
    "system": "system",
}
TAGS = {
    "caption": "caption", "vqa": "vqa", "visual question answering": "vqa", "refer": "ground", "grounding": "ground",
    "detection": "ground", "identify": "identify", "segment": "segment", "changedet": "change", "classify": "classify",
}  # fmt: skip
_IMAGE = re.compile(r"<Img>.*?</Img>|<image>|<ImageHere>|<ImageFeature>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"\[(" + "|".join(TAGS) + r")\]", re.IGNORECASE)


def read(source: Source) -> Iterator[Record]:
    return conversations(source, source.path, source.named_split(), None)


def conversations(source: Source, path: Path, split: str, task: str | None) -> Iterator[Record]:
    """Of one file. task: what they are where no tag says it; None = by their form."""

    def make(numbered: tuple[int, Mapping[str, Any]]) -> Iterator[Record]:
        number, row = numbered  # published ids repeat within some files
        names = row.get("image") or []
        names = [names] if isinstance(names, str) else names
        images = [source.image(str(name), f"images/{name}", keep=min(2, len(names))) for name in names]
        tag = _TAG.search(str(row["conversations"][0]["value"]))
        messages = turns(row["conversations"])
        form = _form(images, messages)
        found = TAGS[tag[1].lower()] if tag else task or form
        meta = {"tag": tag[1].lower()} if tag else {}
        yield grounded(Record(f"{path.stem}/{number}", found, split, images, messages, meta=meta))

    return source.each(enumerate(items(path)), make)


def turns(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Messages without marks of pictures and tasks. Raises ValueError where nobody answers."""
    messages = [{"role": ROLES[row["from"]], "content": plain(str(row["value"]))} for row in rows]
    if not any(message["role"] == "assistant" for message in messages):
        raise ValueError("no answer")
    return messages


def plain(text: str) -> str:
    """Without marks of where a picture stands, and without the tag of a task."""
    return re.sub(r" {2,}", " ", _TAG.sub(" ", _IMAGE.sub(" ", text))).strip()


def _form(images: Sequence[Any], messages: Sequence[Mapping[str, str]]) -> str:
    if len(images) == 2:
        return "change"
    return "chat" if sum(message["role"] == "user" for message in messages) > 1 else "vqa"


def write(records: Iterable[Record], path: Path) -> int:
    """How many were written; of answers that are alternatives, the first. Records without an answer are left out.

    Raises what refuse_parts raises.
    """
    speakers = {"user": "human", "assistant": "gpt", "system": "system"}
    rows = []
    for record in records:
        talk: list[dict[str, str]] = []
        for message in record.messages:
            if not talk or talk[-1]["from"] != "gpt" or message["role"] != "assistant":
                talk.append({"from": speakers[message["role"]], "value": message["content"]})
        if not record.captions:
            continue
        refuse_parts(record)
        if not any(turn["from"] == "human" for turn in talk):
            talk.insert(0, {"from": "human", "value": ""})
        asked = next(turn for turn in talk if turn["from"] == "human")
        tag = f"[{record.meta['tag']}] " if "tag" in record.meta else ""
        asked["value"] = "<image>\n" * len(record.images) + tag + asked["value"]
        hrefs = [image["href"] for image in record.images]
        rows.append({"id": record.id, "image": hrefs[0] if len(hrefs) == 1 else hrefs, "conversations": talk})
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), "utf-8")
    return len(rows)

"""SkyEye-968k (SkyEyeGPT, arXiv 2401.09712): LLaVA conversations in a folder for each task, boxes as text in percent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.llava import conversations
from rsvlm.trainer.formats.reading import Source

FOLDERS = {
    "caption": "caption", "vg": "ground", "phrasegrounding": "ground", "vqa": "vqa", "multitask_conversation": "chat",
}  # fmt: skip


def read(source: Source) -> Iterator[Record]:
    files = sorted(source.path.rglob("*.json")) if source.path.is_dir() else [source.path]
    if not files:
        raise RsvlmError("bad_request", f"{source.path} has no .json.", "Give the unpacked folder of SkyEye-968k.")
    for path in files:
        split = Source(path).named_split()
        if source.wants(split):
            for record in conversations(source, path, split, FOLDERS.get(path.parent.name)):
                yield replace(record, meta={**record.meta, "source": path.stem})

"""LEVIR-MCI as Change-Agent (arXiv 2403.19646) prepares it: NAME.txt holds lists of words from <START> to <END>."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.levir_cc import pair
from rsvlm.trainer.formats.reading import Source, opened

MARKS = ("<NULL>", "<START>", "<END>")


def read(source: Source) -> Iterator[Record]:
    files = sorted(source.path.glob("*.txt"))
    if not files:
        raise RsvlmError("bad_request", f"{source.path} has no token files.", "Give the folder of NAME.txt files.")

    def make(path: Path) -> Iterator[Record]:
        split = Source(path).named_split()
        if source.wants(split):
            with opened(path) as file:
                rows = json.load(file)
            captions = [" ".join(word for word in words if word not in MARKS) for words in rows]
            yield pair(source, split, split, f"{path.stem}.png", captions, {})

    return source.each(files, make)

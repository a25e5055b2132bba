"""RSICap and RSIEval (RSGPT, arXiv 2307.15266): {"annotations": [{"filename", ...}]}.

RSICap has text_input and text_output; RSIEval, which is only for testing, a caption and qa_pairs [{"question", "answer"}].
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import Source, items, said


def read(source: Source) -> Iterator[Record]:
    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        name = str(row["filename"])
        pairs = row.get("qa_pairs", [])
        split = "test" if "qa_pairs" in row else source.named_split()
        if not source.wants(split):
            return
        image, meta = source.image(name, f"images/{name}"), {"filename": name}
        ident = f"{source.path.parent.name}/{name}"
        caption = str(row.get("text_output") or row["caption"])
        messages = said(str(row.get("text_input") or QUESTION), caption)
        yield Record(ident, "caption", split, [image], messages, meta=meta)
        for number, pair in enumerate(pairs):
            about = {**meta, "type": pair["type"]} if pair.get("type") else meta
            messages = said(str(pair["question"]), str(pair["answer"]))
            yield Record(f"{ident}/{number}", "vqa", split, [image], messages, meta=about)

    return source.each(items(source.path, "annotations"), make)

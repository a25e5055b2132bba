"""RSIVQA (Zheng et al., TGRS 2021): a line for each question, "picture:question?answer"."""

from __future__ import annotations

from collections.abc import Iterator

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source, lines, said


def read(source: Source) -> Iterator[Record]:
    split = source.named_split()

    def make(numbered: tuple[int, str]) -> Iterator[Record]:
        number, line = numbered
        name, asked = line.split(":", 1)
        question, answer = asked.rsplit("?", 1)
        if not (name.strip() and question.strip() and answer.strip()):
            raise ValueError("something is missing")
        image = source.image(name.strip(), f"images/{name.strip()}")
        meta = {"filename": name.strip()}
        yield Record(f"{source.path.stem}/{number}", "vqa", split, [image], said(f"{question}?", answer), meta=meta)

    return source.each(enumerate(lines(source.path), 1), make)

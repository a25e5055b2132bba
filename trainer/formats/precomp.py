"""Captions as retrieval models are given them: NAME_filename.txt, and NAME_caps.txt with as many lines for each picture.

VSE++ (arXiv 1707.05612) calls it "precomp"; RSICD and RSITMD are passed on so.
"""

from __future__ import annotations

from collections.abc import Iterator

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import Source, lines, said


def read(source: Source) -> Iterator[Record]:
    name = source.path.name
    caps = source.path.with_name(name.replace("_filename.txt", "_caps.txt"))
    names = source.path.with_name(caps.name.replace("_caps.txt", "_filename.txt"))
    if caps == names:
        raise RsvlmError("bad_request", f"{name} is no list of captions.", "Give the file that ends in _caps.txt.")
    count, pictures = sum(1 for _ in lines(caps)), sum(1 for _ in lines(names))
    if not pictures or count % pictures:
        raise RsvlmError(
            "bad_request",
            f"{caps.name} has {count} lines for the {pictures} pictures of {names.name}.",
            "Each picture needs as many captions as the others: check whether both files are whole.",
        )
    each, captions, split = count // pictures, lines(caps), source.named_split()

    def make(filename: str) -> Iterator[Record]:
        texts = [next(captions) for _ in range(each)]
        image = source.image(filename, f"images/{filename}")
        yield Record(
            f"{caps.stem}/{filename}", "caption", split, [image], said(QUESTION, *texts), meta={"filename": filename}
        )

    return source.each(lines(names), make)

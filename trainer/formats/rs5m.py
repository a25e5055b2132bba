"""RS5M (arXiv 2306.11300) as webdataset: tars in which files of one name, before its first dot, are one sample.

img_content (or .jpg, .png ...) is the picture, caption (or .txt) the text, img_name its name. Pictures are read from inside
of the tar by GDAL, without being unpacked.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.karpathy import QUESTION
from rsvlm.trainer.formats.reading import SUFFIXES, Source, said, split_in

PICTURES = ("img_content", *(suffix[1:] for suffix in SUFFIXES))
TEXTS = ("caption", "txt")
NAME = "img_name"
_LONGEST = 2**20  # bytes of a text


@dataclass
class Sample:
    """key: name of its files. picture: member of the tar. texts: by kind."""

    shard: Path
    key: str
    picture: str = ""
    texts: dict[str, str] = field(default_factory=dict)


def read(source: Source) -> Iterator[Record]:
    shards = sorted(source.path.rglob("*.tar")) if source.path.is_dir() else [source.path]
    if not shards:
        raise RsvlmError("bad_request", f"{source.path} has no .tar.", "Give the folder of the shards.")

    unnamed = "train" if any(split_in(shard.name) for shard in shards) else source.split or "train"

    def split_of(shard: Path) -> str:
        return split_in(shard.name) or unnamed

    def make(sample: Sample) -> Iterator[Record]:
        captions = [sample.texts[kind] for kind in TEXTS if sample.texts.get(kind)]
        if not captions:
            raise RsvlmError("bad_request", "the sample has no caption")
        if not sample.picture:
            raise RsvlmError("bad_request", "the sample has no picture")
        meta = {"filename": sample.texts.get(NAME, sample.picture), "shard": sample.shard.name}
        image = {"href": f"/vsitar/{sample.shard}/{sample.picture}"}
        ident = f"{sample.shard.stem}/{sample.key}"
        yield Record(ident, "caption", split_of(sample.shard), [image], said(QUESTION, captions[0]), meta=meta)

    for shard in shards:
        if source.wants(split_of(shard)):
            yield from source.each(_samples(shard), make)


def _samples(shard: Path) -> Iterator[Sample]:
    """One after the other; the tar is read through once and not held in memory."""
    try:
        with tarfile.open(shard) as tar:
            sample = Sample(shard, "")
            while (member := tar.next()) is not None:
                tar.members = []  # type: ignore[attr-defined] # it would keep what it has read
                if not member.isfile():
                    continue
                folder, _, name = member.name.rpartition("/")
                stem, _, kind = name.partition(".")
                key = f"{folder}/{stem}".lstrip("/")
                if key != sample.key:
                    if sample.key:
                        yield sample
                    sample = Sample(shard, key)
                if kind.lower() in PICTURES:
                    sample.picture = member.name
                elif kind in (*TEXTS, NAME) and member.size <= _LONGEST:
                    content = tar.extractfile(member)
                    sample.texts[kind] = content.read().decode("utf-8", "replace").strip() if content else ""
            if sample.key:
                yield sample
    except (tarfile.TarError, EOFError, OSError) as error:
        raise RsvlmError(
            "bad_request", f"{shard.name} is no whole tar.", "Download it again; what was read of it is kept."
        ) from error

"""Captions in Karpathy's layout: {"images": [{"filename", "split", "sentences": [{"raw", "tokens"}]}]}.

RSICD (arXiv 1712.07835), UCM-Captions and Sydney-Captions are published so, after Karpathy and Fei-Fei (arXiv 1412.2306).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from rsvlm.protocol import Record
from rsvlm.trainer.formats.reading import Source, items, said
from rsvlm.trainer.formats.writing import refuse_parts

QUESTION = "Describe the image."


def read(source: Source) -> Iterator[Record]:
    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        split = split_of(row)
        if source.wants(split):
            name = str(row["filename"])
            places = [f"{row['filepath']}/{name}"] if row.get("filepath") else []
            image = source.image(*places, name, f"images/{name}")
            messages = said(QUESTION, *sentences(row))
            yield Record(f"{source.path.stem}/{name}", "caption", split, [image], messages, meta={"filename": name})

    return source.each(items(source.path, "images"), make)


def split_of(row: Mapping[str, Any]) -> str:
    """COCO's "restval" is trained on as well."""
    return {"restval": "train"}.get(row["split"], str(row["split"]))


def sentences(row: Mapping[str, Any]) -> list[str]:
    """As they were written, or else their words. Raises ValueError where there are none."""
    found = [str(item.get("raw") or " ".join(item["tokens"])).strip() for item in row["sentences"]]
    found = [sentence for sentence in found if sentence]
    if not found:
        raise ValueError("no sentence")
    return found


def write(records: Iterable[Record], path: Path) -> int:
    """How many images were written; records without an answer are none of them. Raises what refuse_parts raises."""
    images: list[dict[str, Any]] = []
    number = 0
    for record in records:
        if not record.captions or not record.images:
            continue
        refuse_parts(record)
        rows = []
        for caption in record.captions:
            rows.append({"tokens": words(caption), "raw": caption, "imgid": len(images), "sentid": number})
            number += 1
        name = PurePath(record.images[-1]["href"]).name
        images.append(
            {
                "filename": record.meta.get("filename", name), "split": record.split, "imgid": len(images),
                "sentids": [row["sentid"] for row in rows], "sentences": rows,
            }
        )  # fmt: skip
        if len(record.images) == 2:
            images[-1]["filepath"] = record.meta.get("filepath", record.split)
            if record.meta.get("changed") is not None:
                images[-1]["changeflag"] = int(record.meta["changed"])
    path.write_text(json.dumps({"images": images, "dataset": path.stem}, ensure_ascii=False), "utf-8")
    return len(images)


def words(text: str) -> list[str]:
    """Without the marks between them."""
    return [word for word in (part.strip(".,;:!?\"'()") for part in text.split()) if word]

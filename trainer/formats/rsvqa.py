"""Questions, answers and images in three files that name each other by id: RSVQA and, on two dates, CDVQA.

RSVQA (arXiv 2003.07333): a picture is called by the id of its image. CDVQA (arXiv 2112.06343): by file_name, in im1 and im2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from sys import intern
from typing import Any

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.formats.reading import Source, items, said

_FOLDERS = (("im1", "im2"), ("A", "B"))


def read(source: Source) -> Iterator[Record]:
    answers = {
        row["question_id"]: intern(str(row["answer"]))
        for row in items(_beside(source.path, "answers"), "answers")
        if "question_id" in row and "answer" in row
    }
    images = _beside(source.path, "images")
    names = {}
    if images.exists():
        rows = (row for row in items(images, "images") if "id" in row)
        names = {row["id"]: row.get("file_name") for row in rows}
    split = source.named_split()

    def make(row: Mapping[str, Any]) -> Iterator[Record]:
        if row.get("active") is False:
            return
        if row["id"] not in answers:
            raise RsvlmError("bad_request", "the question has no answer")
        name = names.get(row["img_id"])
        pictures = _dates(source, name) if name else [source.image(str(row["img_id"]), f"Images/{row['img_id']}")]
        task = "change" if len(pictures) == 2 else "vqa"
        meta = {"type": row.get("type", ""), "image": row["img_id"]}
        messages = said(str(row["question"]), answers[row["id"]])
        yield Record(f"{source.path.stem}/{row['id']}", task, split, pictures, messages, meta=meta)

    return source.each(items(source.path, "questions"), make)


def _dates(source: Source, name: str) -> list[dict[str, Any]]:
    there = (pair for pair in _FOLDERS if source.find(f"{pair[0]}/{name}", keep=2))
    return [source.image(f"{folder}/{name}", keep=2) for folder in next(there, _FOLDERS[0])]


def _beside(path: Path, what: str) -> Path:
    if "questions" not in path.name:
        raise RsvlmError("bad_request", f"{path.name} has no questions by its name.", "Give the file *_questions.json.")
    return path.with_name(path.name.replace("questions", what))

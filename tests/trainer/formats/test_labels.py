"""Labels of a caption archive as sentences, and its questions."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def test_labels_of_an_archive_are_one_sentence_for_each_picture(tmp_path: Path, read: Callable[..., Any]):
    rows = [
        {"filename": "a.png", "split": "train", "labels": ["trees", "cars", "grass"]},
        {"filename": "b.png", "split": "val", "labels": ["sea"]},
        {"filename": "c.png", "split": "val", "labels": []},
    ]
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    found, _ = read("labels", tmp_path / "set.zip")
    assert [(record.split, record.captions) for record in found] == [
        ("train", ["cars, grass and trees"]),
        ("val", ["sea"]),
    ]
    assert found[0].images == [{"href": f"/vsizip/{tmp_path / 'set.zip'}/images/a.png"}]
    assert [record.id for record in read("labels", tmp_path / "set.zip", split="val")[0]] == ["set/b.png/labels"]


def test_question_of_an_archive_is_asked_once_and_has_its_type(tmp_path: Path, read: Callable[..., Any]):
    asked = [
        ["what is the theme of this picture?", "harbor"],
        ["What is the theme of  this picture?", "harbor"],
        ["Does this picture contain boats?", "yes"],
        ["How many boats in the picture?", "two"],
        ["What is the location of the boats in this picture?", "center"],
        ["Which colour has the sea?", "blue"],
    ]
    rows = [
        {"filename": "a.png", "split": "train", "qa": asked},
        {"filename": "b.png", "split": "val", "qa": asked[:1]},
    ]
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        archive.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    found, _ = read("questions", tmp_path / "set.zip", split="train")
    assert [record.meta["type"] for record in found] == ["theme", "presence", "count", "location", "other"]
    assert [record.id for record in found] == [f"set/a.png/{number}" for number in range(5)]
    assert [message["content"] for message in found[2].messages] == ["How many boats in the picture?", "two"]
    assert len(read("questions", tmp_path / "set.zip", split="val")[0]) == 1

"""Labels of a caption archive as sentences."""

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

"""Of a data set that is measured on, the split that nobody learnt from is taken, and it is said which."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

from rsvlm.trainer.measuring import spec_of
from rsvlm.trainer.measuring.data import Data
from rsvlm.trainer.records import is_held


def test_splits_of_an_archive_are_those_that_it_has(tmp_path: Path):
    """Of its own only train: one in ten is held out."""
    names = [f"{number}.png" for number in range(40)]
    archives = {"whole": ("train", "test"), "only": ("train",)}
    for archive, splits in archives.items():
        rows = [
            {"filename": name, "split": splits[at % len(splits)], "scene": "sea", "captions": ["a sea"]}
            for at, name in enumerate(names)
        ]
        with ZipFile(tmp_path / f"{archive}.zip", "w") as file:
            file.writestr("captions.jsonl", "\n".join(map(json.dumps, rows)))
    whole, only = (Data(tmp_path / f"{archive}.zip") for archive in archives)
    every = Data(whole.path, split="all")
    found = list(every.records(every.source()))
    assert Counter(record.split for record in found) == {"train": 20, "test": 20} and every.part is None
    assert whole.part == "test" and len(list(whole.records(whole.source()))) == 20
    assert "test (20)" in whole.warning and "“test” is measured" in whole.warning
    held = [record.meta["filename"] for record in only.records(only.source())]
    assert only.part == "held" and held == [name for name in names if is_held(name)] != []
    assert f"train ({40 - len(held)}), held ({len(held)}); “held” is measured" in only.warning


def test_split_is_chosen_by_records_that_the_task_takes(records, pictures: list[Path]):
    data = records(
        ("caption", pictures[:1], "", ["a lake"], {"split": "train"}),
        ("caption", pictures[1:2], "", ["a road"], {"split": "test"}),
        ("vqa", pictures[2:3], "Is it a road?", ["no"], {"split": "val"}),
    )
    for task, part in (("caption", "test"), ("retrieval", "test"), ("vqa", None), ("zeroshot", "val")):
        assert replace(data, tasks=spec_of(task, "").tasks).part == part, task

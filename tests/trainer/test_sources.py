"""A run goes on with the data that it began with, and validates with none of what it trains on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.examples import Examples
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.records import Writer
from rsvlm.trainer.sources import SOURCES, settle_sources

ANSWER = [{"role": "assistant", "content": "a"}]


def written(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    """rows: id, task and split of each record."""
    with Writer(path, "test", overwrite=True) as writer:
        for name, task, split in rows:
            writer.write(Record(name, task, split, [{"href": "x.png"}], ANSWER))
    return path


def recipe(taught: list[dict[str, Any]], held: list[dict[str, Any]]) -> Recipe:
    stage = {"max_steps": 1, "objectives": {"language": 1.0}, "learning_rate": 1.0}
    settings = {
        "name": "mine",
        "model": {"id": "compact"},
        "data": taught,
        "stages": [stage],
        "batch_size": 1,
        "save_steps": 1,
    }
    return Recipe.model_validate(settings | ({"validation": {"data": held, "eval_steps": 1}} if held else {}))


def settle(folder: Path, taught: list[dict[str, Any]], held: list[dict[str, Any]], resumes: bool = False) -> None:
    told = recipe(taught, held)
    (folder / "validation").mkdir(exist_ok=True)
    looked = Examples.of(told.validation.data, folder, folder / "validation", 0) if told.validation else None
    settle_sources(folder, told, folder, Examples.of(told.data, folder, folder, 0), looked, resumes)


def test_data_that_were_changed_are_told_when_a_run_goes_on(tmp_path: Path):
    rows = [(str(number), "caption", "train") for number in range(5)]
    path = written(tmp_path / "mine.jsonl", rows)
    source = [{"path": "mine.jsonl"}]
    settle(tmp_path, source, [])
    (kept,) = json.loads((tmp_path / SOURCES).read_text())
    date = path.stat().st_mtime_ns
    assert kept == {"path": "mine.jsonl", "bytes": path.stat().st_size, "modified_ns": date, "records": 5}
    settle(tmp_path, source, [], resumes=True)
    os.utime(path, ns=(date, date + 1))
    with pytest.raises(RsvlmError, match="its file was written since") as caught:
        settle(tmp_path, source, [], resumes=True)
    assert "mine.jsonl" in caught.value.message and SOURCES in caught.value.hint and caught.value.exit_code == 2
    written(path, rows[:4])
    with pytest.raises(RsvlmError, match="it had 5 records and has 4"):
        settle(tmp_path, source, [], resumes=True)
    (tmp_path / SOURCES).unlink()
    settle(tmp_path, source, [], resumes=True)  # begun by an older version
    assert json.loads((tmp_path / SOURCES).read_text())[0]["records"] == 4, "and from now on it is watched"


TRAIN, VAL, ANY = {"split": "train"}, {"split": "val"}, {}


@pytest.mark.parametrize(
    ("taught", "held", "both"),
    [
        (TRAIN, VAL, None),
        (TRAIN, TRAIN, "0"),
        (ANY, VAL, "2"),
        (VAL, ANY, "2"),
        ({"tasks": ["vqa"]}, {"tasks": ["caption"]}, None),
        ({"tasks": ["vqa"], "split": "train"}, TRAIN, "1"),
        ({"limit": 1}, {"limit": 2}, "0"),
    ],
)  # fmt: skip
def test_record_that_is_trained_on_is_not_validated_with(
    tmp_path: Path, taught: dict[str, Any], held: dict[str, Any], both: str | None
):
    rows = [("0", "caption", "train"), ("1", "vqa", "train"), ("2", "caption", "val"), ("3", "vqa", "val")]
    written(tmp_path / "mine.jsonl", rows)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "mine.jsonl")
    told = [{"path": "mine.jsonl", **taught}], [{"path": "link.jsonl", **held}]
    if both is None:
        settle(tmp_path, *told)
        return
    with pytest.raises(RsvlmError, match=f"validates with, {both} among them") as caught:
        settle(tmp_path, *told)
    assert "rsvlm data split" in caught.value.hint and not (tmp_path / SOURCES).exists()


@pytest.mark.parametrize(
    ("taught", "held", "apart"), [("fit", "held", True), ("train", "held", False), ("train", "val", True)]
)
def test_splits_of_an_archive_that_lie_within_each_other_are_known(
    tiny: Path, tmp_path: Path, taught: str, held: str, apart: bool
):
    kinds = [{"format": "archive", "path": str(tiny / "tiny.zip"), "split": split} for split in (taught, held)]
    if apart:
        settle(tmp_path, kinds[:1], kinds[1:])
    else:
        with pytest.raises(RsvlmError, match=r"tiny\.zip that it validates with"):
            settle(tmp_path, kinds[:1], kinds[1:])

"""A look ahead: the same figures for people and for programs, and nothing is trained or written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from rsvlm.cli.dry_run import show_dry_run
from rsvlm.protocol import Record
from rsvlm.trainer.dry_run import dry_run
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.records import Writer, read_caption_archive


def test_tables_tell_steps_parameters_and_examples(
    tuned: Callable[..., Recipe],
    tiny: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    told = dry_run(tuned(), tiny)
    assert json.loads(json.dumps(told)) == told and list(tmp_path.iterdir()) == []
    show_dry_run(told)
    shown = capsys.readouterr().out
    stage = told["stages"][0]
    assert "18 records, 4 steps of 4 examples" in shown
    assert f"{stage['trained']:,} (" in shown and f"{stage['losses']['language']:.3f}" in shown
    for one in told["examples"]:
        assert one["id"] in shown and "64x64x3" in shown and one["turns"][0][0] in shown


def test_memory_is_that_of_the_largest_pictures(tuned: Callable[..., Recipe], tiny: Path):
    """Where they grow from 64 pixels to 128; what the run begins with is shown all the same."""
    stage = {"max_steps": 4, "objectives": {"language": 1.0}, "learning_rate": 1e-3}
    growing = [{"start": 0.0, "pixels": 64}, {"start": 0.5, "pixels": 128}]
    small, large, grown = (
        dry_run(tuned(stages=[stage], validation=None, pixels=pixels), tiny)
        for pixels in (growing[:1], [{"start": 0.0, "pixels": 128}], growing)
    )
    assert grown["stages"][0]["losses"] == large["stages"][0]["losses"] != small["stages"][0]["losses"]
    assert grown["memory_bytes"] == pytest.approx(large["memory_bytes"], rel=1e-3)
    assert grown["memory_bytes"] > small["memory_bytes"]
    assert {one["pictures"][0] for one in grown["examples"]} == {"64x64x3"}


def test_examples_are_those_that_a_run_learns_from(tuned: Callable[..., Recipe], tiny: Path, tmp_path: Path):
    """Two thirds of the records are words alone, for which others stand in."""
    talk = [{"role": "user", "content": "What is a moraine?"}, {"role": "assistant", "content": "A heap of rubble."}]
    words = [Record(f"talk/{number}", "chat", "train", [], talk) for number in range(36)]
    with Writer(tmp_path / "mixed.jsonl", "") as out:
        for record in (*read_caption_archive(tiny / "tiny.zip", "train"), *words):
            out.write(record)
    told = dry_run(tuned(data=[{"path": str(tmp_path / "mixed.jsonl")}], validation=None), tiny)
    assert told["records"] == 54 and [one["pictures"] for one in told["examples"]] == [["64x64x3"]] * 3


def test_what_a_format_leaves_out_and_misses_is_told(
    tuned: Callable[..., Recipe], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    rows: list[dict[str, object]] = [{"filename": "x"}]
    rows.append({"filename": "gone.png", "split": "test", "sentences": [{"raw": "a lake"}]})
    for number in range(4):
        Image.new("RGB", (64, 64), (0, 60 * number, 90)).save(tmp_path / f"{number}.png")
        rows.append({"filename": f"{number}.png", "split": "train", "sentences": [{"raw": f"{number} lakes"}]})
    (tmp_path / "set.json").write_text(json.dumps({"images": rows}))
    data = [{"format": "karpathy", "path": "set.json", "split": "train"}]
    dry_run(tuned(data=data, validation=None), tmp_path)
    said = capsys.readouterr().err
    assert "set.json: Left out 1: the row is not as this format has it." in said
    assert f"set.json: Pictures that are not there: 1, the first is {tmp_path / 'gone.png'}." in said

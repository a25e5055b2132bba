"""A look ahead: the same figures for people and for programs, and nothing is trained or written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from rsvlm.cli.dry_run import show_dry_run
from rsvlm.trainer.dry_run import dry_run
from rsvlm.trainer.recipe import Recipe


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

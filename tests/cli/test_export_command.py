"""`rsvlm models export`: onnxruntime sees in torch's place, and every command after it says the same as before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="the package onnx, of the extras cpu and gpu, is not installed")
DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "before.tif"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    return tmp_path


def test_description_is_the_same_after_an_export(rsvlm: Callable[..., Any], home: Path):
    before = json.loads(rsvlm("describe", DEMO, "--json").out)
    done = rsvlm("models", "export", "--precision", "fp32", "--device", "cpu", "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert (told["model"], told["device"], told["used"]) == ("compact", "cpu", "fp32")
    assert sorted(path.name for path in Path(told["folder"]).iterdir()) == sorted([*told["files"], "record.json"])
    assert [path.name for path in Path(told["folder"]).parent.iterdir()] == [Path(told["folder"]).name]
    assert json.loads(rsvlm("describe", DEMO, "--json").out)["text"] == before["text"]


def test_precision_that_there_is_not_is_refused_in_a_line(rsvlm: Callable[..., Any], home: Path):
    done = rsvlm("models", "export", "--precision", "fp8", "--device", "cpu")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)
    assert "Choose one of auto, torch, fp32, int8." in done.err

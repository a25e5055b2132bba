"""`rsvlm models export`: onnxruntime sees in torch's place, and every command after it says the same as before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="the package onnx, of the extras cpu and gpu, is not installed")
DEMO = Path(__file__).resolve().parents[2] / "resources" / "demo" / "before.tif"


def rsvlm(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rsvlm.cli.main", *words],
        env={**os.environ, "RSVLM_HOME": str(home)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_description_is_the_same_after_an_export(tmp_path: Path):
    before = json.loads(rsvlm(tmp_path, "describe", str(DEMO), "--json").stdout)
    done = rsvlm(tmp_path, "models", "export", "--precision", "fp32", "--device", "cpu", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert (told["model"], told["device"], told["used"]) == ("compact", "cpu", "fp32")
    assert sorted(path.name for path in Path(told["folder"]).iterdir()) == sorted([*told["files"], "record.json"])
    assert [path.name for path in Path(told["folder"]).parent.iterdir()] == [Path(told["folder"]).name]
    assert json.loads(rsvlm(tmp_path, "describe", str(DEMO), "--json").stdout)["text"] == before["text"]


def test_precision_that_there_is_not_is_refused_in_a_line(tmp_path: Path):
    done = rsvlm(tmp_path, "models", "export", "--precision", "fp8", "--device", "cpu")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "Choose one of auto, torch, fp32, int8." in done.stderr

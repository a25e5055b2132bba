"""Short runs on the bundled model, and what they write down of themselves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rsvlm.trainer.recipe import Recipe

STEPS = 4


@pytest.fixture(scope="session")
def tuned() -> Callable[..., Recipe]:
    """tuned(**changes) -> adapters on the bundled model for STEPS steps, validated after every second one."""

    def make(**changes: Any) -> Recipe:
        source = {"format": "archive", "path": "tiny.zip"}
        stage = {
            "max_steps": STEPS, "train": ["connector"], "objectives": {"language": 1.0}, "learning_rate": 1e-3,
            "adapters": {"rank": 4, "alpha": 8, "targets": ["q_proj", "down_proj"]},
        }  # fmt: skip
        settings = {
            "name": "Small run", "seed": 3, "model": {"id": "compact"}, "data": [{**source, "split": "train"}],
            "validation": {"data": [{**source, "split": "val"}], "eval_steps": 2, "metric": "CIDEr"},
            "stages": [stage], "batch_size": 4, "pixels": [{"start": 0.0, "pixels": 64}], "save_steps": 2,
            "logging_steps": 1, "workers": 0,
        }  # fmt: skip
        return Recipe.model_validate({**settings, **changes})

    return make


@pytest.fixture(scope="session")
def events() -> Callable[[Path, str], list[dict[str, Any]]]:
    """events(folder, kind) -> those of a run, in their order."""

    def read(folder: Path, kind: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
        return [line for line in lines if line["event"] == kind]

    return read


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder of models, in which there is none."""
    folder = tmp_path / "models"
    monkeypatch.setenv("RSVLM_MODELS", str(folder))
    return folder


def begin(*words: object) -> subprocess.Popen[str]:
    """`python WORDS`, on the CPU."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, *map(str, words)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def start(models: Path) -> Callable[..., subprocess.Popen[str]]:
    """start("words", "of", "rsvlm train") -> the command as a process of its own."""
    return lambda *words: begin("-m", "rsvlm.cli.main", "train", *words)


@pytest.fixture
def start_group(models: Path) -> Callable[..., subprocess.Popen[str]]:
    """The same as two processes of torchrun (gloo)."""
    group = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0")
    return lambda *words: begin(*group, "-m", "rsvlm.cli.main", "train", *words)

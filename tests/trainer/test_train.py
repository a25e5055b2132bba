"""A run that was stopped goes on as if it had not been."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file

from rsvlm.models.weights import load_compact
from rsvlm.trainer import carrier
from rsvlm.trainer.carrier import Average
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import last_checkpoint, train

STEPS = 6


def recipe() -> Recipe:
    return Recipe.model_validate(
        {
            "name": "tiny", "seed": 3, "sources": [{"archive": "tiny.zip", "split": "train"}], "teacher": "teacher.npz",
            "objectives": {"caption": 1.0, "scene": 0.5, "contrastive": 0.3, "distillation": 0.5}, "steps": STEPS,
            "batch": 4, "pixels": [{"start": 0.0, "pixels": 32}, {"start": 0.5, "pixels": 64}], "learning_rate": 1e-3,
            "weight_decay": 0.05, "warmup": 2, "average": 0.9, "save_every": 3,
        }
    )  # fmt: skip


def events(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "events.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if name not in ("seconds_per_step", "minutes_left")}
        for line in lines
    ]


@pytest.fixture(scope="module")
def straight(tiny: Path, tmp_path_factory: pytest.TempPathFactory):
    """Six steps in one go; every step is logged, checkpoints after three and six."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(carrier, "LOG_EVERY", 1)
        run = tmp_path_factory.mktemp("straight")
        assert train(recipe(), tiny, run) == run / "model"
        yield run


def test_run_leaves_what_is_needed_to_go_on_and_to_use_it(straight: Path):
    assert {path.name for path in straight.iterdir()} == {
        "recipe.yaml", "events.jsonl", "tokenizer.json", "teacher.npy", "checkpoint-3", "checkpoint-6", "model",
    }  # fmt: skip
    assert last_checkpoint(straight) == straight / "checkpoint-6"
    model, tokenizer = load_compact(straight / "model")
    assert model.config.scenes == ("desert", "forest", "lake")
    assert tokenizer.to_str() == load_compact(straight / "model")[1].to_str()
    assert tokenizer.token_to_id("<caption>") == 2
    logged = events(straight)
    assert [event["step"] for event in logged] == [1, 2, 3, 4, 5, 6]
    weights = recipe().objectives.model_dump()
    for event in logged:
        assert event["loss"] == pytest.approx(sum(weights[name] * event[name] for name in weights), abs=2e-3)
    assert logged[-1]["scene"] < logged[0]["scene"] or logged[-1]["caption"] < logged[0]["caption"]


def test_resumed_run_ends_with_the_same_weights_and_losses(straight: Path, tiny: Path, tmp_path: Path):
    """Killed after step 4 while it saved: the checkpoint of step 3 is the last that is whole."""
    run = tmp_path / "resumed"
    run.mkdir()
    for name in ("recipe.yaml", "tokenizer.json", "teacher.npy"):
        shutil.copy(straight / name, run / name)
    shutil.copytree(straight / "checkpoint-3", run / "checkpoint-3")
    shutil.copytree(straight / "checkpoint-3", run / "checkpoint-4")
    (run / "checkpoint-4" / "average.pt").unlink()
    train(recipe(), tiny, run)
    assert events(run) == events(straight)[3:]
    for name in ("checkpoint-6", "model"):
        one, other = load_file(straight / name / "model.safetensors"), load_file(run / name / "model.safetensors")
        assert one.keys() == other.keys()
        for key, tensor in one.items():
            torch.testing.assert_close(other[key], tensor, rtol=0, atol=1e-6, msg=f"{name}: {key}")
    first, last = (load_file(straight / f"checkpoint-{step}" / "model.safetensors") for step in (3, 6))
    key = "model.scene_head.weight"
    assert (first[key] - last[key]).abs().max() > 1e-5, "the last three steps taught something"


def test_finished_run_is_left_as_it_is(straight: Path, tiny: Path):
    before = (straight / "model" / "model.safetensors").read_bytes()
    log = (straight / "events.jsonl").read_text()
    assert train(recipe(), tiny, straight) == straight / "model"
    assert (straight / "model" / "model.safetensors").read_bytes() == before
    assert (straight / "events.jsonl").read_text() == log


def test_average_forgets_the_random_start_and_then_moves_slowly():
    lessons = torch.nn.Linear(1, 1)
    lessons.register_buffer("running", torch.zeros(1))
    average = Average(lessons, 0.5)  # type: ignore[arg-type]
    expected = None
    for step, value in enumerate([4.0, 8.0, 6.0, 2.0]):
        with torch.no_grad():
            lessons.weight.fill_(value)
            lessons.running.fill_(value)
        average.update(lessons)  # type: ignore[arg-type]
        decay = min(0.5, (1 + step) / (10 + step))
        expected = value if expected is None else decay * expected + (1 - decay) * value
        held = average._averaged.module
        np.testing.assert_allclose([held.weight.item(), held.running.item()], expected, rtol=1e-5)


def test_the_command_prints_one_document_and_nothing_else(tiny: Path, tmp_path: Path):
    settings = {**recipe().model_dump(), "steps": 1, "batch": 2}
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(settings))
    run = tmp_path / "run"
    command = [sys.executable, "-m", "rsvlm.cli.main", "train", tmp_path / "tiny.yaml", "--data", tiny, "--run", run]
    done = subprocess.run([*command, "--json"], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == {"recipe": "tiny", "steps": 1, "model": str(run / "model")}
    assert (run / "model" / "model.safetensors").is_file()

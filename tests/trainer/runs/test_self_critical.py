"""Runs whose model learns from what its own captions are worth."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]


@pytest.fixture
def drawing(tuned: Made) -> Made:
    """tuned(), with half of the weight on what captions are worth."""

    def make(**changes: Any) -> Recipe:
        stage = {**tuned().stages[0].model_dump(), "objectives": {"language": 0.5, "self_critical": 0.5}}
        return tuned(**{"validation": None, "stages": [stage], "bf16": True, "save_steps": 1, **changes})

    return make


def test_run_that_was_stopped_draws_the_same_and_ends_with_the_same_weights_to_the_bit(
    drawing: Made, tiny: Path, tmp_path: Path, events: Events
):
    for name, steps in (("straight", (2,)), ("again", (1, 2))):
        for resume, most in enumerate(steps):
            ended = Run(drawing(max_steps=most), tiny, tmp_path / name, resume=bool(resume)).train()
    assert ended.steps == 2
    one, other = (load_file(tmp_path / name / "last" / "model.safetensors") for name in ("straight", "again"))
    assert one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
    worth = [[event["self_critical"] for event in events(tmp_path / name, "step")] for name in ("straight", "again")]
    assert worth[0] == worth[1] and all(-10 < value <= 0 for value in worth[0])


def test_worth_of_held_captions_is_validated_with_the_same_draws(
    drawing: Made, tuned: Made, tiny: Path, tmp_path: Path
):
    held = {**tuned().validation.model_dump(), "metric": "loss", "eval_steps": 1}
    stage = {**drawing().stages[0].model_dump(), "learning_rate": 1e-12}
    Run(drawing(validation=held, stages=[stage], max_steps=1), tiny, tmp_path / "run").train()
    state = json.loads((tmp_path / "run" / "validation.json").read_text())
    before, latest = (state[name]["figures"] for name in ("before", "latest"))
    assert set(before) == {"loss", "language", "self_critical"}
    assert latest == pytest.approx(before, abs=1e-4), "nothing was learnt; other draws would be worth something else"
    assert before["self_critical"] <= 0
    assert before["loss"] == pytest.approx(0.5 * before["language"] + 0.5 * before["self_critical"], abs=1e-5)


def test_data_without_captions_are_refused(drawing: Made, tiny: Path, tmp_path: Path):
    records = tmp_path / "asked.jsonl"
    record = {
        "id": "1", "task": "vqa", "split": "train", "images": [{"href": "a.png"}], "regions": [], "meta": {},
        "messages": [{"role": "user", "content": "a?"}, {"role": "assistant", "content": "no"}],
    }  # fmt: skip
    records.write_text(json.dumps(record) + "\n")
    with pytest.raises(RsvlmError, match="no captions") as caught:
        Run(drawing(data=[{"path": str(records)}]), tiny, tmp_path / "run")
    assert "self_critical" in caught.value.hint and caught.value.exit_code == 2

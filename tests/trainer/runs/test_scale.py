"""One recipe under several processes, and what they are started with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from rsvlm.protocol import RsvlmError
from rsvlm.trainer import on_ray
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]
FIGURES = ("language", "contrastive", "loss")


def launch(root: Path, config: str, *words: object) -> dict[str, Any]:
    """What two processes of “accelerate launch” say at their end; gloo, on the CPU."""
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file"]
    command += [str(root / "trainer" / "launch" / f"{config}.yaml"), "--num_processes", "2", "--main_process_port", "0"]
    command += ["-m", "rsvlm.cli.main", "train", *map(str, words), "--json", "--no-install"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize(
    ("config", "sessions", "weighed"),
    [("gpus", [4], {"language": 1.0, "contrastive": 0.3}), ("fsdp2", [2, 4], {"language": 1.0})],
)
def test_accelerate_launch_trains_and_validates_as_one_process_does(
    tuned: Made, tiny: Path, tmp_path: Path, events: Events, root: Path,
    config: str, sessions: list[int], weighed: dict[str, float],
):  # fmt: skip
    """The shipped configurations for several GPUs; 6 records fill no last round of both processes. With FSDP2, where no process
    has all weights, the run goes on from a checkpoint as well; each validates smaller batches there, with fewer partners.
    """
    stage = {**tuned().stages[0].model_dump(), "objectives": weighed}
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "loss"}, stages=[stage])
    Run(told, tiny, tmp_path / "one").train()
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    words = (tmp_path / "recipe.yaml", f"output_dir={tmp_path / 'two'}", "--data", tiny)
    for number, steps in enumerate(sessions):
        ended = launch(root, config, *words, f"max_steps={steps}", *(["--resume"] if number else []))
        assert ended["whole"] and ended["steps"] == steps, "told once, by the first process"
    resumed = events(tmp_path / "two", "resumed")
    assert [event["step"] for event in resumed] == sessions[:-1]
    for kind, count in (("step", 4), ("eval", 3)):
        one, two = events(tmp_path / "one", kind), events(tmp_path / "two", kind)
        assert len(one) == len(two) == count
        for left, right in zip(one, two, strict=True):
            for name in FIGURES:
                assert right.get(name) == pytest.approx(left.get(name), abs=1e-5), (kind, left["step"], name)
    whole = [json.loads(line)["ids"] for line in (tmp_path / "one" / "seen.jsonl").read_text().splitlines()]
    parts = [
        [json.loads(line)["ids"] for line in (tmp_path / "two" / name).read_text().splitlines()]
        for name in ("seen.jsonl", "seen-1.jsonl")
    ]
    assert [first + second for first, second in zip(*parts, strict=True)] == whole
    for file in ("last/model.safetensors", "stage-1/checkpoint-4/model.safetensors"):
        one, two = (load_file(tmp_path / name / file) for name in ("one", "two"))
        assert one.keys() == two.keys()
        assert all(torch.allclose(one[key].float(), two[key].float(), atol=1e-3) for key in one), file
    moments = [
        torch.load(tmp_path / name / "stage-1" / "checkpoint-4" / "optimizer.pt", weights_only=True)["state"]
        for name in ("one", "two")
    ]
    assert moments[0].keys() == moments[1].keys()
    for number, state in moments[0].items():
        for name, value in state.items():
            torch.testing.assert_close(moments[1][number][name], value, atol=1e-5, rtol=1e-2)


def test_weights_that_are_shared_out_are_refused_where_they_cannot_be(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACCELERATE_USE_FSDP", "true")
    drawing = [{**tuned().stages[0].model_dump(), "objectives": {"self_critical": 1.0}}]
    for version, changes, told in (
        ("1", {}, "only version 2"), ("2", {"average": 0.9}, "average of weights"),
        ("2", {"stages": drawing}, "Sentences of different lengths"),
    ):  # fmt: skip
        monkeypatch.setenv("FSDP_VERSION", version)
        with pytest.raises(RsvlmError, match=told) as caught:
            Run(tuned(**changes), tiny, tmp_path / "run")
        assert caught.value.exit_code == 2 and not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["gpus", "fsdp2", "deepspeed"])
def test_configurations_are_accelerates_own(name: str, root: Path):
    from accelerate.commands.config.config_args import ClusterConfig

    config = ClusterConfig.from_yaml_file(str(root / "trainer" / "launch" / f"{name}.yaml"))
    assert config.num_processes == 8 and config.mixed_precision == "no", "bf16 is the recipe's to say"


def test_ray_that_is_not_installed_is_told_in_a_sentence(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(on_ray, "find_spec", lambda name: None)
    with pytest.raises(RsvlmError, match="Ray is not installed") as caught:
        on_ray.train_on_ray(tuned(), tiny, tmp_path / "run", False, False, 2)
    assert "ray[train]" in caught.value.hint and caught.value.exit_code == 3
    assert not (tmp_path / "run").exists()


def test_workers_of_ray_train_as_one_process_does(
    tuned: Made, tiny: Path, tmp_path: Path, start: Callable[..., subprocess.Popen[str]], events: Events
):
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed here: pip install 'ray[train]>=2.40'")
    stage = {**tuned().stages[0].model_dump(), "objectives": {"language": 1.0, "contrastive": 0.3}}
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "loss"}, stages=[stage])
    Run(told, tiny, tmp_path / "one").train()
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    words = (tmp_path / "recipe.yaml", f"output_dir={tmp_path / 'two'}", "--data", tiny, "--json", "--ray", 2)
    process = start(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-3000:]
    ended = json.loads(out)
    assert ended["whole"] and ended["installed"] == "small-run" and ended["model"] == str(tmp_path / "two" / "best")
    one, two = events(tmp_path / "one", "step"), events(tmp_path / "two", "step")
    assert len(one) == len(two) == 4
    for left, right in zip(one, two, strict=True):
        assert right["language"] == pytest.approx(left["language"], abs=1e-5)
    assert len((tmp_path / "two" / "seen-1.jsonl").read_text().splitlines()) == 4, "two workers"
    process = start(*words)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 2 and out == "" and "There is a run in" in err, err[-3000:]


def test_parts_of_a_batch_are_not_given_to_deepspeed(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with pytest.raises(RsvlmError, match="DeepSpeed steps after each part") as caught:
        Run(tuned(gradient_accumulation_steps=2), tiny, tmp_path / "run")
    assert caught.value.exit_code == 2 and not (tmp_path / "run").exists()

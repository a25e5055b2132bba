"""One recipe under several processes, and what they are started with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.on_ray import train_on_ray
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run

Made = Callable[..., Recipe]
Events = Callable[[Path, str], list[dict[str, Any]]]
FIGURES = ("language", "loss")


def test_accelerate_launch_trains_and_validates_as_one_process_does(
    tuned: Made, tiny: Path, tmp_path: Path, events: Events, root: Path
):
    """The shipped configuration for several GPUs, here with two processes (gloo); 6 records fill no last round of both."""
    told = tuned(validation={**tuned().validation.model_dump(), "metric": "loss"})
    Run(told, tiny, tmp_path / "one").train()
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(told.model_dump(mode="json")))
    command = [sys.executable, "-m", "accelerate.commands.launch", "--config_file"]
    command += [str(root / "trainer" / "launch" / "gpus.yaml"), "--num_processes", "2", "--main_process_port", "0"]
    command += ["-m", "rsvlm.cli.main", "train", str(tmp_path / "recipe.yaml"), f"output_dir={tmp_path / 'two'}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [*command, "--data", str(tiny), "--json", "--no-install"],
        env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout)["whole"], "told once, by the first process"
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
    one, two = (load_file(tmp_path / name / "last" / "model.safetensors") for name in ("one", "two"))
    assert all(torch.allclose(one[key].float(), two[key].float(), atol=1e-3) for key in one)


@pytest.mark.parametrize("name", ["gpus", "deepspeed"])
def test_configurations_are_accelerates_own(name: str, root: Path):
    from accelerate.commands.config.config_args import ClusterConfig

    config = ClusterConfig.from_yaml_file(str(root / "trainer" / "launch" / f"{name}.yaml"))
    assert config.num_processes == 8 and config.mixed_precision == "no", "bf16 is the recipe's to say"


def test_ray_that_is_not_installed_is_told_in_a_sentence(tuned: Made, tiny: Path, tmp_path: Path):
    try:
        import ray  # noqa: F401
    except ImportError:
        with pytest.raises(RsvlmError, match="Ray is not installed") as caught:
            train_on_ray(tuned(), tiny, tmp_path / "run", False, False, 2)
        assert "ray[train]" in caught.value.hint and caught.value.exit_code == 3
        assert not (tmp_path / "run").exists()
        return
    pytest.skip("Ray is installed here")


def test_parts_of_a_batch_are_not_given_to_deepspeed(
    tuned: Made, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ACCELERATE_USE_DEEPSPEED", "true")
    with pytest.raises(RsvlmError, match="DeepSpeed steps after each part") as caught:
        Run(tuned(gradient_accumulation_steps=2), tiny, tmp_path / "run")
    assert caught.value.exit_code == 2 and not (tmp_path / "run").exists()

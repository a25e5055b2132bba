"""A run on the workers of a Ray cluster: each is a process of the same run, joined by torch.distributed as under torchrun.

Ray is no part of the environment; who wants it installs the extra “ray”. Workers see the folders of data, models and runs at the
same paths. They hear no signals: a run that is stopped goes on from its last checkpoint.
"""

from __future__ import annotations

import json
import shutil
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.finish import train_and_install
from rsvlm.trainer.recipe import Recipe

TOLD = "told.json"  # in Ray's own folder: what the first worker says at its end


def train_on_ray(
    recipe: Recipe, data: Path, folder: Path, resume: bool, installs: bool, workers: int
) -> tuple[dict[str, Any] | None, int]:
    """As train_and_install. Raises RsvlmError: what that raises; unavailable where there is no Ray; model_failed where a worker
    ends before its run does.
    """
    if find_spec("ray") is None:
        raise RsvlmError(
            "unavailable",
            "Ray is not installed, so a run cannot be spread with --ray.",
            "Run “pip install 'ray[train]>=2.40'”, or use accelerate launch or torchrun (docs/training.md).",
        )
    ray, torch_trainer = import_module("ray.train"), import_module("ray.train.torch").TorchTrainer
    own = (folder.parent / f".{folder.name}-ray").resolve()
    own.mkdir(parents=True, exist_ok=True)
    given = {
        "recipe": recipe.model_dump(mode="json"),
        "data": str(data.resolve()),
        "folder": str(folder.resolve()),
        "resume": resume,
        "installs": installs,
        "told": str(own / TOLD),
    }
    scaling = ray.ScalingConfig(num_workers=workers, use_gpu=torch.cuda.is_available())
    trainer = torch_trainer(
        _work, train_loop_config=given, scaling_config=scaling, run_config=ray.RunConfig(storage_path=str(own))
    )
    failed: Exception | None = None
    try:
        trainer.fit()
    except (RuntimeError, getattr(ray, "TrainingFailedError", RuntimeError)) as error:
        failed = error
    try:
        told = json.loads((own / TOLD).read_text("utf-8"))
    except OSError:
        told = {}
    shutil.rmtree(own, ignore_errors=True)
    if "error" in told:
        raise RsvlmError.from_json(told)
    if failed or not told:
        raise RsvlmError(
            "model_failed", "A worker of Ray ended before the run did.", "Ray's log tells why; go on with --resume."
        ) from failed
    return told, 0


def _work(given: dict[str, Any]) -> None:
    """What each worker does. What is wrong for one is raised, so that Ray ends the others too."""
    file = Path(given["told"])
    data, folder = Path(given["data"]), Path(given["folder"])
    try:
        recipe = Recipe.model_validate(given["recipe"])
        told, _ = train_and_install(recipe, data, folder, given["resume"], given["installs"])
    except RsvlmError as error:
        file.write_text(json.dumps(error.to_json()), "utf-8")
        raise
    if told is not None:
        file.write_text(json.dumps(told), "utf-8")

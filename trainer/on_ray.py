"""A run on the workers of a Ray cluster: each is a process of the same run, joined by torch.distributed as under torchrun.

Ray is no part of the environment; who wants it installs the extra “ray”. Workers see the folders of data, models and runs at the
same paths.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from rsvlm.protocol import RsvlmError
from rsvlm.trainer.finish import train_and_install
from rsvlm.trainer.recipe import Recipe


def train_on_ray(
    recipe: Recipe, data: Path, folder: Path, resume: bool, installs: bool, workers: int
) -> tuple[dict[str, Any] | None, int]:
    """As train_and_install; what is told is in the folder of the run. Raises RsvlmError (unavailable) where there is no Ray."""
    if find_spec("ray") is None:
        raise RsvlmError(
            "unavailable",
            "Ray is not installed, so a run cannot be spread with --ray.",
            "Run “pip install 'ray[train]>=2.40'”, or use accelerate launch or torchrun (docs/training.md).",
        )
    ray, torch_trainer = import_module("ray.train"), import_module("ray.train.torch").TorchTrainer
    given = {
        "recipe": recipe.model_dump(mode="json"),
        "data": str(data.resolve()),
        "folder": str(folder.resolve()),
        "resume": resume,
        "installs": installs,
    }
    scaling = ray.ScalingConfig(num_workers=workers, use_gpu=torch.cuda.is_available())
    storage = ray.RunConfig(storage_path=str((folder.parent / f".{folder.name}-ray").resolve()))
    torch_trainer(_work, train_loop_config=given, scaling_config=scaling, run_config=storage).fit()
    return {"model": str(folder / "last"), "folder": str(folder)}, 0


def _work(given: dict[str, Any]) -> None:
    """What each worker does."""
    recipe = Recipe.model_validate(given["recipe"])
    train_and_install(recipe, Path(given["data"]), Path(given["folder"]), given["resume"], given["installs"])

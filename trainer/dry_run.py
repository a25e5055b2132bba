"""What a run would do, without training: its steps, the memory that it needs, and the first examples as the model reads them."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rsvlm.models.learning import Example
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.losses import Losses
from rsvlm.trainer.parts import to_training
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.steps import Reader, Share, Steps
from rsvlm.trainer.train import Run

SHOWN = 3  # examples
MOMENTS = 2  # numbers that AdamW keeps for each one that it trains, in float32; Muon one or two


def dry_run(recipe: Recipe, data: Path) -> dict[str, Any]:
    """Raises what a run raises before its first step ends."""
    with tempfile.TemporaryDirectory(prefix="rsvlm-") as folder:
        run = Run(recipe, data, Path(folder) / "run")
        run.tell_lacking()
        stages = [_stage(run, number) for number in range(len(recipe.stages))]
        first = Steps(0, 1, Share(recipe.batch_size), Reader(run.examples, recipe, 0, 1), run.learner)
        return {
            "records": len(run.examples),
            "steps": sum(stage["steps"] for stage in stages),
            "examples_per_step": recipe.batch_size,
            "epochs": round(sum(stage["steps"] for stage in stages) * recipe.batch_size / run.examples.order.epoch, 2),
            "memory_bytes": max(stage["memory_bytes"] for stage in stages),
            "stages": stages,
            "examples": [_shown(run, first.fitting(place)[0]) for place in range(min(SHOWN, recipe.batch_size))],
        }


def _stage(run: Run, number: int) -> dict[str, Any]:
    """Parameters, and bytes: of weights, gradients, moments and the average; and of what one forward pass keeps, with pictures as
    large as they get.
    """
    stage, learner, recipe = run.recipe.stages[number], run.learner, run.recipe
    trained = run.parts.set_up(stage)
    sizes = {name: (parameter.numel(), parameter.nbytes) for name, parameter in learner.network.named_parameters()}
    weights = sum(size for _, size in sizes.values())
    learnt = sum(sizes[name][0] for name in trained)
    kept = sum(sizes[name][1] for name in trained) + learnt * MOMENTS * 4 + (weights if recipe.average else 0)
    share = Share(Share.of(recipe.batch_size, recipe.gradient_accumulation_steps, 1, 0).size)
    side = max((each.pixels for each in recipe.pixels), default=None)
    step = Steps(0, 1, share, partial(run.examples.at, side=side), learner)[0]
    if step.error:
        raise RsvlmError.from_json(step.error)
    lesson = step.lessons[0]
    to_training(learner.network)
    saved: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        saved[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        losses = Losses(learner, stage.objectives)(lesson)
    return {
        "steps": recipe.steps(stage),
        "parameters": sum(count for count, _ in sizes.values()),
        "trained": learnt,
        "memory_bytes": weights + kept + sum(saved.values()),
        "losses": {name: round(value.item(), 4) for name, value in losses.items()},
    }


def _shown(run: Run, example: Example) -> dict[str, Any]:
    return {
        "id": example.id,
        "task": example.task,
        "pictures": ["x".join(map(str, picture.shape)) for picture in example.pictures],
        "turns": [list(turn) for turn in example.turns],
        "tokens": run.learner.tokens(example),
    }

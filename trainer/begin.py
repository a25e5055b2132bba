"""Where a run begins: its folder with the recipe, and the learner of the model that this names."""

from __future__ import annotations

import shutil
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import torch
import yaml

from rsvlm.models.cards import get_card
from rsvlm.models.learning import Learner
from rsvlm.models.load import FAMILIES
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.examples import Examples, example
from rsvlm.trainer.order import spread
from rsvlm.trainer.recipe import SELF_CRITICAL, Model, Recipe, load_recipe
from rsvlm.trainer.rewards import CiderReward, captions_of
from rsvlm.trainer.teacher import CHANNELS, SIDE, standardised

RECIPE = "recipe.yaml"
BEGIN, TEACHER = "begin", "teacher.npz"  # in the folder of a run
SAMPLE = 500  # pictures that a teacher's scale is taken from
# May be others when a run goes on.
FREE = {
    "id", "logging_steps", "max_steps", "output_dir", "record_ids", "save_steps", "save_total_limit", "workers",
}  # fmt: skip


def folder_of(recipe: Recipe) -> Path:
    """Where the run of a recipe lies."""
    return Path(recipe.output_dir or f"runs/{recipe.name}")


def learner_of(model: Model, examples: Examples, folder: Path, classes: bool = True) -> Learner:
    """folder: of the run; a new model is kept there as it begins, and found again. classes: whether those of the data are learnt;
    else it has those of the model that it starts with.

    Raises RsvlmError: unknown_model, bad_request, model_failed.
    """
    if model.id is not None:
        card = get_card(model.id)
        return _module(card.family, "learn").learn(card)
    family, begun = str(model.family), folder / BEGIN
    if not begun.exists():
        start = None if model.start is None else get_card(model.start)
        labels = examples.labels() if classes or start is None else []
        try:
            learner = _module(family, "new").new(model.settings, examples.texts(), labels, start)
        except ValueError as error:
            raise RsvlmError(
                "bad_request",
                f"A new model of the family {family} cannot have these settings.",
                "See its documentation.",
            ) from error
        part = folder / "begin.part"
        learner.save(part)
        part.replace(begun)
    return _module(family, "again").again(begun)


def learn_from(learner: Learner, weights: Path, examples: Examples, folder: Path) -> None:
    """Let a learner learn from a teacher as well. folder: of the run, where the teacher is kept on the scale of the examples.

    Weights that it needs for that begin the same in every session of a run.
    Raises RsvlmError: bad_request for a family that learns from none, and for examples without pictures; bad_raster.
    """
    taught = getattr(learner, "taught_by", None)
    if taught is None:
        raise RsvlmError("bad_request", "This family learns from no teacher.", "Leave the teacher out of the recipe.")
    records = (examples.record(number)[0] for number in spread(len(examples), min(SAMPLE, len(examples))))
    pictures = (example(record, side=SIDE).pictures[0] for record in records if record.images)
    teacher = standardised(weights, pictures, folder / TEACHER)
    torch.manual_seed(examples.seed)
    taught(teacher, CHANNELS)


def be_rewarded(learner: Learner, examples: Examples) -> None:
    """Let a learner be rewarded for sentences of its own; one of a family that cannot be is left without that objective.

    Raises RsvlmError (bad_request) where no picture of the examples is described.
    """
    rewarded = getattr(learner, "rewarded_by", None)
    if rewarded is None:
        return
    captions = list(captions_of(examples))
    if not captions:
        raise RsvlmError(
            "bad_request",
            "The data have no captions, with which sentences of the model's own are compared.",
            f"Add captions, or leave {SELF_CRITICAL} out of the recipe.",
        )
    rewarded(CiderReward(captions))


def check_teacher(weights: Path) -> None:
    """Raises RsvlmError (not_found) where no teacher lies."""
    if not is_zipfile(weights):  # as every .npz is
        raise RsvlmError(
            "not_found",
            f"The teacher {weights} is not there, or is no .npz.",
            "Put it there, or set teacher=null and leave distillation out of the objectives.",
        )


def check_folder(folder: Path, recipe: Recipe, resume: bool) -> None:
    """See that a run can begin in the folder, or go on as it began. Raises RsvlmError (bad_request, not_found)."""
    path = folder / RECIPE
    if path.exists() and not resume:
        raise RsvlmError(
            "bad_request",
            f"There is a run in {folder} already.",
            "Give --resume to go on with it, or another output_dir=FOLDER.",
        )
    if resume and not path.exists():
        raise RsvlmError("not_found", f"There is no run in {folder}.", "Leave out --resume to begin one.")
    if resume:
        told = recipe.model_dump(mode="json")
        begun = load_recipe(path, []).model_dump(mode="json")
        for name in sorted(told.keys() - FREE):
            if told[name] != begun[name]:
                raise RsvlmError(
                    "bad_request",
                    f"The run in {folder} began with another {name}.",
                    "Go on with the recipe that it began with.",
                )


def forget_beginning(folder: Path) -> None:
    """What was made for a run that was refused before its first step."""
    shutil.rmtree(folder / BEGIN, ignore_errors=True)
    (folder / TEACHER).unlink(missing_ok=True)


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Into the folder of a run, which is there."""
    path = folder / RECIPE
    part = path.with_suffix(".part")
    part.write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False), "utf-8")
    part.replace(path)


def _module(family: str, does: str) -> Any:
    """The learner module of a family. Raises RsvlmError (bad_request) where it has none, or has no such function."""
    if family not in FAMILIES:
        raise RsvlmError("bad_request", f"There is no family “{family}”.", f"Choose one of {', '.join(FAMILIES)}.")
    module = import_module(f"rsvlm.models.families.{family}.learner")
    if not hasattr(module, does):
        raise RsvlmError(
            "bad_request",
            f"Models of the family {family} begin with released weights.",
            "Import them, and give model.id.",
        )
    return module

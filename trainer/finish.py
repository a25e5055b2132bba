"""After training: the model with its card and figures goes into the user's folder of models, where all of rsvlm finds it."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import Any

import tomlkit

from rsvlm.models.cards import CARD, Figure, ModelCard, load_cards
from rsvlm.models.folders import models_folder
from rsvlm.models.stages import new_stage
from rsvlm.protocol import Cancelled, RsvlmError
from rsvlm.trainer.answering import SCORED, predictions_in
from rsvlm.trainer.begin import RECIPE
from rsvlm.trainer.cards import valid
from rsvlm.trainer.keeping import put
from rsvlm.trainer.measuring.data import ALL
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.train import Run
from rsvlm.trainer.validation import LOSS, Held

INSTALLED = "installed.json"  # in the folder of a run: what its model is called, and which revision


def train_and_install(
    recipe: Recipe, data: Path, folder: Path, resume: bool, installs: bool
) -> tuple[dict[str, Any] | None, int]:
    """What is told of a run that ended, by the first process alone, and the exit code: 130 where Ctrl-C ended it.

    Raises RsvlmError: what a run raises; bad_request where the model's id is taken, before anything is trained.
    """
    if installs:
        check_id(recipe, folder)
    run = Run(recipe, data, folder, resume)
    ended = run.train()
    code = Cancelled().exit_code if ended.stopped == signal.SIGINT else 0
    if not run.processes.is_main_process:
        return None, code
    state = run.held.state if run.held else {}
    told = {**ended.to_json(), "validation": state or None, "installed": None}
    if installs and ended.whole:
        told["installed"] = install(run, ended.model).id
    return told, code


def check_id(recipe: Recipe, folder: Path) -> None:
    """Raises RsvlmError (bad_request) where the recipe asks for an id that a model of another run has."""
    if recipe.id and _taken(recipe.id) and not _is_of(folder, recipe.id):
        raise RsvlmError(
            "bad_request",
            f"There is a model called {recipe.id} already.",
            f"Take another id, add --no-install, or run “rsvlm models remove {recipe.id}” first.",
        )


def install(run: Run, model: Path) -> ModelCard:
    """The model of a run that has ended, from its folder `model`. One that an earlier session of the run installed is replaced;
    where the recipe names no id and its name is taken, a number follows it.

    Raises RsvlmError: unavailable (the folder cannot be written), bad_request (the id was taken meanwhile).
    """
    check_id(run.recipe, run.folder)
    name = run.recipe.id or _free(valid(run.recipe.name), run.folder)
    made = run.card(model)
    fields = made.model_dump(mode="json", exclude={"place"}, exclude_defaults=True)
    card = ModelCard.model_validate({**fields, "id": name, "figures": figures(run, name)})
    try:
        models_folder().mkdir(parents=True, exist_ok=True)
        stage = new_stage(models_folder(), "train")
        for file in card.source.files:
            (stage / file.name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(model / file.name, stage / file.name)
        written = card.model_dump(mode="json", exclude_defaults=True)
        (stage / CARD).write_bytes(tomlkit.dumps(written).encode())
        (run.folder / INSTALLED).write_text(json.dumps({"id": name, "revision": card.revision}) + "\n", "utf-8")
        put(stage, card.folder)
    except OSError as error:
        raise RsvlmError(
            "unavailable",
            f"The model could not be installed in {models_folder()}.",
            f"Make it writable, or name another folder in RSVLM_MODELS; the model is in {model}.",
        ) from error
    return card


def figures(run: Run, name: str) -> tuple[Figure, ...]:
    """All that the validation measured of the best model, which is called `name`, and how to measure it again."""
    held = run.held
    if held is None or "best" not in held.state:
        return ()
    best = held.state["best"]
    losses = {LOSS, *(objective for stage in run.recipe.stages for objective in stage.objectives)}
    files = {} if held.metric == LOSS else predictions_in(run.folder)
    found = []
    for metric, value in sorted(best["figures"].items(), key=lambda figure: figure[0] in losses):
        if metric in losses:
            protocol, count, command = LOSS, best.get("n", len(held.records)), _again(run, held)
        else:
            task = next(task for task in files if len(files) == 1 or metric.startswith(f"{task} "))
            protocol, count = SCORED[task].protocol, files[task].read_bytes().count(b"\n")
            asked = _asked(held, name, files, task)
            command = f"rsvlm eval {task} {asked} --protocol {protocol} --json"
        found.append(
            Figure(data=held.name, protocol=protocol, metric=metric, value=round(value, 4), n=count, command=command)
        )
    return tuple(found)


def _asked(held: Held, name: str, files: Mapping[str, Path], task: str) -> str:
    """What “rsvlm eval” is to measure: the model on the data, where these are all of a split, else what was kept of it."""
    source, *others = held.sources
    cut = source.limit is not None and len(held.records) >= source.limit
    if others or cut or source.tasks or {"ground", "segment"} <= files.keys():
        return f"--predictions {quote(str(files[task].resolve()))}"
    split = source.split or ("train" if source.format == "archive" else ALL)
    images = f" --images {quote(str(held.data / source.images))}" if source.images else ""
    path = quote(str(held.data / source.path))
    return f"--data {path} --format {source.format}{images} --split {split} --model {name}"


def _again(run: Run, held: Held) -> str:
    """The run, which tells its losses."""
    data = f" --data {quote(str(held.data))}" if not run.recipe.is_whole else ""
    recipe = quote(str((run.folder / RECIPE).resolve()))
    return f"rsvlm train {recipe} output_dir=again --no-install{data} --json"


def _taken(name: str) -> bool:
    return name in load_cards() or (models_folder() / name).exists()


def _is_of(folder: Path, name: str) -> bool:
    """Whether the model of this name is what the run in this folder installed."""
    try:
        found: dict[str, Any] = json.loads((folder / INSTALLED).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    card = load_cards().get(name)
    return found.get("id") == name and card is not None and card.revision == found.get("revision")


def _free(name: str, folder: Path) -> str:
    """The name, with the first number behind it that makes it free or that of the run's own model."""
    count, tried = 1, name
    while _taken(tried) and not _is_of(folder, tried):
        count += 1
        tried = f"{name}-{count}"
    return tried

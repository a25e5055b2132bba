"""A recipe: everything that decides what a training run makes, in one strict YAML file."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsvlm.protocol import RsvlmError


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """A caption archive in the data folder. repeat: how often each picture is seen in an epoch, 1.5 = every second one twice."""

    archive: str
    split: str
    repeat: float = 1.0


class Schedule(Strict):
    """From this share of the steps on, pictures have this many pixels along a side."""

    start: float
    pixels: int


class Recipe(Strict):
    """steps: optimiser steps; batch: pictures a step; objectives: weight of each lesson; average: decay of the moving average."""

    name: str
    seed: int
    sources: list[Source] = Field(min_length=1)
    teacher: str
    objectives: dict[str, float]
    steps: int
    batch: int
    pixels: list[Schedule] = Field(min_length=1)
    learning_rate: float
    weight_decay: float
    warmup: int
    average: float
    save_every: int


def load_recipe(path: Path, overrides: list[str]) -> Recipe:
    """The recipe at `path`, or a shipped one by its name, with `key=value` replacements (dotted keys, YAML values).

    Raises RsvlmError (not_found, bad_request) naming the wrong key and the nearest right one.
    """
    if not path.exists():
        path = Path(__file__).parent / "recipes" / f"{path.stem}.yaml"
    if not path.exists():
        raise RsvlmError(
            "not_found", f"There is no recipe {path.stem}.", "Give a YAML file or the name of a shipped recipe."
        )
    settings: dict[str, Any] = yaml.safe_load(path.read_text())
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise RsvlmError("bad_request", f"“{override}” is no key=value.", "Write for example steps=100.")
        place = settings
        *parents, last = key.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = yaml.safe_load(value)
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        near = difflib.get_close_matches(str(first["loc"][-1]), Recipe.model_fields, 1)
        hint = f"Did you mean {near[0]}?" if near and near[0] != key else "See the shipped recipes."
        raise RsvlmError("bad_request", f"The recipe's key {key} is wrong: {first['msg'].lower()}.", hint) from error

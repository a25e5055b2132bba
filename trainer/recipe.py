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


class Objectives(Strict):
    """Weight of each lesson in the loss; see objectives.Lessons."""

    caption: float
    scene: float
    contrastive: float
    distillation: float


class Recipe(Strict):
    """steps: optimiser steps; batch: pictures a step; average: decay of the moving average."""

    name: str
    seed: int
    sources: list[Source] = Field(min_length=1)
    teacher: str
    objectives: Objectives
    steps: int
    batch: int
    pixels: list[Schedule] = Field(min_length=1)
    learning_rate: float
    weight_decay: float
    warmup: int
    average: float
    save_every: int


KEYS = [name for part in (Recipe, Source, Objectives, Schedule) for name in part.model_fields]


def load_recipe(path: Path, overrides: list[str]) -> Recipe:
    """The recipe at `path`, or a shipped one by its bare name, with `key=value` replacements (dotted keys, YAML values).

    Raises RsvlmError (not_found, bad_request) naming the wrong key and the nearest right one.
    """
    if not path.is_file():
        path = Path(__file__).parent / "recipes" / f"{path}.yaml"
    if not path.is_file():
        raise RsvlmError(
            "not_found", f"There is no recipe {path.stem}.", "Give a YAML file or the name of a shipped recipe."
        )
    settings = parse(path.read_bytes(), f"The recipe {path.name}")
    if not isinstance(settings, dict):
        raise RsvlmError("bad_request", f"The recipe {path.name} holds no settings.", "See the shipped recipes.")
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals:
            raise RsvlmError("bad_request", f"“{override}” is no key=value.", "Write for example steps=100.")
        replace(settings, key, parse(value.encode(), f"The value of {key}"))
    try:
        return Recipe.model_validate(settings)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        near = difflib.get_close_matches(str(first["loc"][-1]), KEYS, 1)
        hint = f"Did you mean {near[0]}?" if near and near[0] != first["loc"][-1] else "See the shipped recipes."
        raise RsvlmError("bad_request", f"The recipe's key {key} is wrong: {first['msg'].lower()}.", hint) from error


def parse(text: bytes, what: str) -> Any:
    """YAML as data. Raises RsvlmError (bad_request) naming `what`."""
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RsvlmError("bad_request", f"{what} is no YAML.", "See the shipped recipes.") from error


def replace(settings: dict[str, Any], key: str, value: Any) -> None:
    """Set one setting by its dotted key; numbers pick from a list. Raises RsvlmError (bad_request) for no such place."""
    place: Any = settings
    *parents, last = key.split(".")
    for name in parents:
        place = place.get(name) if isinstance(place, dict) else entry(place, name)
    if isinstance(place, list) and entry(place, last) is not None:
        place[int(last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise RsvlmError("bad_request", f"The recipe has no place for {key}.", "See the shipped recipes.")


def entry(place: Any, name: str) -> Any:
    """The entry of a list by its number as text, None where there is none."""
    there = isinstance(place, list) and name.isdecimal() and int(name) < len(place)
    return place[int(name)] if there else None

"""A recipe: everything that decides what a training run makes, in one strict YAML file."""

from __future__ import annotations

import difflib
from math import ceil
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rsvlm.models.cards import valid_id
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.augment import NAMES

LOOKS, FURTHEST = 4, 1000  # in a run; steps
# transformers.SchedulerType, but those that want settings of their own.
Schedule = Literal[
    "linear", "cosine", "cosine_with_restarts", "polynomial", "constant", "constant_with_warmup", "inverse_sqrt"
]
CLASS = "class"  # the objective of families that tell classes of whole pictures apart
SELF_CRITICAL = "self_critical"  # the objective of all families that learn from the worth of what they say


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Records of one data set.

    format: how it lies on disk, a name of formats.FORMATS; path: from the recipe's folder or the data folder. images: folder of
    its pictures where they lie elsewhere. tasks: only records of these; limit: only so many, spread evenly
    over all, as many sets are sorted by class. repeat: how often a record is seen in an epoch, 1.5 = every second one twice.
    augment: one name or several of augment.NAMES. "light" changes the light alone; "view" also turns, mirrors and crops, which
    sentences about left and right do not survive; "nuisance" is all that differs from day to day and sensor to sensor, or
    name some of it: season, shadow, haze, blur, coarse, tone, cast, noise, jpeg, and of two dates shift.
    """

    path: str
    format: str = "records"
    images: str | None = None
    split: str | None = None
    tasks: tuple[str, ...] = ()
    limit: int | None = Field(None, gt=0)
    repeat: float = Field(1.0, gt=0)
    augment: tuple[str, ...] = ()

    @field_validator("augment", mode="before")
    @classmethod
    def names_ways(cls, value: Any) -> Any:
        names = (value,) if isinstance(value, str) else value
        if isinstance(names, list | tuple) and (wrong := [name for name in names if name not in NAMES]):
            raise ValueError(f"there is no way “{wrong[0]}” to change examples; take some of {', '.join(NAMES)}")
        return names


class Model(Strict):
    """What is trained: an installed model by its id, or a new one of a family with random weights.

    settings: of the new one's configuration, where they are not the family's own. start: an installed model of the same family,
    whose weights the new one begins with wherever they fit; its words and classes are found by their names.
    """

    id: str | None = None
    family: str | None = None
    settings: dict[str, Any] = {}
    start: str | None = None

    @model_validator(mode="after")
    def one_of_both(self) -> Model:
        if (self.id is None) == (self.family is None):
            raise ValueError("give the id of a model or the family of a new one, not both")
        return self


class Adapters(Strict):
    """LoRA (arXiv 2106.09685) on every layer whose name ends in one of `targets`; joined with them when a model is saved.

    within: parts of the model, see Learner.parts, where those layers are; () = everywhere.
    """

    rank: int = Field(8, gt=0)
    alpha: int = Field(16, gt=0)
    dropout: float = Field(0.0, ge=0, lt=1)
    targets: tuple[str, ...] = Field(min_length=1)
    within: tuple[str, ...] = ()


class Stage(Strict):
    """Steps with one optimiser. train: parts of the model, see Learner.parts; with adapters, what is trained beside them.

    objectives: weight of each loss, see Learner.objectives. What is left out is as in the recipe.
    """

    max_steps: int = Field(gt=0)
    train: tuple[str, ...] = ("all",)
    adapters: Adapters | None = None
    objectives: dict[str, float] = Field(min_length=1)
    learning_rate: float = Field(gt=0)
    warmup_steps: int = Field(0, ge=0)


class Side(Strict):
    """From this share of a stage's steps on, pictures have this many pixels along a side. Of several, the first is from 0 on."""

    start: float = Field(ge=0, lt=1)
    pixels: int = Field(gt=0)


class Validation(Strict):
    """Records that are never trained on.

    eval_steps: between two looks at them; None = LOOKS of them at even distances in all that the stages plan, no further apart
    than FURTHEST. metric: what decides which model is the best: "loss", a figure that the task's evaluation gives, or "auto": the
    one that stands for all of the task, see answering.SCORED, and the loss where the records are of several tasks or the model
    cannot be asked about them.
    """

    data: tuple[Source, ...] = Field(min_length=1)
    eval_steps: int | None = Field(None, gt=0)
    metric: str = "loss"


class Recipe(Strict):
    """Names are those of transformers.TrainingArguments where it has them.

    batch_size: examples of a step, over all processes. average: decay of a moving average of the weights, which is what is saved.
    optim: muon (muon.py) needs whole weights in each process.
    max_steps: stages end after so many, with the learning rates that they had been planned with. output_dir: folder of the run.
    id: what the model is called among those of the user, else as the recipe. record_ids: write down which records each step saw.
    save_total_limit: checkpoints of a stage that are kept; 1, which older recipes have, is 2, as with one alone none would be
    there while it is written.
    """

    name: str
    id: str | None = None
    seed: int = Field(0, ge=0)
    model: Model
    data: tuple[Source, ...] = Field(min_length=1)
    validation: Validation | None = None
    stages: tuple[Stage, ...] = Field(min_length=1)
    batch_size: int = Field(gt=0)
    gradient_accumulation_steps: int = Field(1, gt=0)
    pixels: tuple[Side, ...] = ()
    optim: Literal["adamw", "muon"] = "adamw"
    weight_decay: float = 0.0
    lr_scheduler_type: Schedule = "cosine"
    max_grad_norm: float = 1.0
    bf16: bool = False
    gradient_checkpointing: bool = False
    average: float | None = Field(None, gt=0, lt=1)
    teacher: str | None = None
    logging_steps: int = Field(20, gt=0)
    save_steps: int = Field(gt=0)
    save_total_limit: int = Field(2, ge=1)
    max_steps: int | None = Field(None, gt=0)
    output_dir: str | None = None
    workers: int = Field(1, ge=0)
    record_ids: bool = True

    @field_validator("stages")
    @classmethod
    def has_one_kind_of_adapters(cls, value: tuple[Stage, ...]) -> tuple[Stage, ...]:
        found = [(number, stage.adapters) for number, stage in enumerate(value, 1) if stage.adapters]
        for number, adapters in found:
            if adapters != found[0][1]:
                raise ValueError(
                    f"stage {number} has other adapters than stage {found[0][0]}, which put its own in; give both the same, "
                    "or make two recipes, the second one of the first one's model"
                )
        return value

    @field_validator("pixels")
    @classmethod
    def begins_with_a_side(cls, value: tuple[Side, ...]) -> tuple[Side, ...]:
        found = tuple(sorted(value, key=lambda side: side.start))
        if found and found[0].start > 0:
            raise ValueError("give the pixels that a stage begins with, too: {start: 0, pixels: 96}")
        return found

    @field_validator("save_total_limit")
    @classmethod
    def keeps_two(cls, value: int) -> int:
        return max(2, value)

    @field_validator("id")
    @classmethod
    def names_a_model(cls, value: str | None) -> str | None:
        if value is not None and not valid_id(value):
            raise ValueError("take up to 64 small letters and digits, with single . _ or - between them")
        return value

    def steps(self, stage: Stage) -> int:
        """That a stage ends after."""
        return min(stage.max_steps, self.max_steps or stage.max_steps)

    @property
    def all_steps(self) -> int:
        return sum(map(self.steps, self.stages))

    @property
    def eval_steps(self) -> int:
        """Between two looks at the validation; by itself the same however often the run is cut short and gone on with."""
        asked = self.validation.eval_steps if self.validation else None
        return asked or min(FURTHEST, ceil(sum(stage.max_steps for stage in self.stages) / LOOKS))

    @property
    def learns_classes(self) -> bool:
        return any(CLASS in stage.objectives for stage in self.stages)

    @property
    def is_rewarded(self) -> bool:
        """Whether sentences of the model's own are learnt from in any stage."""
        return any(SELF_CRITICAL in stage.objectives for stage in self.stages)

    @property
    def is_whole(self) -> bool:
        """Whether all files of its data are named by whole paths, so that no data folder is looked for."""
        sources = [*self.data, *(self.validation.data if self.validation else ())]
        named = [self.teacher, *(path for source in sources for path in (source.path, source.images))]
        return all(Path(path).is_absolute() for path in named if path)


KEYS = [name for part in (Recipe, Source, Model, Stage, Adapters, Side, Validation) for name in part.model_fields]


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
            raise RsvlmError("bad_request", f"“{override}” is no key=value.", "Write for example max_steps=100.")
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

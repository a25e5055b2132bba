"""A run: stage after stage, as a recipe says, from where it was stopped to a model that answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml
from accelerate import PartialState
from transformers import TrainingArguments

from rsvlm.models.learning import Example, Learner
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.begin import learner_of
from rsvlm.trainer.examples import Examples, example
from rsvlm.trainer.parts import Parts
from rsvlm.trainer.recipe import Recipe, Stage, load_recipe
from rsvlm.trainer.run import AVERAGE, Average, Events, Watch, last_checkpoint, step_of, stopped_by
from rsvlm.trainer.stage import Losses, StageTrainer, load_trained
from rsvlm.trainer.steps import FAR, Share, Steps
from rsvlm.trainer.teacher import CHANNELS, SIDE, standardised

RECIPE = "recipe.yaml"
SAMPLE = 500  # pictures that a teacher's scale is taken from
FREE = {
    "logging_steps",
    "max_steps",
    "output_dir",
    "save_steps",
    "save_total_limit",
    "workers",
}  # may be others when a run goes on


@dataclass(frozen=True)
class Ended:
    """model: its folder. steps: of the run so far. whole: False where it was stopped before its end."""

    model: Path
    steps: int
    whole: bool

    def to_json(self) -> dict[str, Any]:
        return {"model": str(self.model), "steps": self.steps, "whole": self.whole}


class Run:
    """recipe: with all overrides. data: folder of data sets. folder: of the run, made if it is not there."""

    def __init__(self, recipe: Recipe, data: Path, folder: Path, resume: bool = False) -> None:
        """Raises RsvlmError: bad_request (a run is there and none is to go on, or another one), not_found, model_failed."""
        torch.manual_seed(recipe.seed)
        self.recipe, self.folder = recipe, folder
        self.processes = PartialState(cpu=not torch.cuda.is_available())
        with self.processes.main_process_first():  # what the first one leaves in the folder, the others find
            if self.processes.is_main_process:
                _check(folder, recipe, resume)
            self.examples = Examples.of(recipe.data, data, folder, recipe.seed)
            if self.processes.is_main_process:
                _write(folder, recipe)
            self.learner: Learner = learner_of(recipe.model, self.examples, folder)
            if recipe.teacher:
                self._learn_from(data / recipe.teacher)
        self.parts = Parts(self.learner)
        self.average: Average | None = None

    def train(self) -> Ended:
        """Raises RsvlmError: bad_request, bad_raster."""
        self.events = Events(self.folder, writes=self.processes.is_main_process)
        before, trained = 0, frozenset[str]()
        for number, stage in enumerate(self.recipe.stages, 1):
            trained |= self.parts.set_up(stage)
            done = self._stage(stage, self.folder / f"stage-{number}", before, trained)
            before += done
            if done < self._steps(stage):
                break
        return Ended(self._save("last"), before, before == sum(map(self._steps, self.recipe.stages)))

    def _steps(self, stage: Stage) -> int:
        return min(stage.max_steps, self.recipe.max_steps or stage.max_steps)

    def _stage(self, stage: Stage, folder: Path, before: int, trained: frozenset[str]) -> int:
        """Steps that are done of it, from an earlier session or now."""
        steps, last = self._steps(stage), last_checkpoint(folder)
        first = step_of(last) if last else 0
        average = Average(self.learner.network, self.recipe.average) if self.recipe.average else None
        if last and average:
            average.load(last / AVERAGE)
        if last and first >= steps:
            load_trained(self.learner.network, last)
            self.average = average
            return first
        if last is None:
            self.learner.begin(stage.objectives)
        share = Share(self.recipe.batch_size, self.recipe.gradient_accumulation_steps, *self._place())
        if share.size * share.parts * share.processes != share.batch:
            raise RsvlmError(
                "bad_request",
                f"A batch of {share.batch} cannot be shared among {share.processes} processes in {share.parts} parts.",
                "Make batch_size a multiple of both.",
            )
        order = Steps(before + first, steps - first, share, Reader(self, before, steps), self.learner)
        arguments = training_arguments(self.recipe, stage, steps, folder)
        trainer = StageTrainer(
            Losses(self.learner, stage.objectives), arguments, order, stage.objectives, trained, self.recipe.workers
        )
        every = self.recipe.save_steps, self.recipe.logging_steps
        watch = Watch(trainer, self.events, average, before, lambda step: None, *every)
        trainer.add_callback(watch)
        with stopped_by(watch.stop):
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        self.average = average
        return trainer.state.global_step

    def _place(self) -> tuple[int, int]:
        return self.processes.num_processes, self.processes.process_index

    def _save(self, name: str) -> Path:
        """By the first process alone. The model as it is now, the average of it if there is one, as it is used."""
        target = self.folder / name
        if not self.processes.is_main_process:
            return target
        network = self.learner.network
        if self.average:
            with self.average.put_into(network), self.parts.joined():
                self.learner.save(target)
        else:
            with self.parts.joined():
                self.learner.save(target)
        return target

    def _learn_from(self, weights: Path) -> None:
        taught = getattr(self.learner, "taught_by", None)
        if taught is None:
            raise RsvlmError(
                "bad_request", "This family learns from no teacher.", "Leave the teacher out of the recipe."
            )
        count = min(SAMPLE, len(self.examples))
        places = range(0, len(self.examples), len(self.examples) // count)
        pictures = (example(self.examples.record(number)[0], side=SIDE).pictures[0] for number in places)
        taught(standardised(weights, pictures, self.folder / "teacher.npz"), CHANNELS)


class Reader:
    """What is seen at a place; a class, as worker processes are given it."""

    def __init__(self, run: Run, before: int, steps: int) -> None:
        self.examples, self.learner = run.examples, run.learner
        self.sides, self.batch, self.before, self.steps = run.recipe.pixels, run.recipe.batch_size, before, steps

    def __call__(self, place: int) -> Example:
        share = (place % FAR // self.batch - self.before) / self.steps
        side = next((side.pixels for side in reversed(self.sides) if share >= side.start), None)
        return self.examples.at(place, side)


def training_arguments(recipe: Recipe, stage: Stage, steps: int, folder: Path) -> TrainingArguments:
    """The recipe in Trainer's words."""
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,  # one item is a whole step
        learning_rate=stage.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=stage.warmup_steps,
        lr_scheduler_type=recipe.lr_scheduler_type,
        max_grad_norm=recipe.max_grad_norm,
        bf16=recipe.bf16,
        gradient_checkpointing=recipe.gradient_checkpointing,
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        save_steps=recipe.save_steps,
        save_total_limit=recipe.save_total_limit,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        ignore_data_skip=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )


def _check(folder: Path, recipe: Recipe, resume: bool) -> None:
    """See that a run can begin in the folder, or go on as it began."""
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


def _write(folder: Path, recipe: Recipe) -> None:
    """Make the folder of a run, and write its recipe there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RECIPE
    part = path.with_suffix(".part")
    part.write_text(yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False), "utf-8")
    part.replace(path)

"""A run: stage after stage, as a recipe says, from where it was stopped to a model that answers."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch import nn

from rsvlm.models.learning import Example, Learner
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.answering import Said, write_predictions
from rsvlm.trainer.begin import check_folder, learner_of, write_recipe
from rsvlm.trainer.cards import made_card
from rsvlm.trainer.examples import Examples, example
from rsvlm.trainer.parts import Parts
from rsvlm.trainer.recipe import Recipe, Stage
from rsvlm.trainer.run import AVERAGE, Average, Events, Stop, Watch, keep_until, last_checkpoint, step_of
from rsvlm.trainer.samples import page
from rsvlm.trainer.stage import Losses, StageTrainer, load_trained, training_arguments
from rsvlm.trainer.stats.page import write_page
from rsvlm.trainer.steps import FAR, Share, Steps
from rsvlm.trainer.teacher import CHANNELS, SIDE, standardised
from rsvlm.trainer.validation import LOSS, SHOWN, Held

SAMPLE = 500  # pictures that a teacher's scale is taken from
LAST, BEST = "last", "best"


@dataclass(frozen=True)
class Ended:
    """model: folder of the best one, where there is a validation, else of the last one. steps: of the run so far.

    whole: False where it was stopped before its end, by the signal `stopped`.
    """

    model: Path
    steps: int
    whole: bool
    stopped: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"model": str(self.model), "steps": self.steps, "whole": self.whole}


class Run:
    """recipe: with all overrides. data: folder of data sets. folder: of the run, made if it is not there."""

    def __init__(self, recipe: Recipe, data: Path, folder: Path, resume: bool = False) -> None:
        """Raises RsvlmError: bad_request (a run is there and none is to go on, or another one), not_found, model_failed."""
        torch.manual_seed(recipe.seed)
        _check_launch(recipe)
        self.recipe, self.folder, self.resumes = recipe, folder, resume
        self.processes = PartialState(cpu=not torch.cuda.is_available())
        with self.processes.main_process_first():  # what the first one leaves in the folder, the others find
            if self.processes.is_main_process:
                check_folder(folder, recipe, resume)
                folder.mkdir(parents=True, exist_ok=True)
            self.examples = Examples.of(recipe.data, data, folder, recipe.seed)
            self.held = Held(recipe, data, folder) if recipe.validation else None
            if self.processes.is_main_process:
                write_recipe(folder, recipe)
            self.learner: Learner = learner_of(recipe.model, self.examples, folder)
            if recipe.teacher:
                self._learn_from(data / recipe.teacher)
        if torch.cuda.is_available() and self.processes.num_processes > 1:
            nn.SyncBatchNorm.convert_sync_batchnorm(self.learner.network)
        self.parts = Parts(self.learner)
        self.trained: frozenset[str] = frozenset()
        self.average: Average | None = None
        self.step = 0

    def train(self) -> Ended:
        """Raises RsvlmError: bad_request, bad_raster; what is finished of the run is kept."""
        self.events = Events(self.folder, writes=self.processes.is_main_process)
        try:
            with Stop() as stop:
                return self._train(stop)
        except Exception as error:
            told = error.to_json()["error"] if isinstance(error, RsvlmError) else {"message": type(error).__name__}
            self.events.add("error", self.step, **told)
            raise

    def _train(self, stop: Stop) -> Ended:
        before = 0
        for number, stage in enumerate(self.recipe.stages, 1):
            self.trained |= self.parts.set_up(stage)
            done = self._stage(stage, self.folder / f"stage-{number}", before, stop)
            before += done
            if done < self._steps(stage):
                self.events.add("stopped", before, signal=signal.Signals(stop.number or signal.SIGTERM).name)
                break
        whole = before == sum(map(self._steps, self.recipe.stages))
        last = self._save(LAST)
        best = self.folder / BEST
        return Ended(best if best.exists() else last, before, whole, stop.number if not whole else None)

    def _steps(self, stage: Stage) -> int:
        return min(stage.max_steps, self.recipe.max_steps or stage.max_steps)

    def _stage(self, stage: Stage, folder: Path, before: int, stop: Stop) -> int:
        """Steps that are done of it, from an earlier session or now."""
        recipe, steps, last = self.recipe, self._steps(stage), last_checkpoint(folder)
        first = step_of(last) if last else 0
        self.average = Average(self.learner.network, recipe.average) if recipe.average else None
        if last and self.average:
            self.average.load(last / AVERAGE)
        if last and first >= steps:
            load_trained(self.learner.network, last)
            return first
        seen = self._seen(before + first)
        if self.resumes and (before or last):
            self.events.add("resumed", before + first)
        if last is None:
            self.learner.begin(stage.objectives)
        share = Share(recipe.batch_size, recipe.gradient_accumulation_steps, *self._place())
        if share.size * share.parts * share.processes != share.batch:
            raise RsvlmError(
                "bad_request",
                f"A batch of {share.batch} cannot be shared among {share.processes} processes in {share.parts} parts.",
                "Make batch_size a multiple of both.",
            )
        trainer = StageTrainer(
            Losses(self.learner, stage.objectives),
            training_arguments(recipe, stage, steps, folder),
            Steps(before + first, steps - first, share, Reader(self, before, stage.max_steps), self.learner),
            stage.objectives,
            self.trained,
            recipe.workers,
            stage.max_steps,
            before,
            seen,
        )
        watch = Watch(
            trainer, self.events, self.average, before, lambda step: self._look(trainer, step, share.size), self._looks,
            recipe.logging_steps,
        )  # fmt: skip
        trainer.add_callback(watch)
        stop.watch(trainer)
        try:
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        finally:
            watch.end()
        return trainer.state.global_step

    def _seen(self, step: int) -> Path | None:
        """The file that this process writes ids of records to, as it stood after a step."""
        if not self.recipe.record_ids:
            return None
        rank = self.processes.process_index
        seen = self.folder / ("seen.jsonl" if rank == 0 else f"seen-{rank}.jsonl")
        keep_until(seen, step)
        return seen

    def _place(self) -> tuple[int, int]:
        return self.processes.num_processes, self.processes.process_index

    def _looks(self, step: int) -> bool:
        """Whether a step of the run is followed by a look at the model, or by writing it down."""
        every = [self.recipe.save_steps] + ([self.recipe.validation.eval_steps] if self.recipe.validation else [])
        return any(step % steps == 0 for steps in every)

    def _look(self, trainer: StageTrainer, step: int, size: int) -> None:
        """The model as it is after this step: as files, and held against records that it does not train on."""
        self.step = step
        ends = trainer.state.global_step == trainer.state.max_steps
        if self.held and self.recipe.validation and (step % self.recipe.validation.eval_steps == 0 or ends):
            with self._as_saved():
                losses = self.held.losses(trainer, size)
            self._save(LAST)
            if self.processes.is_main_process:
                self._judge(self.held, step, losses)
            self.processes.wait_for_everyone()
        elif step:
            self._save(LAST)

    def _judge(self, held: Held, step: int, losses: dict[str, float]) -> None:
        """Write down how good the model in last/ is, and keep it where it is the best so far."""
        said: list[Said] | None = None
        figures: dict[str, float] = {}
        intervals: dict[str, list[float]] = {}
        if held.metric != LOSS:
            said = held.said(self.card(self.folder / LAST), every=True)
            figures, intervals = held.figures(said)
        self.events.add("eval", step, **losses, **figures)
        if held.keep(step, {**losses, **figures}, intervals):
            self.events.add("best", step, metric=held.metric, value=({**losses, **figures})[held.metric])
            _copy(self.folder / LAST, self.folder / BEST)
            self.show(said)

    def show(self, said: list[Said] | None = None) -> None:
        """samples.html of the best model, and the predictions. said: its answers where it was asked already.

        Models that do not talk have neither.
        """
        best = self.folder / BEST
        if self.held is None or not best.exists():
            return
        card = self.card(best)
        if said is None:
            try:
                said = self.held.said(card, every=False)
            except RsvlmError as error:
                self.events.add("no_samples", self.step, message=error.message)
                return
        write_predictions(self.folder, said)
        shown = [said[len(said) * place // SHOWN] for place in range(SHOWN)] if len(said) > SHOWN else said
        note = f"{card.title}. Records that it was never trained on: {len(self.held.records):,} of {self.held.name}."
        write_page(self.folder / "samples.html", page(self.recipe.name, note, self.held.state, shown))

    def card(self, folder: Path) -> Any:
        """The card of a model of this run that lies in `folder`."""
        return made_card(folder, self.recipe, self.learner.parts, self.trained, self._sources())

    def _sources(self) -> list[str]:
        counts = map(len, self.examples.records)
        return [
            f"{Path(source.path).name}{f' {source.split}' if source.split else ''}, {count:,} records"
            for source, count in zip(self.recipe.data, counts, strict=True)
        ]

    @contextmanager
    def _as_saved(self) -> Iterator[None]:
        """Inside, the network has the weights that are saved: their average, if there is one."""
        with self.average.put_into(self.learner.network) if self.average else nullcontext():
            yield

    def _save(self, name: str) -> Path:
        """By the first process alone. The model as it is used, in place of what was in its folder."""
        target = self.folder / name
        if not self.processes.is_main_process:
            return target
        part = self.folder / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        with self._as_saved(), self.parts.joined():
            self.learner.save(part)
        _put(part, target)
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


def _check_launch(recipe: Recipe) -> None:
    """Raises RsvlmError (bad_request) for ways of starting processes by which a run would go wrong or could not be saved."""
    if os.environ.get("ACCELERATE_USE_FSDP") == "true" and torch.cuda.is_available():
        raise RsvlmError(
            "bad_request",
            "Weights that are shared out among processes (FSDP) cannot be written as a model yet.",
            "Take trainer/launch/gpus.yaml, or deepspeed.yaml (ZeRO-2).",
        )
    if os.environ.get("ACCELERATE_USE_DEEPSPEED") == "true" and recipe.gradient_accumulation_steps > 1:
        raise RsvlmError(
            "bad_request",
            "DeepSpeed steps after each part of a batch, which a recipe with several parts does not mean.",
            "Set gradient_accumulation_steps=1.",
        )


def _copy(folder: Path, target: Path) -> None:
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(folder, part)
    _put(part, target)


def _put(part: Path, target: Path) -> None:
    """A whole folder in place of another: at no moment is half of it there."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)

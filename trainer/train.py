"""A run: stage after stage, as a recipe says, from where it was stopped to a model that answers."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from torch import nn

from rsvlm.models.learning import Learner
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.begin import (
    be_rewarded,
    check_folder,
    check_teacher,
    forget_beginning,
    learn_from,
    learner_of,
    write_recipe,
)
from rsvlm.trainer.cards import made_card
from rsvlm.trainer.conversion import Converted
from rsvlm.trainer.examples import Examples, forget_conversions
from rsvlm.trainer.judging import Judge
from rsvlm.trainer.keeping import put, put_back
from rsvlm.trainer.losses import Losses
from rsvlm.trainer.parts import Parts
from rsvlm.trainer.processes import check_launch, shareable, shared_out
from rsvlm.trainer.recipe import Recipe, Stage
from rsvlm.trainer.run import AVERAGE, BEST, LAST, Average, Events, Stop, Watch, keep_until, last_checkpoint, step_of
from rsvlm.trainer.sources import settle_sources
from rsvlm.trainer.stage import StageTrainer, load_trained, training_arguments
from rsvlm.trainer.steps import Reader, Share, Steps
from rsvlm.trainer.validation import VALIDATION, Held


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
        check_launch(recipe)
        if recipe.teacher:
            check_teacher(data / recipe.teacher)
        self.recipe, self.folder, self.resumes = recipe, folder, resume
        self.processes = PartialState(cpu=not torch.cuda.is_available())
        with self.processes.main_process_first():  # what the first one leaves in the folder, the others find
            if self.processes.is_main_process:
                check_folder(folder, recipe, resume)
                folder.mkdir(parents=True, exist_ok=True)
                put_back(folder / BEST)
                if not resume:
                    forget_conversions(recipe.data, folder)
                    forget_conversions(recipe.validation.data if recipe.validation else (), folder / VALIDATION)
                    forget_beginning(folder)
            self.examples = Examples.of(recipe.data, data, folder, recipe.seed)
            self.held = Held(recipe, data, folder) if recipe.validation else None
            if self.processes.is_main_process:
                settle_sources(folder, recipe, data, self.examples, self.held.records if self.held else None, resume)
            self.learner: Learner = learner_of(recipe.model, self.examples, folder, recipe.learns_classes)
            if recipe.teacher:
                learn_from(self.learner, data / recipe.teacher, self.examples, folder)
        if recipe.is_rewarded:
            be_rewarded(self.learner, self.examples)
        if torch.cuda.is_available() and self.processes.num_processes > 1:
            nn.SyncBatchNorm.convert_sync_batchnorm(self.learner.network)
        self.parts = Parts(self.learner)
        self.trained: frozenset[str] = frozenset()
        self.average: Average | None = None

    def train(self) -> Ended:
        """Raises RsvlmError: bad_request, bad_raster; what is finished of the run is kept."""
        self.events = Events(self.folder, writes=self.processes.is_main_process)
        try:
            self._tell_conversions()
            with Stop() as stop:
                return self._train(stop)
        except Exception as error:
            told = error.to_json()["error"] if isinstance(error, RsvlmError) else {"message": type(error).__name__}
            self.events.add("error", self.events.step, **told)
            raise

    def tell_lacking(self) -> None:
        """Of data of other formats that were made into records just now, what was left out or is not there."""
        for path, made in self._converted():
            for sentence in made.lacking:
                print(f"{path}: {sentence}", file=sys.stderr)

    def _tell_conversions(self) -> None:
        for path, made in self._converted():
            self.events.add(
                "converted", 0, source=path, records=made.records, left_out=made.left_out, missing=made.missing,
                first_missing=made.first_missing,
            )  # fmt: skip
        self.tell_lacking()

    def _converted(self) -> list[tuple[str, Converted]]:
        read = [self.examples, *([self.held.records] if self.held else [])]
        return [item for examples in read for item in examples.converted.items()]

    def _train(self, stop: Stop) -> Ended:
        before, whole = 0, True
        for number, stage in enumerate(self.recipe.stages, 1):
            torch.manual_seed(self.recipe.seed + number)  # of the weights that it puts in, also where a run goes on
            self.trained |= self.parts.set_up(stage)
            done = self._stage(stage, number, before, stop)
            before += done
            if done < self.recipe.steps(stage):
                self.events.add("stopped", before, signal=signal.Signals(stop.number or signal.SIGTERM).name)
                whole = False
                break
        last = self._save()
        best = self.folder / BEST
        return Ended(best if best.exists() else last, before, whole, stop.number if not whole else None)

    def _stage(self, stage: Stage, number: int, before: int, stop: Stop) -> int:
        """Steps that are done of it, from an earlier session or now. number: from 1 on."""
        recipe, steps, folder = self.recipe, self.recipe.steps(stage), self.folder / f"stage-{number}"
        last = last_checkpoint(folder)
        first = step_of(last) if last else 0
        self.average = Average(self.learner.network, recipe.average) if recipe.average else None
        if last:
            load_trained(self.learner.network, last)
            if self.average:
                self.average.load(last / AVERAGE)
            if first >= steps:
                return first
        else:
            self.learner.begin(stage.objectives)
        if self.resumes and (before or last):
            self.events.add("resumed", before + first)
        trainer = self._trainer(stage, folder, before, first)
        if self.processes.is_main_process:
            write_recipe(self.folder, recipe)  # from here on the folder is that of a run
        self._drop_after(number, before + first)
        watch = Watch(
            trainer, self.events, self.average, before, lambda step: self._look(trainer, step), self._looks,
            recipe.logging_steps, self.recipe.all_steps,
        )  # fmt: skip
        trainer.add_callback(watch)
        stop.watch(trainer)
        try:
            trainer.train(resume_from_checkpoint=str(last) if last else None)
        finally:
            watch.end()
        self._bring_back(folder)
        return trainer.state.global_step

    def _drop_after(self, number: int, step: int) -> None:
        """Stages behind one that goes on began with what it had learnt before, and begin anew; a best model of theirs is none."""
        stages = [self.folder / f"stage-{later}" for later in range(number + 1, len(self.recipe.stages) + 1)]
        dropped = [folder for folder in stages if folder.exists()]
        if not (dropped and self.processes.is_main_process):
            return
        if self.held and self.held.best_step > step:
            shutil.rmtree(self.folder / BEST, ignore_errors=True)
            self.held.forget_best()
        for folder in dropped:
            shutil.rmtree(folder)
            self.events.add("dropped", step, folder=folder.name)

    def _trainer(self, stage: Stage, folder: Path, before: int, first: int) -> StageTrainer:
        """Of a stage of which `first` steps are done. Raises RsvlmError (bad_request) for a batch that cannot be shared."""
        recipe, steps = self.recipe, self.recipe.steps(stage)
        learner = shareable(self.learner) if shared_out() else self.learner
        place = self.processes.num_processes, self.processes.process_index
        share = Share.of(recipe.batch_size, recipe.gradient_accumulation_steps, *place)
        reader = Reader(self.examples, recipe, before, stage.max_steps)
        return StageTrainer(
            Losses(learner, stage.objectives),
            training_arguments(recipe, stage, steps, folder),
            Steps(before + first, steps - first, share, reader, self.learner),
            stage.objectives,
            self.trained,
            recipe.workers,
            stage.max_steps,
            before,
            self._seen(before + first),
            recipe.optim,
        )

    def _bring_back(self, stage: Path) -> None:
        """What a stage has learnt, into the network that is saved, where it was not this very one that learnt."""
        if not shared_out():
            return
        self.processes.wait_for_everyone()  # for the first one to have written it
        last = last_checkpoint(stage)
        if last:
            load_trained(self.learner.network, last)

    def _seen(self, step: int) -> Path | None:
        """The file that this process writes ids of records to, as it stood after a step."""
        if not self.recipe.record_ids:
            return None
        rank = self.processes.process_index
        seen = self.folder / ("seen.jsonl" if rank == 0 else f"seen-{rank}.jsonl")
        keep_until(seen, step)
        return seen

    def _looks(self, step: int) -> bool:
        """Whether a step of the run is followed by a look at the model, or by writing it down."""
        every = [self.recipe.save_steps] + ([self.recipe.eval_steps] if self.recipe.validation else [])
        return any(step % steps == 0 for steps in every)

    def _look(self, trainer: StageTrainer, step: int) -> None:
        """The model as it is after this step: as files, and held against records that it does not train on."""
        ends = trainer.state.global_step == trainer.state.max_steps
        judged = self.held and (step % self.recipe.eval_steps == 0 or ends)
        if self.held and judged:
            with self._as_saved():
                losses, counted = self.held.losses(trainer)
        if step or judged:
            if shared_out():
                trainer.gather()
            self._save()
        if self.held and judged:
            if self.processes.is_main_process:
                Judge(self.recipe.name, self.held, self.folder, self.events, self.card).judge(step, losses, counted)
            self.processes.wait_for_everyone()

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

    def _save(self) -> Path:
        """last/, the model as it is used, by the first process alone."""
        target, part = self.folder / LAST, self.folder / f"{LAST}.part"
        if self.processes.is_main_process:
            shutil.rmtree(part, ignore_errors=True)
            with self._as_saved(), self.parts.joined():
                self.learner.save(part)
            put(part, target)
        return target

"""The folder of a run: what was asked for, what happened, what to go on from, and the model that came out.

recipe.yaml, events.jsonl and seen.jsonl (one JSON object a line: what happened, which records each step saw), tensorboard/,
stage-N/checkpoint-M/, last/ and best/ (models as they are used), validation.json, predictions-TASK.jsonl, samples.html. Knows
files and one running stage; nothing of records.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.tensorboard import SummaryWriter
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rsvlm.trainer.parts import to_training
from rsvlm.trainer.progress import Line
from rsvlm.trainer.stage import StageTrainer

Tensors = tuple[Tensor, ...] | list[Tensor]

AVERAGE = "average.pt"
LAST, BEST = "last", "best"
WHOLE = "whole"  # written last into a checkpoint: one without it was cut short


class Events:
    """events.jsonl and TensorBoard's file of it; only the first process writes. step: of the latest event."""

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.path, self.writes, self.step = folder / "events.jsonl", writes, 0
        self._board = SummaryWriter(str(folder / "tensorboard")) if writes else None

    def add(self, kind: str, step: int, /, **figures: Any) -> None:
        self.step = step
        if not self._board:
            return
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"event": kind, "step": step, **figures}) + "\n")
        for name, value in figures.items():
            if isinstance(value, int | float):
                self._board.add_scalar(f"{kind}/{name}", value, step)


class Average:
    """An exponential moving average of a network, weights and running statistics alike.

    Its memory grows with the run, up to `decay`, so that nothing of the start stays in it.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        def blend(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
            steps = float(count)
            get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))(averaged, current, count)

        self._averaged = AveragedModel(network, multi_avg_fn=blend, use_buffers=True)

    def update(self, network: nn.Module) -> None:
        self._averaged.update_parameters(network)

    @contextmanager
    def put_into(self, network: nn.Module) -> Iterator[None]:
        """Inside, the network has the average's weights."""
        own = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        network.load_state_dict(self._averaged.module.state_dict())
        try:
            yield
        finally:
            network.load_state_dict(own)

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save(self._averaged.state_dict(), part)
        part.replace(path)

    def load(self, path: Path) -> None:
        self._averaged.load_state_dict(torch.load(path, weights_only=True))


class Watch(TrainerCallback):
    """Follows a stage: events with the time left, a line for who looks on, the average, checkpoints that are whole, a stop.

    first: steps of the stages before this one; steps: of the run. looked(step): validation and models as files, where `looks`
    says so of a step of the run; at the end of the stage always.
    """

    def __init__(
        self,
        trainer: StageTrainer,
        events: Events,
        average: Average | None,
        first: int,
        looked: Callable[[int], None],
        looks: Callable[[int], bool],
        log_every: int,
        steps: int,
    ) -> None:
        self.trainer, self.events, self.average, self.first = trainer, events, average, first
        self.looked, self.looks, self.log_every, self.steps = looked, looks, log_every, steps
        self._began: tuple[float, int] | None = None
        self._line: Line | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        state.save_steps = int(args.save_steps)  # a checkpoint brings those that it was made with
        if self.first + state.global_step == 0:
            self.looked(0)
        to_training(self.trainer.model)
        self.events.add(
            "stage",
            self.first + state.global_step,
            folder=Path(args.output_dir).name,
            steps=state.max_steps,
            of=self.steps,
            bf16=args.bf16,
        )
        self._began = time.monotonic(), state.global_step
        if self.events.writes:
            self._line = Line(Path(args.output_dir).name, state.max_steps, state.global_step)
            self._line.start()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        self.trainer.learner.settle()
        if self.average:
            self.average.update(self.trainer.learner.network)
        step = state.global_step
        if self._line:
            self._line.step(step, self.trainer.latest)
        logged = step % self.log_every == 0 or step == state.max_steps
        if logged:
            self._log(state)
        if self.looks(self.first + step) or step == state.max_steps:
            self.looked(self.first + step)
            to_training(self.trainer.model)
        if self.trainer.stopping:
            if not logged:
                self._log(state)
            control.should_save = control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        if not self.events.writes:
            return
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.average:
            self.average.save(checkpoint / AVERAGE)
        (checkpoint / WHOLE).touch()
        self.events.add("checkpoint", self.first + state.global_step, folder=checkpoint.name)

    def end(self) -> None:
        """Whether training ended or broke off."""
        if self._line:
            self._line.stop()

    def _log(self, state: TrainerState) -> None:
        began, step = self._began or (time.monotonic(), 0)
        took = time.monotonic() - began
        pace = took / max(1, state.global_step - step)
        figures: Mapping[str, float] = {name: round(value, 6) for name, value in self.trainer.latest.items()}
        self.events.add(
            "step",
            self.first + state.global_step,
            **figures,
            **self.trainer.counted(),
            seconds_per_step=round(pace, 3),
            waiting_for_data=round(self.trainer.waited / max(took, 1e-9), 4),
            minutes_left=round(pace * (state.max_steps - state.global_step) / 60, 1),
        )


class Stop:
    """A wish to stop that came by a signal: SIGTERM, or SIGINT the second of which ends the program. A context manager.

    The step that runs is the last one.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.trainer: StageTrainer | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        if threading.current_thread() is threading.main_thread():  # no other hears signals
            self._before = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def watch(self, trainer: StageTrainer) -> None:
        """From now on, this is what is to stop."""
        self.trainer = trainer
        trainer.asked_to_stop = self.number is not None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.number = number
        if number == signal.SIGINT:
            signal.signal(number, signal.default_int_handler)
        if self.trainer:
            self.trainer.asked_to_stop = True


def last_checkpoint(stage: Path) -> Path | None:
    """The newest checkpoint of a stage that is whole."""
    return max((mark.parent for mark in stage.glob(f"checkpoint-*/{WHOLE}")), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The step after which a folder checkpoint-N was written."""
    return int(checkpoint.name.rpartition("-")[2])


def keep_until(seen: Path, step: int) -> None:
    """Take out of a file of ids what was written of later steps by a session that broke off."""
    if not seen.exists():
        return
    lines = [line for line in seen.read_text("utf-8").splitlines() if line.endswith("}")]
    part = seen.with_suffix(".part")
    part.write_text("".join(f"{line}\n" for line in lines if json.loads(line)["step"] <= step), "utf-8")
    part.replace(seen)

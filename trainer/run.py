"""The folder of a run: what was asked for, what happened, what to go on from, and the model that came out.

recipe.yaml, events.jsonl (one JSON object a line), tensorboard/, stage-N/checkpoint-M/, last/ and best/ (models as they are
used). Knows files and one running stage; nothing of records.
"""

from __future__ import annotations

import json
import signal
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

from rsvlm.trainer.stage import StageTrainer

Tensors = tuple[Tensor, ...] | list[Tensor]

AVERAGE = "average.pt"
WHOLE = "whole"  # written last into a checkpoint: one without it was cut short


class Events:
    """events.jsonl and TensorBoard's file of it; only the first process writes."""

    def __init__(self, folder: Path, writes: bool = True) -> None:
        self.path, self.writes = folder / "events.jsonl", writes
        self._board = SummaryWriter(str(folder / "tensorboard")) if writes else None

    def add(self, kind: str, step: int, **figures: Any) -> None:
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
    """Follows a stage: events with the time left, the average, checkpoints that are whole, a stop on SIGTERM.

    first: steps of the stages before this one. looked(step): validation and models as files, every `every` steps.
    """

    def __init__(
        self,
        trainer: StageTrainer,
        events: Events,
        average: Average | None,
        first: int,
        looked: Callable[[int], None],
        every: int,
        log_every: int,
    ) -> None:
        self.trainer, self.events, self.average, self.first = trainer, events, average, first
        self.looked, self.every, self.log_every = looked, every, log_every
        self.stopped = False
        self._began: tuple[float, int] | None = None

    def stop(self, number: int, frame: FrameType | None) -> None:
        """For signal.signal: the step that runs is the last one."""
        self.stopped = True

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        self._began = time.monotonic(), state.global_step

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        network = self.trainer.learner.network
        self.trainer.learner.settle()
        if self.average:
            self.average.update(network)
        step = state.global_step
        if step % self.log_every == 0 or step == state.max_steps:
            self._log(state)
        if step % self.every == 0 or step == state.max_steps:
            self.looked(self.first + step)
        if self.stopped:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        if not self.events.writes:
            return
        checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        if self.average:
            self.average.save(checkpoint / AVERAGE)
        (checkpoint / WHOLE).touch()
        self.events.add("checkpoint", self.first + state.global_step, folder=checkpoint.name)

    def _log(self, state: TrainerState) -> None:
        began, step = self._began or (time.monotonic(), 0)
        pace = (time.monotonic() - began) / max(1, state.global_step - step)
        figures: Mapping[str, float] = {name: round(value, 6) for name, value in self.trainer.latest.items()}
        self.events.add(
            "step",
            self.first + state.global_step,
            **figures,
            shortened=self.trainer.shortened,
            left_out=self.trainer.left_out,
            seconds_per_step=round(pace, 3),
            minutes_left=round(pace * (state.max_steps - state.global_step) / 60, 1),
        )


def last_checkpoint(stage: Path) -> Path | None:
    """The newest checkpoint of a stage that is whole."""
    return max((mark.parent for mark in stage.glob(f"checkpoint-*/{WHOLE}")), key=step_of, default=None)


def step_of(checkpoint: Path) -> int:
    """The step after which a folder checkpoint-N was written."""
    return int(checkpoint.name.rpartition("-")[2])


@contextmanager
def stopped_by(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """SIGTERM and SIGINT call the handler inside, and do what they did before afterwards."""
    before = {number: signal.signal(number, handler) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)

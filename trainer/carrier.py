"""transformers.Trainer fitted to batches by step: where a run begins again, what it saves and what it logs."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_model
from tokenizers import Tokenizer
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from rsvlm.models.families.compact.network import Compact
from rsvlm.models.weights import save_compact
from rsvlm.trainer.batches import StepBatches
from rsvlm.trainer.objectives import Lessons

Tensors = tuple[Tensor, ...] | list[Tensor]

LOG_EVERY = 20  # steps


class Average:
    """An exponential moving average of the lessons, weights and running statistics alike.

    Its memory grows with the run, up to `decay`, so that nothing of the random start stays in it.
    """

    def __init__(self, lessons: Lessons, decay: float) -> None:
        def blend(averaged: Tensors, current: Tensors, count: Tensor | int) -> None:
            steps = float(count)
            get_ema_multi_avg_fn(min(decay, (1 + steps) / (10 + steps)))(averaged, current, count)

        self._averaged = AveragedModel(lessons, multi_avg_fn=blend, use_buffers=True)

    def update(self, lessons: Lessons) -> None:
        self._averaged.update_parameters(lessons)

    @property
    def model(self) -> Compact:
        lessons: Lessons = self._averaged.module  # type: ignore[assignment]  # what was given to it
        return lessons.model

    def save(self, path: Path) -> None:
        part = path.with_suffix(".part")
        torch.save(self._averaged.state_dict(), part)
        part.replace(path)

    def load(self, path: Path) -> None:
        self._averaged.load_state_dict(torch.load(path, weights_only=True))


class LessonTrainer(Trainer):
    """Trainer whose data set makes whole batches, from the step on that the run begins again at."""

    def __init__(self, lessons: Lessons, arguments: TrainingArguments, batches: StepBatches, first_step: int) -> None:
        super().__init__(lessons, arguments, train_dataset=batches)
        self.first_step = first_step
        self.latest: dict[str, float] = {}

    def get_train_dataloader(self) -> DataLoader:
        self.train_dataset.start = self.first_step
        return DataLoader(self.train_dataset, batch_size=None, num_workers=1, prefetch_factor=3)

    def compute_loss(
        self, model: torch.nn.Module, inputs: dict[str, Any], return_outputs: bool = False, **kwargs: object
    ) -> Any:
        outputs = model(**inputs)
        self.latest = {name: value.item() for name, value in outputs.items()}
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """Trainer saves no model that shares a tensor between two names, as a tied decoder does."""
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.model, str(folder / "model.safetensors"))


class RunFolder(TrainerCallback):
    """Writes events.jsonl with the time left, and the average: to resume beside every checkpoint, to use in model/."""

    def __init__(self, folder: Path, trainer: LessonTrainer, average: Average, tokenizer: Tokenizer) -> None:
        self.folder, self.trainer, self.average, self.tokenizer = folder, trainer, average, tokenizer
        self.started = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object
    ) -> None:
        self.average.update(self.trainer.model)
        if state.global_step % LOG_EVERY == 0:
            pace = (time.monotonic() - self.started) / (state.global_step - self.trainer.first_step)
            event: dict[str, float] = {"step": state.global_step, "seconds_per_step": round(pace, 3)}
            event |= {name: round(value, 4) for name, value in self.trainer.latest.items()}
            event["minutes_left"] = round(pace * (state.max_steps - state.global_step) / 60, 1)
            with (self.folder / "events.jsonl").open("a") as log:
                log.write(json.dumps(event) + "\n")

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: object) -> None:
        self.average.save(self.folder / f"checkpoint-{state.global_step}" / "average.pt")
        save_compact(self.folder / "model", self.average.model, self.tokenizer)

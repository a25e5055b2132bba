"""One stage of a run, carried by transformers.Trainer: a step is made of lessons; what was trained is kept and found again."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, distributed, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainingArguments
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME

from rsvlm.models.learning import Lesson
from rsvlm.protocol import RsvlmError
from rsvlm.trainer.losses import NOTHING, Losses
from rsvlm.trainer.muon import Muon
from rsvlm.trainer.precision import bfloat16_is_fast
from rsvlm.trainer.processes import gathered, gathered_moments, load_moments, share_out, shared_out
from rsvlm.trainer.recipe import Recipe, Stage
from rsvlm.trainer.steps import Step, Steps

WEIGHTS = "model.safetensors"


class StageTrainer(Trainer):
    """objectives: weight of each loss. trained: names of what this run has trained so far, which checkpoints hold.

    latest: mean of each objective at the last step, over all processes. shortened, left_out: examples of this process since
    they were last told, see Step. waited: seconds for data. asked_to_stop: set from outside; stopping: whether this step is the
    last one, the same in all processes. schedule: steps that the learning rate is planned for. before: steps of earlier stages.
    seen: a file that the ids of each step's records are written to, those of this process. optim: as in the recipe.
    """

    def __init__(
        self,
        losses: Losses,
        arguments: TrainingArguments,
        steps: Steps,
        objectives: Mapping[str, float],
        trained: frozenset[str],
        workers: int,
        schedule: int,
        before: int,
        seen: Path | None,
        optim: str,
    ) -> None:
        super().__init__(losses, arguments, train_dataset=steps)
        self.remove_callback(PrinterCallback)
        self.learner = losses.learner
        self.objectives, self.trained, self.workers = objectives, trained, workers
        self._schedule, self._before, self._seen, self.share = schedule, before, seen, steps.share
        self._optim = optim
        self._plain = steps.learner.network
        self.latest: dict[str, float] = {}
        self.shortened = self.left_out = 0
        self.waited = 0.0
        self.asked_to_stop = self._stopping = False

    @property
    def stopping(self) -> bool:
        return self._stopping or (self.asked_to_stop and self.accelerator.num_processes == 1)

    def create_accelerator_and_postprocess(self) -> None:
        super().create_accelerator_and_postprocess()
        if shared_out():
            share_out(self.accelerator.state)
            self.is_fsdp_enabled = True

    def get_batch_samples(self, *given: Any, **named: Any) -> Any:
        """Counts the seconds in which the network waits for what it is to see."""
        begins = time.perf_counter()
        found = super().get_batch_samples(*given, **named)
        self.waited += time.perf_counter() - begins
        return found

    def create_optimizer(self, model: nn.Module | None = None) -> Optimizer:
        if self._optim != "muon":
            return super().create_optimizer(model)
        given = self.args.learning_rate, self.args.weight_decay
        self.optimizer = Muon(self.model, *given, self.get_decay_parameter_names(self.model))
        return self.optimizer

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRScheduler:
        """A stage that ends early has gone the first part of its way, and can be gone on with."""
        return super().create_scheduler(self._schedule, optimizer)

    def get_train_dataloader(self) -> DataLoader:
        """Workers are copies of this process, which share its records; elsewhere than on Linux, steps are made in it."""
        workers = self.workers if sys.platform == "linux" else 0  # libraries of macOS do not survive a fork
        return DataLoader(
            self.train_dataset,
            batch_size=None,
            num_workers=workers,
            prefetch_factor=2 if workers else None,
            multiprocessing_context="fork" if workers else None,
            worker_init_fn=_left_to_their_parent,
            collate_fn=_as_it_is,
        )

    def _get_num_items_in_batch(self, batch_samples: list[Step], device: torch.device) -> None:
        """Trainer counts labels here; lessons have their own counts."""

    def floating_point_ops(self, inputs: Step) -> int:
        """Trainer would look for ids in the inputs."""
        return 0

    def training_step(self, model: nn.Module, inputs: Step, num_items_in_batch: object = None) -> Tensor:
        """All lessons of one step; each objective is the mean over all their terms, whatever process or part they are in."""
        if inputs.error:
            raise RsvlmError.from_json(inputs.error)
        torch.manual_seed(hash((self.args.seed, self.state.global_step, self.args.process_index)))  # of dropout
        self.shortened += inputs.shortened
        self.left_out += inputs.left_out
        if self._seen:
            with self._seen.open("a", encoding="utf-8") as log:
                log.write(json.dumps({"step": self._before + self.state.global_step + 1, "ids": inputs.ids}) + "\n")
        world = self.accelerator.num_processes
        counts = self._counts(inputs.lessons)
        sums = torch.zeros(len(self.objectives), device=self.args.device)
        for number, lesson in enumerate(inputs.lessons, 1):
            waits = nullcontext() if number == len(inputs.lessons) else self.accelerator.no_sync(model)
            with waits:
                with self.compute_loss_context_manager():
                    losses = model(lesson.to(self.args.device))
                    parts = {
                        name: losses[name] * (lesson.counts[name] * world / counts[name])
                        for name in self.objectives
                        if lesson.counts.get(name)
                    }
                    weighed = [self.objectives[name] * part for name, part in parts.items()]
                    loss = torch.stack(weighed).sum() if weighed else losses[NOTHING]
                self.accelerator.backward(loss)
            for place, name in enumerate(self.objectives):
                sums[place] += parts[name].detach().float() if name in parts else 0
        sums = self.accelerator.reduce(sums, "mean")
        self.latest = {name: mean for name, mean in zip(self.objectives, sums.tolist(), strict=True) if counts[name]}
        return sum(
            (self.objectives[name] * sums[place] for place, name in enumerate(self.objectives)), sums.new_zeros(())
        )

    def _counts(self, lessons: Sequence[Lesson]) -> dict[str, int]:
        """Terms of each objective over the whole step; and whether a process was asked to stop, which all of them learn."""
        mine = [sum(lesson.counts.get(name, 0) for lesson in lessons) for name in self.objectives]
        found = [*mine, int(self.asked_to_stop)]
        if self.accelerator.num_processes > 1:
            total = torch.tensor(found, device=self.args.device)
            distributed.all_reduce(total)
            found = total.tolist()
        *counts, stops = found
        self._stopping = bool(stops)
        if self.is_fsdp_enabled:
            self._check_alike(lessons)
        return dict(zip(self.objectives, counts, strict=True))

    def counted(self) -> dict[str, int]:
        """Examples of all processes that were shortened and left out since this was asked last; by all of them together."""
        found = torch.tensor([self.shortened, self.left_out], device=self.args.device)
        self.shortened = self.left_out = 0
        if self.accelerator.num_processes > 1:
            distributed.all_reduce(found)
        return dict(zip(("shortened", "left_out"), found.tolist(), strict=True))

    def _check_alike(self, lessons: Sequence[Lesson]) -> None:
        """Processes that share weights out gather them in step: each has to learn the same losses. Raises RsvlmError in all."""
        mine = [[bool(lesson.counts.get(name)) for name in self.objectives] for lesson in lessons]
        learn = torch.tensor(mine, dtype=torch.int64, device=self.args.device)
        distributed.all_reduce(learn)
        if not all(any(row) for row in learn.tolist()) or learn.remainder(self.accelerator.num_processes).any():
            raise RsvlmError(
                "bad_request",
                f"In step {self._before + self.state.global_step + 1} not all processes have something to learn of each loss, "
                "which weights that are shared out among them (FSDP) need.",
                "Make batch_size larger, or take trainer/launch/gpus.yaml.",
            )

    def gather(self) -> None:
        """Put weights that are shared out into the network that is not, in the first process; by all of them together."""
        state = self._gathered()
        if self.args.should_save:
            self._plain.load_state_dict(state)

    def _gathered(self) -> dict[str, Tensor]:
        """Of use in the first process."""
        shapes = {name: tensor.shape for name, tensor in self._plain.state_dict().items()}
        return gathered(self.model.network.state_dict(), shapes, self.args.should_save)

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Into a checkpoint; see _save."""
        if self.is_fsdp_enabled:
            self._save(output_dir, self._gathered())
        else:
            super().save_model(output_dir, _internal_call)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        """As one process would; Trainer would write weights that are shared out once more, all of them."""
        if not self.is_fsdp_enabled:
            super()._save_optimizer_and_scheduler(output_dir)
            return
        names = {weight: name for name, weight in self.model.network.named_parameters()}
        trained = [names[weight] for group in self.optimizer.param_groups for weight in group["params"]]
        shapes = [self._plain.get_parameter(name).shape for name in trained]
        moments = gathered_moments(self.optimizer, shapes, self.args.should_save)
        if self.args.should_save:
            torch.save(moments, Path(output_dir) / OPTIMIZER_NAME)
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if not self.is_fsdp_enabled or checkpoint is None:
            super()._load_optimizer_and_scheduler(checkpoint)
            return
        load_moments(self.optimizer, torch.load(Path(checkpoint) / OPTIMIZER_NAME, "cpu", weights_only=True))
        self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_NAME, weights_only=True))

    def _save(self, output_dir: str | None = None, state_dict: dict[str, Tensor] | None = None) -> None:
        """What was trained, and buffers, by the first process; the rest is where the run began."""
        if not self.args.should_save:
            return
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        network = self.accelerator.unwrap_model(self.model).network
        given = network.state_dict() if state_dict is None else state_dict
        state = {name.removeprefix("network."): tensor for name, tensor in given.items()}  # of Losses, from DeepSpeed
        buffers = {name for name, _ in network.named_buffers()}
        # Some modules write several parameters as one tensor.
        trained = {part for name in self.trained for part in (name, name.rpartition(".")[0])}
        kept = {name: tensor.contiguous() for name, tensor in state.items() if name in trained or name in buffers}
        save_file(kept, folder / WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        """The network had it before it came here."""


def load_trained(network: nn.Module, checkpoint: Path) -> None:
    """Put what a checkpoint holds into a network that has the rest."""
    network.load_state_dict(load_file(checkpoint / WEIGHTS), strict=False)


def _as_it_is(item: Any) -> Any:
    return item


def _left_to_their_parent(worker: int) -> None:
    """Signals that reach all processes of a terminal or a batch system end the run by its first process alone."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)


def training_arguments(recipe: Recipe, stage: Stage, steps: int, folder: Path) -> TrainingArguments:
    """The recipe in Trainer's words; in float32 where bfloat16 would be slower."""
    cuda = torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,  # one item is a whole step
        learning_rate=stage.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=stage.warmup_steps,
        lr_scheduler_type=recipe.lr_scheduler_type,
        max_grad_norm=recipe.max_grad_norm,
        bf16=recipe.bf16 and bfloat16_is_fast("cuda" if cuda else "cpu"),
        **({"gradient_checkpointing": True} if recipe.gradient_checkpointing else {}),
        use_cpu=not cuda,
        seed=recipe.seed,
        save_steps=recipe.save_steps,
        save_total_limit=recipe.save_total_limit,
        logging_strategy="no",
        logging_nan_inf_filter=False,  # it would wait for the device after each step
        report_to=[],
        disable_tqdm=True,
        ignore_data_skip=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )

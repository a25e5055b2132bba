"""One training run, carried by transformers.Trainer: data in memory, batches by step, a moving average, a run folder.

The run folder holds recipe.yaml, events.jsonl, tokenizer.json, checkpoint-N/ (to resume from) and model/ (the average).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors.torch import save_model
from tokenizers import Tokenizer
from torch.utils.data import DataLoader
from transformers import Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from rsvlm.models.families.compact import SPECIAL_TOKENS, Compact, CompactConfig
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer
from rsvlm.models.weights import save_compact
from rsvlm.trainer.batches import StepBatches
from rsvlm.trainer.images import read_squares
from rsvlm.trainer.objectives import Lessons
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.records import Record, read_caption_archive
from rsvlm.trainer.teacher import CHANNELS, teacher_maps

SIDE = 128  # pixels of the pictures kept in memory


class LessonTrainer(Trainer):
    """Trainer whose data set already makes whole batches, beginning at the step that it resumes from."""

    average: torch.optim.swa_utils.AveragedModel

    def get_train_dataloader(self) -> DataLoader:
        self.train_dataset.start = self.resumed_step
        return DataLoader(self.train_dataset, batch_size=None, num_workers=1, prefetch_factor=3)

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        outputs = model(**inputs)
        self.latest = {name: value.item() for name, value in outputs.items()}
        return (outputs["loss"], outputs) if return_outputs else outputs["loss"]

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        """Trainer saves no model that shares a tensor between two names, as a tied decoder does."""
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.model, str(folder / "model.safetensors"))


class RunLog(TrainerCallback):
    """Writes events.jsonl, keeps the moving average beside every checkpoint, and says how long it will take."""

    def __init__(self, folder: Path, trainer: LessonTrainer) -> None:
        self.folder, self.trainer = folder, trainer
        self.started, self.first = time.monotonic(), trainer.resumed_step

    def on_step_end(self, args, state, control, **kwargs) -> None:
        self.trainer.average.update_parameters(self.trainer.model)
        if state.global_step % 20 == 0:
            pace = (time.monotonic() - self.started) / (state.global_step - self.first)
            event = {"step": state.global_step, "seconds_per_step": round(pace, 3)}
            event |= {name: round(value, 4) for name, value in self.trainer.latest.items()}
            event["minutes_left"] = round(pace * (state.max_steps - state.global_step) / 60, 1)
            with (self.folder / "events.jsonl").open("a") as log:
                log.write(json.dumps(event) + "\n")

    def on_save(self, args, state, control, **kwargs) -> None:
        torch.save(self.trainer.average.state_dict(), self.folder / f"checkpoint-{state.global_step}" / "average.pt")
        save_compact(self.folder / "model", self.trainer.average.module.model, self.trainer.tokenizer_of_run)


def read_sources(recipe: Recipe, data: Path) -> tuple[list[Record], np.ndarray]:
    """All records of the recipe's sources and how often each is seen in an epoch."""
    records, repeats = [], []
    for source in recipe.sources:
        found = read_caption_archive(data / source.archive, source.split)
        records += found
        repeats += [source.repeat] * len(found)
    return records, np.array(repeats)


def cached_teacher(recipe: Recipe, data: Path, squares: np.ndarray, cache: Path) -> torch.Tensor:
    """The teacher's maps of all pictures, computed once and kept in the run folder."""
    if not cache.exists():
        maps = teacher_maps(data / recipe.teacher, squares)
        np.save(cache.with_suffix(".part.npy"), maps.numpy())
        cache.with_suffix(".part.npy").replace(cache)
    return torch.from_numpy(np.load(cache))


def train(recipe: Recipe, data: Path, run: Path) -> Path:
    """Run the recipe in the folder `run`, resuming what is there; returns the folder of the trained model."""
    run.mkdir(parents=True, exist_ok=True)
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe.model_dump(), sort_keys=False))
    torch.manual_seed(recipe.seed)
    records, repeats = read_sources(recipe, data)
    squares = read_squares(records, SIDE)
    scenes = sorted({record.meta["scene"] for record in records})
    config = CompactConfig(scenes=tuple(scenes))
    if not (run / "tokenizer.json").exists():
        texts = [tidy(caption) for record in records for caption in record.captions]
        train_tokenizer(texts, config.vocabulary, SPECIAL_TOKENS).save(str(run / "tokenizer.json"))
    tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
    batches = StepBatches(
        recipe,
        squares,
        [record.captions for record in records],
        [scenes.index(record.meta["scene"]) for record in records],
        repeats,
        cached_teacher(recipe, data, squares, run / "teacher.npy"),
        tokenizer,
    )
    lessons = Lessons(Compact(config), recipe.objectives, CHANNELS).to(memory_format=torch.channels_last)
    last = get_last_checkpoint(str(run))
    trainer = LessonTrainer(lessons, training_arguments(recipe, run), train_dataset=batches)
    trainer.tokenizer_of_run = tokenizer
    trainer.resumed_step = int(last.rpartition("-")[2]) if last else 0
    trainer.average = moving_average(lessons, recipe)
    if last:
        trainer.average.load_state_dict(torch.load(Path(last) / "average.pt", weights_only=True))
    trainer.add_callback(RunLog(run, trainer))
    trainer.train(resume_from_checkpoint=last)
    save_compact(run / "model", trainer.average.module.model, tokenizer)
    return run / "model"


def moving_average(model: torch.nn.Module, recipe: Recipe) -> torch.optim.swa_utils.AveragedModel:
    """An exponential moving average of weights and running statistics."""
    average = torch.optim.swa_utils.get_ema_multi_avg_fn(recipe.average)
    return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=average, use_buffers=True)


def training_arguments(recipe: Recipe, run: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(run),
        max_steps=recipe.steps,
        per_device_train_batch_size=1,  # one item is a whole batch
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        warmup_steps=recipe.warmup,
        lr_scheduler_type="cosine",
        max_grad_norm=1.0,
        bf16=True,
        use_cpu=not torch.cuda.is_available(),
        seed=recipe.seed,
        save_steps=recipe.save_every,
        save_total_limit=2,
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        ignore_data_skip=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )

"""One training run: pictures in memory, batches by step, a moving average, a folder that can be resumed.

The folder holds recipe.yaml, events.jsonl, tokenizer.json, checkpoint-N/ (to resume from) and model/ (the average).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import yaml
from tokenizers import Tokenizer
from transformers import TrainingArguments

from rsvlm.models.families.compact.network import SPECIAL_TOKENS, Compact, CompactConfig
from rsvlm.models.parts.tokenizer import tidy, train_tokenizer
from rsvlm.models.weights import save_compact
from rsvlm.trainer.batches import StepBatches
from rsvlm.trainer.carrier import Average, LessonTrainer, RunFolder
from rsvlm.trainer.images import read_squares
from rsvlm.trainer.objectives import Lessons
from rsvlm.trainer.recipe import Recipe
from rsvlm.trainer.records import Record, read_caption_archive
from rsvlm.trainer.teacher import CHANNELS, teacher_maps

SIDE = 128  # pixels of the pictures kept in memory


def train(recipe: Recipe, data: Path, run: Path) -> Path:
    """Run the recipe in the folder `run`, resuming what is there; returns the folder of the trained model.

    Raises RsvlmError (not_found) when data of the recipe is missing.
    """
    run.mkdir(parents=True, exist_ok=True)
    (run / "recipe.yaml").write_text(yaml.safe_dump(recipe.model_dump(), sort_keys=False))
    torch.manual_seed(recipe.seed)
    records, repeats = read_sources(recipe, data)
    scenes = sorted({record.meta["scene"] for record in records})
    config = CompactConfig(scenes=tuple(scenes))
    tokenizer = run_tokenizer(records, config.vocabulary, run / "tokenizer.json")
    squares = read_squares(records, SIDE)
    batches = StepBatches(
        recipe,
        squares,
        [record.captions for record in records],
        [scenes.index(record.meta["scene"]) for record in records],
        repeats,
        run_teacher(data / recipe.teacher, squares, run / "teacher.npy"),
        tokenizer,
    )
    lessons = Lessons(Compact(config), recipe.objectives.model_dump(), CHANNELS)
    lessons.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch knows it, its types do not
    last = last_checkpoint(run)
    first_step = step_of(last) if last else 0
    trainer = LessonTrainer(lessons, training_arguments(recipe, run), batches, first_step)
    average = Average(lessons, recipe.average)  # on the device that the trainer has moved the lessons to
    if last:
        average.load(last / "average.pt")
    trainer.add_callback(RunFolder(run, trainer, average, tokenizer))
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    save_compact(run / "model", average.model, tokenizer)
    return run / "model"


def step_of(checkpoint: Path) -> int:
    """The step after which a folder checkpoint-N was written."""
    return int(checkpoint.name.rpartition("-")[2])


def last_checkpoint(run: Path) -> Path | None:
    """The newest complete checkpoint: its average is written last, so one that a kill cut short has none."""
    return max((path.parent for path in run.glob("checkpoint-*/average.pt")), key=step_of, default=None)


def read_sources(recipe: Recipe, data: Path) -> tuple[list[Record], np.ndarray]:
    """All records of the recipe's sources, and how often each is seen in an epoch."""
    records: list[Record] = []
    repeats: list[float] = []
    for source in recipe.sources:
        found = read_caption_archive(data / source.archive, source.split)
        records += found
        repeats += [source.repeat] * len(found)
    return records, np.array(repeats)


def run_tokenizer(records: list[Record], vocabulary: int, path: Path) -> Tokenizer:
    """The tokenizer of this run: trained on its captions once, then read back."""
    if not path.exists():
        texts = [tidy(caption) for record in records for caption in record.captions]
        train_tokenizer(texts, vocabulary, SPECIAL_TOKENS).save(str(path))
    return Tokenizer.from_file(str(path))


def run_teacher(weights: Path, squares: np.ndarray, cache: Path) -> torch.Tensor:
    """The teacher's maps of all pictures: computed once, then read back."""
    if not cache.exists():
        part = cache.with_suffix(".part.npy")
        np.save(part, teacher_maps(weights, squares).numpy())
        part.replace(cache)
    return torch.from_numpy(np.load(cache))


def training_arguments(recipe: Recipe, run: Path) -> TrainingArguments:
    """The recipe in Trainer's words."""
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

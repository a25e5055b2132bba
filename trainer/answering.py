"""A model as files, asked about records: what it says beside what would be right, and the field's figures of that.

Knows records and predictors; nothing of training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rsvlm.models.cards import ModelCard
from rsvlm.models.families.compact.predictor import CompactPredictor
from rsvlm.models.learning import Example
from rsvlm.models.load import load_model
from rsvlm.models.predictors.abilities import Answers, ChangeAnswers, Predictor, Question
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.examples import example
from rsvlm.trainer.predictions import Prediction
from rsvlm.trainer.scoring import TASKS, Given, document

BATCH = 16
# How what is said of records of a task is scored: a task and a protocol of scoring.py.
SCORED = {
    "caption": ("caption", "coco"), "vqa": ("vqa", "exact"), "chat": ("vqa", "exact"), "classify": ("vqa", "exact"),
    "identify": ("vqa", "exact"), "change": ("change", "coco"),
}  # fmt: skip


@dataclass(frozen=True)
class Said:
    """pictures: as the model saw them, (H, W, 3) uint8. question: the last one. references: its right answers."""

    id: str
    task: str
    pictures: tuple[np.ndarray, ...]
    question: str
    references: tuple[str, ...]
    text: str

    def to_json(self) -> dict[str, object]:
        """A row of a file of predictions."""
        return {"id": self.id, "question": self.question, "prediction": self.text, "references": self.references}


def asked(card: ModelCard, records: Sequence[Record], side: int | None) -> list[Said]:
    """side: of the pictures that families see that take any. Raises RsvlmError: model_failed, bad_raster; bad_request for a
    model that does not talk.
    """
    predictor = load_model(card)
    if isinstance(predictor, CompactPredictor):
        side = card.input.pixels
    found = []
    for start in range(0, len(records), BATCH):
        examples = [example(record, side=side) for record in records[start : start + BATCH]]
        for one, text in zip(examples, _said(predictor, examples), strict=True):
            question = one.turns[-1][0] if one.turns else ""
            found.append(Said(one.id, one.task, one.pictures, question, one.answers, text))
    return found


def _said(predictor: Predictor, examples: Sequence[Example]) -> list[str]:
    pictures = [one.pictures[0] for one in examples]
    if isinstance(predictor, CompactPredictor):
        return [caption.text for caption in predictor.captions(predictor.encode(np.stack(pictures)))]
    questions = [Question(one.turns[-1][0], one.turns[:-1]) if one.turns else Question("") for one in examples]
    if all(len(one.pictures) == 2 for one in examples) and isinstance(predictor, ChangeAnswers):
        pairs = predictor.encode(pictures, [one.pictures[1] for one in examples])
        return [reply.text for reply in predictor.ask(pairs, questions)]
    if not isinstance(predictor, Answers):
        raise RsvlmError("bad_request", f"The model {predictor.card.id} does not talk.", "Take the metric loss.")
    return [reply.text for reply in predictor.ask(predictor.encode(pictures), questions)]


def figures_of(said: Sequence[Said]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Figures by name and their 95 % intervals; with the task before the name where there are several tasks."""
    figures: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    tasks = dict.fromkeys(one.task for one in said if one.task in SCORED and one.references)
    for name in tasks:
        task, protocol = SCORED[name]
        rows = [Prediction(one.id, one.text, one.references) for one in said if one.task == name and one.references]
        found = document(TASKS[task][protocol](rows, Given(protocol, Path(), None)))
        begins = f"{name} " if len(tasks) > 1 else ""
        figures |= {f"{begins}{figure}": value for figure, value in found["metrics"].items()}
        intervals |= {f"{begins}{figure}": bounds for figure, bounds in found["ci95"].items()}
    return figures, intervals


def write_predictions(path: Path, said: Sequence[Said]) -> None:
    """A file that “rsvlm eval --predictions” scores again."""
    part = path.with_suffix(".part")
    part.write_text("".join(json.dumps(one.to_json()) + "\n" for one in said), "utf-8")
    part.replace(path)

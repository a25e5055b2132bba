"""A model as files, asked about records: what it says beside what would be right, and the field's figures of that.

Knows records and models; nothing of training.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.models.cards import ModelCard
from rsvlm.models.load import load_model
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.examples import conversation
from rsvlm.trainer.measuring import spec_of
from rsvlm.trainer.measuring.asking import Setting, measure_of
from rsvlm.trainer.scoring import score_file

SCORED = {
    "caption": "coco",
    "vqa": "exact",
    "change": "coco",
}  # tasks that are answered in words, and how they are scored


@dataclass(frozen=True)
class Said:
    """row: of a file of predictions, with "id", "prediction" and "references"."""

    record: Record
    row: dict[str, Any]

    @property
    def question(self) -> str:
        turns, _ = conversation(self.record.messages, 0)
        return turns[-1][0] if turns else ""

    @property
    def text(self) -> str:
        return str(self.row["prediction"])

    @property
    def references(self) -> list[str]:
        return [str(text) for text in self.row["references"]]


def asked(card: ModelCard, records: Sequence[Record]) -> list[Said]:
    """What is asked of each record, and what is kept of the answer, is as “rsvlm eval” does it.

    Raises RsvlmError: model_failed, bad_raster; bad_request for a model that cannot do any of the records' tasks in words.
    """
    predictor = load_model(card)
    found: list[Said] = []
    for task, protocol in SCORED.items():
        if spec_of(task, protocol).ability.task in card.tasks:
            measure = measure_of(task, Setting(predictor, protocol, lambda: iter(records)))
            found += [Said(record, row) for batch in measure.answered(records) for record, row in batch]
    if not found:
        raise RsvlmError(
            "bad_request",
            f"The model {card.id} answers none of the validation's records in words.",
            "Take the metric loss.",
        )
    return found


def figures_of(said: Sequence[Said]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Figures by name and their 95 % intervals; with the task before the name where there are several tasks."""
    figures: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="rsvlm-") as folder:
        files = write_predictions(Path(folder), said)
        for task, file in files.items():
            found = score_file(task, file, SCORED[task])
            begins = f"{task} " if len(files) > 1 else ""
            figures |= {f"{begins}{figure}": value for figure, value in found["metrics"].items()}
            intervals |= {f"{begins}{figure}": bounds for figure, bounds in found["ci95"].items()}
    return figures, intervals


def write_predictions(folder: Path, said: Sequence[Said]) -> dict[str, Path]:
    """predictions-TASK.jsonl of each task, which “rsvlm eval --predictions” scores again."""
    files = {}
    for task in dict.fromkeys(one.record.task for one in said):
        files[task] = folder / f"predictions-{task}.jsonl"
        part = files[task].with_suffix(".part")
        lines = (json.dumps(one.row, ensure_ascii=False) + "\n" for one in said if one.record.task == task)
        part.write_text("".join(lines), "utf-8")
        part.replace(files[task])
    return files

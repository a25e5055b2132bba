"""A model as files, asked about records: what it says beside what would be right, and the field's figures of that.

Knows records and models; nothing of training.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rsvlm.models.cards import ModelCard
from rsvlm.models.load import load_model
from rsvlm.models.predictors.abilities import Predictor
from rsvlm.protocol import Record, RsvlmError
from rsvlm.trainer.examples import conversation
from rsvlm.trainer.measuring import spec_of
from rsvlm.trainer.measuring.asking import Measure, Setting, measure_of
from rsvlm.trainer.scoring import score_file

PREDICTIONS = "predictions-"  # and the task: how files of them begin


class Scoring(NamedTuple):
    """protocol: of “rsvlm eval”; figure: the one that stands for all that it gives."""

    protocol: str
    figure: str


SCORED = {
    "caption": Scoring("coco", "CIDEr"),
    "vqa": Scoring("exact", "OA"),
    "change": Scoring("coco", "CIDEr"),
    "segment": Scoring("masks", "mIoU"),
    "ground": Scoring("boxes", "Acc@0.5"),
}  # tasks whose answers are scored


@dataclass(frozen=True)
class Said:
    """row: of a file of predictions, with "id", "prediction" and "references" or "reference"."""

    record: Record
    row: dict[str, Any]

    @property
    def is_drawn(self) -> bool:
        """Whether the answer is a mask or boxes."""
        return "phrase" in self.row

    @property
    def question(self) -> str:
        turns, _ = conversation(self.record.messages, 0)
        return str(self.row.get("phrase", turns[-1][0] if turns else ""))

    @property
    def text(self) -> str:
        """Words; "" of a model that only draws."""
        return str(self.row.get("said", "" if self.is_drawn else self.row["prediction"]))

    @property
    def references(self) -> list[str]:
        """Right answers in words."""
        return [] if self.is_drawn else [str(text) for text in self.row["references"]]


def asked(card: ModelCard, records: Sequence[Record]) -> list[Said]:
    """What is asked of each record, and what is kept of the answer, is as “rsvlm eval” does it.

    Raises RsvlmError: model_failed, bad_raster; bad_request for a model that cannot do any of the records' tasks.
    """
    predictor = load_model(card)
    found: list[Said] = []
    for task in _tasks(records):
        if able(card, task):
            own = [record for record in records if record.task == task]
            answered = _measure(task, predictor, own).answered(own)
            found += [Said(record, row) for batch in answered for record, row in batch]
    if not found:
        raise RsvlmError(
            "bad_request",
            f"The model {card.id} answers none of the validation's records.",
            "Take the metric auto, or loss.",
        )
    return found


def main_figure(card: ModelCard, records: Sequence[Record]) -> str | None:
    """The figure that stands for all, where the records are of one task and the model can be asked about each of them."""
    tasks = {record.task for record in records}
    task = tasks.pop()
    if tasks or task not in SCORED or not able(card, task):
        return None
    measure = _measure(task, load_model(card), records)
    return SCORED[task].figure if all(measure.items(record) for record in records) else None


def able(card: ModelCard, task: str) -> bool:
    return spec_of(task, SCORED[task].protocol).ability.task in card.tasks


def _measure(task: str, predictor: Predictor, records: Sequence[Record]) -> Measure:
    return measure_of(task, Setting(predictor, SCORED[task].protocol, lambda: iter(records)))


def _tasks(records: Sequence[Record]) -> list[str]:
    """Those of the records that are scored."""
    return [task for task in dict.fromkeys(record.task for record in records) if task in SCORED]


def figures_of(said: Sequence[Said]) -> tuple[dict[str, float], dict[str, list[float]]]:
    """Of all records: figures by name and their 95 % intervals; with the task before the name where there are several tasks."""
    figures: dict[str, float] = {}
    intervals: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="rsvlm-") as folder:
        files = write_predictions(Path(folder), said)
        for task, file in files.items():
            found = score_file(task, file, SCORED[task].protocol)
            begins = f"{task} " if len(files) > 1 else ""
            figures |= {f"{begins}{figure}": value for figure, value in found["metrics"].items()}
            intervals |= {f"{begins}{figure}": bounds for figure, bounds in found["ci95"].items()}
    return figures, intervals


def write_predictions(folder: Path, said: Sequence[Said], whole: bool = True) -> dict[str, Path]:
    """predictions-TASK.jsonl of each task, which “rsvlm eval --predictions” scores again.

    whole: whether all records were asked about; else samples-TASK.jsonl, for no score of some is that of all.
    """
    files = {}
    for task in dict.fromkeys(one.record.task for one in said):
        files[task] = folder / f"{PREDICTIONS if whole else 'samples-'}{task}.jsonl"
        part = files[task].with_suffix(".part")
        lines = (json.dumps(one.row, ensure_ascii=False) + "\n" for one in said if one.record.task == task)
        part.write_text("".join(lines), "utf-8")
        part.replace(files[task])
    return files


def predictions_in(folder: Path) -> dict[str, Path]:
    """Those that write_predictions left of all records: task -> file."""
    return {file.stem.removeprefix(PREDICTIONS): file for file in sorted(folder.glob(f"{PREDICTIONS}*.jsonl"))}

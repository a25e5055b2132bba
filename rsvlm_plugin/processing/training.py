"""A training run in a folder: what is asked of `rsvlm train`, and what its events say while it runs. Knows no parameters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional, Sequence, Set, Tuple

from qgis.core import QgsProcessingFeedback

from ...protocol import RsvlmError
from ..environment.waiting import run
from ..translation import tr

Kinds = Set[Tuple[str, str]]  # split and task of records
EVENTS, BEST = "events.jsonl", "best"
MOST_HELD = 200  # records that are asked about at each look
# Of the event “step”, what is no loss.
FIGURES = ("event", "step", "shortened", "left_out", "seconds_per_step", "waiting_for_data", "minutes_left")


def begun(folder: Path) -> str:
    """The recipe of the run in a folder. Raises RsvlmError (not_found)."""
    recipe = folder / "recipe.yaml"
    if not recipe.is_file():
        raise RsvlmError(
            "not_found",
            tr("There is no run in {folder}.").format(folder=folder),
            tr("Choose the folder of a run, or switch off “{switch}”.").format(
                switch=tr("Go on with the run in the folder")
            ),
        )
    return str(recipe)


def overrides(folder: Path, name: str, steps: Optional[int], model: str, files: Sequence[Path]) -> List[str]:
    """What replaces settings of the recipe, as `rsvlm train` takes it. files: of records, whole paths; [] = the recipe's data.

    Raises RsvlmError (bad_request, not_found) where no file holds a record to train on.
    """
    changed = [f"output_dir={json.dumps(str(folder))}"]
    if model:
        changed.append(f"model={json.dumps({'id': model})}")
    if name:
        changed.append(f"id={json.dumps(name)}")
    if steps is not None:
        changed += [f"max_steps={steps}", f"logging_steps={max(1, steps // 100)}"]
    if files:
        kinds = [_kinds(path) for path in files]
        data = _sources(files, kinds, "train")
        if not data:
            raise RsvlmError(
                "bad_request",
                tr("There is no record of the split “train” in {names}.").format(
                    names=", ".join(path.name for path in files)
                ),
                tr("Give records that were made for training."),
            )
        changed += [f"data={json.dumps(data)}", f"validation={json.dumps(_validation(files, kinds))}"]
    return changed


def _sources(files: Sequence[Path], kinds: Sequence[Kinds], split: str) -> List[Dict[str, Any]]:
    """Of a recipe: the files that have records of a split."""
    having = [path for path, found in zip(files, kinds) if any(name == split for name, _task in found)]
    return [{"path": str(path), "format": "records", "split": split} for path in having]


def _validation(files: Sequence[Path], kinds: Sequence[Kinds]) -> Optional[Dict[str, Any]]:
    """Records of the split val, where there are any; by which figure is for the run to choose, who knows the model."""
    held = [{**source, "limit": MOST_HELD} for source in _sources(files, kinds, "val")]
    return {"data": held, "metric": "auto"} if held else None


def _kinds(path: Path) -> Kinds:
    """Raises RsvlmError (not_found, bad_request)."""
    found: Kinds = set()
    try:
        with path.open(encoding="utf-8") as file:
            for line in filter(str.strip, file):
                record = json.loads(line)
                found.add((record["split"], record["task"]))
    except OSError:
        raise RsvlmError(
            "not_found", tr("The file {path} cannot be read.").format(path=path), tr("Check the path.")
        ) from None
    except (ValueError, KeyError, TypeError):
        raise RsvlmError(
            "bad_request",
            tr("{path} is no file of records.").format(path=path),
            tr("Give the records.jsonl of a dataset, or a file of corrections."),
        ) from None
    return found


class Training:
    """folder: of the run. resume: go on with what is there."""

    def __init__(self, folder: Path, feedback: QgsProcessingFeedback, resume: bool) -> None:
        self._folder, self._feedback, self._resume = folder, feedback, resume
        self._events = folder / EVENTS
        self._read = self._events.stat().st_size if self._events.is_file() else 0
        self._step, self._steps = 0, 0

    def run(self, recipe: str, changed: Sequence[str], device: str) -> Dict[str, Any]:
        """What `rsvlm train --json` tells in the end; "steps" alone where it was stopped and ended without a word.

        Raises RsvlmError with the sentence that it ended with.
        """
        words = ["train", recipe, *changed, *(["--resume"] if self._resume else [])]
        self._feedback.setProgressText(tr("Loading the model"))
        ran = run(words, self._feedback, lambda done, total: None, self._look, device)
        told = ran.document or {"steps": self._step}
        if ran.stopped and not told.get("whole"):
            self._feedback.pushInfo(self._stopped(told) if ran.document else self._silent())
        elif told.get("installed"):
            self._feedback.pushInfo(tr("The model {model} is among your models.").format(model=told["installed"]))
        return told

    def _stopped(self, told: Dict[str, Any]) -> str:
        if not told.get("steps"):
            return tr("Stopped before the first step; there is nothing to keep.")
        text = tr(
            "Stopped after step {step}. What was learnt is kept in {folder}; switch on “{switch}” to go on from there."
        )
        return text.format(step=told["steps"], folder=self._folder, switch=tr("Go on with the run in the folder"))

    def _silent(self) -> str:
        """Of a command that told nothing: it left before its first step, or was ended by force after this."""
        held = self._held()
        if not self._step and not held:
            return tr("Stopped before the first step; there is nothing to keep.")
        ended = tr("Stopped before another step.")
        if self._step:
            ended = tr("The training was ended by force after step {step}.").format(step=self._step)
        if not held:
            return ended + " " + tr("There is nothing to keep.")
        ended += " " + tr("{folder} holds {names}.").format(folder=self._folder, names=", ".join(held))
        if held == [BEST]:
            return ended
        go_on = tr("Switch on “{switch}” to go on from the last checkpoint.")
        return ended + " " + go_on.format(switch=tr("Go on with the run in the folder"))

    def _held(self) -> List[str]:
        """Checkpoints that are whole, and the best model: paths within the folder."""
        whole = [mark.parent.relative_to(self._folder) for mark in self._folder.glob("stage-*/checkpoint-*/whole")]
        whole.sort(key=lambda path: [int(name.rpartition("-")[2]) for name in path.parts])
        best = [BEST] if (self._folder / BEST).is_dir() else []
        return [*(path.as_posix() for path in whole), *best]

    def _look(self) -> None:
        for event in self._new():
            self._tell(event)

    def _new(self) -> Iterator[Dict[str, Any]]:
        """Events that were written since the last look."""
        if not self._events.is_file():
            return
        with self._events.open("rb") as file:
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self._read += len(line)
                yield json.loads(line)

    def _tell(self, event: Dict[str, Any]) -> None:
        kind, step = event["event"], int(event["step"])
        if kind in ("step", "checkpoint"):
            self._step = step
        if kind == "stage":
            self._steps = int(event["of"])
            self._share(step)
            self._feedback.setProgressText(tr("Step {step} of {steps}").format(step=step, steps=self._steps))
        elif kind == "step":
            losses = ", ".join(f"{name} {value:.3f}" for name, value in event.items() if name not in FIGURES)
            self._share(step)
            text = tr("Step {step} of {steps}, loss: {losses}, about {minutes} min left")
            minutes = f"{event['minutes_left']:g}"
            self._feedback.setProgressText(text.format(step=step, steps=self._steps, losses=losses, minutes=minutes))
        elif kind == "eval":
            shown = dict.fromkeys(name for name in (event["metric"], "loss") if name in event)
            figures = ", ".join(f"{name} {event[name]:.3f}" for name in shown)
            self._feedback.pushInfo(
                tr("Held-out records after step {step}: {figures}").format(step=step, figures=figures)
            )
        elif kind == "best":
            text = tr("The best model so far: {metric} {value}")
            self._feedback.pushInfo(text.format(metric=event["metric"], value=f"{event['value']:.3f}"))

    def _share(self, step: int) -> None:
        if self._steps:
            self._feedback.setProgress(100 * step / self._steps)

"""How good a model is at a task, on records of any format: asked in batches, its answers kept as they come, then scored.

What was kept is a file of predictions, of which scoring.py gives the same figures at any time. Memory holds one batch of
pictures and, while figures are counted, the words of all items.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rsvlm.models.pool import Models
from rsvlm.models.predictors.abilities import Predictor
from rsvlm.protocol import RsvlmError, Watch
from rsvlm.trainer.formats.reading import Source
from rsvlm.trainer.measuring import spec_of
from rsvlm.trainer.measuring.asking import BATCH, Setting, measure_of
from rsvlm.trainer.measuring.data import ALL, Data
from rsvlm.trainer.records import Writer
from rsvlm.trainer.scoring import protocol_of, score_file


@dataclass(frozen=True)
class Beside:
    """What a task may need beside its data. vocabulary: of levir-cc-ids. templates: of zeroshot, sentences that name a class.

    library: of rag; models: those that its vectors need.
    """

    vocabulary: Path | None = None
    templates: Path | None = None
    library: Path | None = None
    models: Models | None = None


@dataclass(frozen=True)
class Kept:
    """Where predictions are kept. path: None = nowhere. overwrite: whether a file that is there may be replaced."""

    path: Path | None = None
    overwrite: bool = False


def evaluate(
    task: str,
    data: Data,
    predictor: Predictor,
    protocol: str | None = None,
    limit: int | None = None,
    kept: Kept = Kept(),
    beside: Beside = Beside(),
    watch: Watch = Watch(),  # noqa: B008 # it listens to nothing
) -> dict[str, Any]:
    """{"task", "protocol", "data", "split", "model", "revision", "n", "metrics", "ci95", ...}; "warning" where there
    is one of the data's.

    limit: of the records that the task takes, the first ones. Stopped, the same evaluation with the same file of predictions
    goes on where it was. Raises RsvlmError: bad_request for a protocol that is none, a model that cannot do the task, data
    that has nothing for it; not_found, bad_raster; cancelled; what the model raises.
    """
    name = protocol_of(task, protocol)
    templates = read_templates(beside.templates) if beside.templates else ()
    own = predictor.until(watch.cancelled)
    setting = Setting(own, name, lambda: data.records(data.source()), templates, beside.library, beside.models)
    measure = measure_of(task, setting)
    source = data.source()
    with ExitStack() as stack:
        path = kept.path or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "predictions.jsonl"
        if not path.parent.is_dir():
            raise RsvlmError("not_found", f"The folder {path.parent} does not exist.", "Create it first.")
        card = predictor.card
        job = f"eval {task} {name} {data.job} {limit} {card.id} {card.revision} {templates} {beside.library}"
        with Writer(path, job, kept.overwrite) as writer:
            watch.check()
            for batch in measure.answered(data.records(source), limit, writer.written):
                for _, row in batch:
                    writer.put(row)
                writer.keep()
                watch.progress(writer.written, writer.written + BATCH, "Measuring")
                watch.check()
            if not writer.written:
                raise _nothing(task, spec_of(task, name).takes, data, source)
        scored = score_file(task, path, name, vocabulary=beside.vocabulary)
    about = {"data": data.path.name, "split": data.part or ALL, "model": card.id, "revision": card.revision}
    lost: dict[str, Any] = {"left_out": dict(source.left_out)} if source.left_out else {}
    lost |= {"warning": data.warning} if data.warning else {}
    return {"task": task, "protocol": name, **about, **{key: scored[key] for key in scored if key != "data"}, **lost}


def read_templates(file: Path) -> tuple[str, ...]:
    """Sentences that name a class, one in a line, {} where its name stands. Raises RsvlmError: not_found, bad_request."""
    try:
        found = tuple(line.strip() for line in file.read_text("utf-8-sig").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError) as error:
        raise RsvlmError("not_found", f"{file} cannot be read.", "Give a text file.") from error
    wrong = next((line for line in found if line.count("{}") != 1), "" if found else "(it is empty)")
    if wrong or not found:
        raise RsvlmError(
            "bad_request", f"{file.name} has a line that names no class: {wrong}", "Write {} once in each line."
        )
    return found


def _nothing(task: str, takes: str, data: Data, source: Source) -> RsvlmError:
    why = next((f" {count} rows were left out: {reason}." for reason, count in source.left_out.most_common(1)), "")
    split = f" in the split “{data.part}”" if data.part else ""
    return RsvlmError(
        "bad_request",
        f"{data.path.name} has nothing{split} to measure “{task}” on.{why}",
        f"It takes {takes}; “rsvlm data stats” tells what is there.",
    )

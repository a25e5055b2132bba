"""Files of predictions: what a model said of each item, and what would have been right.

JSON (a list, or an object with such a list) or JSON Lines. A row's fields may have any of the names that releases use, such
as EarthDial's `answer` with `caption0` to `caption4`, and DeltaVLM's `caption` with `captions`. Knows files and names of
fields; what a value means is for who scores it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rsvlm.protocol import RsvlmError

IDS = ("id", "image_id", "question_id", "filename")
SAID = ("prediction", "hypothesis", "answer", "caption")
TRUE = ("references", "captions", "reference", "truth", "annotation", "ground_truth", "gt_bbox", "answer")
KINDS = ("type", "vqa_type", "task_type")
ROWS = ("items", "predictions")  # names of the list in an object
HINT = "Give JSON or JSON Lines with id, prediction and references in every row."


@dataclass(frozen=True)
class Prediction:
    """said: what the model gave, "" where the file has null; references: all that would have been right, none where the file has
    none, or null.

    kind: of the question, "" where the file says none. changed: the flag of a pair of dates, None without one. row: all that
    the file says of it. by_order: whether its references were taken by its place in the file, as no id led to them.
    """

    id: str
    said: Any
    references: tuple[Any, ...]
    kind: str = ""
    changed: bool | None = None
    row: Mapping[str, Any] = field(default_factory=dict)
    by_order: bool = False


def read_predictions(file: Path, references: Path | None = None) -> list[Prediction]:
    """Rows of a file, in its order; references of another file, found by id, or by order where the ids are not its own.

    Raises RsvlmError (not_found, bad_request) for a file that cannot be read, has no rows, or lacks what is needed.
    """
    content = _load(file)
    rows = _rows(content, file)
    if references is None and isinstance(content, dict) and isinstance(content.get("truth"), list):
        truth: list[Any] | None = content["truth"]
    else:
        truth = _rows(_load(references), references) if references else None
    found = [_prediction(row, number, file, truth is not None) for number, row in enumerate(rows)]
    if truth is not None:
        found = _joined(found, truth, references or file)
    if any(not prediction.references for prediction in found):
        raise RsvlmError("bad_request", f"{file.name} has rows without references.", f"{HINT} Or name --references.")
    return found


def read_vocabulary(file: Path) -> dict[str, int]:
    """A released word map: word -> number. Raises RsvlmError (not_found, bad_request)."""
    content = _load(file)
    content = content.get("word_map", content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not all(isinstance(number, int) for number in content.values()):
        raise RsvlmError(
            "bad_request", f"{file.name} is no vocabulary.", "Give JSON that maps each word to its number."
        )
    return content


def _load(file: Path) -> Any:
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RsvlmError("not_found", f"{file} cannot be read.", HINT) from error
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.split("\n") if line.strip()]
    except ValueError as error:
        raise RsvlmError("bad_request", f"{file.name} is neither JSON nor JSON Lines.", HINT) from error


def _rows(content: Any, file: Path) -> list[Any]:
    if isinstance(content, dict):
        named = [content[name] for name in ROWS if isinstance(content.get(name), list)]
        content = named[0] if named else [content]
    if not isinstance(content, list) or not content or not all(isinstance(row, dict) for row in content):
        raise RsvlmError("bad_request", f"{file.name} has no rows of predictions.", HINT)
    return content


def _prediction(row: Mapping[str, Any], number: int, file: Path, elsewhere: bool) -> Prediction:
    """elsewhere: whether the references come from another place."""
    said = next((name for name in SAID if name in row), None)
    if said is None:
        raise RsvlmError("bad_request", f"Row {number + 1} of {file.name} has no prediction.", HINT)
    name = next((name for name in IDS if name in row), None)
    flag = row.get("changeflag")
    return Prediction(
        id=str(row[name]) if name else str(number),
        said="" if row[said] is None else row[said],
        references=() if elsewhere else _references(row, said),
        kind=_kind(row),
        changed=None if flag is None else bool(flag),
        row=row,
    )


def _references(row: Mapping[str, Any], said: str) -> tuple[Any, ...]:
    """Of fields that hold many, each; of one that holds one, it; else those that are numbered."""
    for name in TRUE:
        value = None if name == said else row.get(name)
        if value is not None:
            many = name in ("references", "captions") and isinstance(value, list)
            return tuple(one for one in value if one is not None) if many else (value,)
    numbered = sorted(name for name in row if re.fullmatch(r"(caption|reference)_?\d+", name))
    return tuple(row[name] for name in numbered if row[name] is not None)


def _kind(row: Mapping[str, Any]) -> str:
    return str(next((row[name] for name in KINDS if row.get(name) is not None), ""))


def _joined(found: Sequence[Prediction], truth: Sequence[Any], file: Path) -> list[Prediction]:
    """Predictions with the references, kinds and flags of other rows, each of which holds fields or is the reference."""
    matched = _matched(found, truth)
    if matched is None and len(truth) != len(found):
        told = f"{file.name} has {len(truth)} references for {len(found)} predictions, and other ids."
        raise RsvlmError("bad_request", told, "Give a file with the same ids, or with as many rows in the same order.")
    rows = truth if matched is None else matched
    joined = [_with_references(prediction, row) for prediction, row in zip(found, rows, strict=True)]
    return [replace(prediction, by_order=matched is None) for prediction in joined]


def _matched(found: Sequence[Prediction], truth: Sequence[Any]) -> list[Any] | None:
    """The true row of each prediction, by ids of a name that both have, else by the first id of each; None where none leads
    from every prediction to one row.
    """
    shared = [name for name in IDS if all(name in prediction.row for prediction in found)]
    ways = [([str(prediction.row[name]) for prediction in found], (name,)) for name in shared]
    for ids, names in [*ways, ([prediction.id for prediction in found], IDS)]:
        by_id = {_id(row, names): row for row in truth}
        if len(by_id) == len(truth) and None not in by_id and by_id.keys() >= set(ids):
            return [by_id[own] for own in ids]
    return None


def _id(row: Any, names: Sequence[str]) -> str | None:
    """The first that a row has of these names; None for a row that is the reference itself."""
    return next((str(row[name]) for name in names if name in row), None) if isinstance(row, dict) else None


def _with_references(prediction: Prediction, row: Any) -> Prediction:
    """row: fields, or the reference itself."""
    fields = row if isinstance(row, Mapping) else {}
    references = _references(fields, "")
    if not references and not fields.keys() & set(TRUE):
        own = fields.get("caption", row)
        references = () if own is None else (own,)
    changed = bool(fields["changeflag"]) if fields.get("changeflag") is not None else prediction.changed
    return replace(prediction, references=references, kind=_kind(fields) or prediction.kind, changed=changed)

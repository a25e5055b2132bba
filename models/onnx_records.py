"""What onnxruntime can run of a model on this machine: files made here from its weights, and the record of how they did.

They lie in the folder of the application, below the model's revision and the device. The record tells which of them is used, and
their checksums: another file is never run. Imports neither torch nor onnxruntime.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from rsvlm.models.cards import ModelCard
from rsvlm.models.folders import home
from rsvlm.models.stages import new_stage
from rsvlm.protocol import RsvlmError, moved

RECORD = "record.json"
ENDING = ".onnx"
DEVICES = ("cpu", "cuda")


@dataclass(frozen=True)
class Tried:
    """How a model did on onnxruntime, held against torch on the same pictures.

    seconds: for one picture, and torch_seconds of torch, measured in turns. cosine: the smallest between the embeddings of a
    picture. iou: of the masks of all pictures; None for a model that draws none.
    """

    precision: str
    seconds: float
    torch_seconds: float
    cosine: float
    iou: float | None

    @property
    def times(self) -> float:
        """How many times as fast as torch."""
        return self.torch_seconds / self.seconds


@dataclass(frozen=True)
class OnnxRecord:
    """used: the precision that takes torch's place; None where torch stays. files: their checksums by name."""

    model: str
    revision: str
    device: str
    used: str | None
    tried: tuple[Tried, ...]
    files: dict[str, str]


def onnx_folder(card: ModelCard, device: str) -> Path:
    """Where a model's files for a device lie, if there are any."""
    return home() / "onnx" / f"{card.id}-{card.revision}-{device}"


def read_record(card: ModelCard, device: str) -> OnnxRecord | None:
    """None where nothing was exported. Raises RsvlmError (model_failed) for a record that is broken or of something else."""
    try:
        text = (onnx_folder(card, device) / RECORD).read_bytes()
    except OSError:
        return None
    try:
        record = TypeAdapter(OnnxRecord).validate_json(text)
    except ValidationError as error:
        raise _strange(card) from error
    if (record.model, record.revision, record.device) != (card.id, card.revision, device):
        raise _strange(card)
    return record


def read_onnx(card: ModelCard, record: OnnxRecord, name: str) -> bytes:
    """The file of the used precision that is called `name`. Raises RsvlmError (model_failed) where it is not as recorded."""
    return _content(card, record, f"{name}-{record.used}{ENDING}")


def keep(record: OnnxRecord, made: Path, card: ModelCard) -> None:
    """Move the files in `made` to their place, and leave out those of other revisions. Raises RsvlmError (unavailable)."""
    place = onnx_folder(card, record.device)
    try:
        (made / RECORD).write_text(json.dumps(asdict(record), indent=1) + "\n", "utf-8")
        for old in place.parent.glob(f"{card.id}-????????????-{record.device}"):
            shutil.rmtree(old)
        moved(made, place)
    except OSError as error:
        raise closed(place) from error


def workplace() -> Path:
    """A new folder beside those of the models. Raises RsvlmError (unavailable)."""
    folder = home() / "onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return new_stage(folder, "making")
    except OSError as error:
        raise closed(folder) from error


def closed(folder: Path) -> RsvlmError:
    return RsvlmError(
        "unavailable",
        f"The folder {folder} cannot be written, or a file in it is in use.",
        "Stop the backend, or free it.",
    )


def told(card: ModelCard) -> str:
    """What runs the convolutions of a model on this machine, in words."""
    found = {device: _told(card, device) for device in DEVICES if onnx_folder(card, device).exists()}
    return ", ".join(f"{device}: {words}" for device, words in found.items()) or "torch"


def _told(card: ModelCard, device: str) -> str:
    try:
        record = read_record(card, device)
        if record is None or record.used is None:
            return "torch"
        for file in record.files:
            _content(card, record, file)
    except RsvlmError as error:
        return f"torch. {error.message} {error.hint}"
    used = next(tried for tried in record.tried if tried.precision == record.used)
    return f"onnxruntime {used.precision}, {used.times:.1f} times as fast as torch"


def _content(card: ModelCard, record: OnnxRecord, file: str) -> bytes:
    try:
        content = (onnx_folder(card, record.device) / file).read_bytes()
    except OSError as error:
        raise _strange(card) from error
    if hashlib.sha256(content).hexdigest() != record.files.get(file):
        raise _strange(card)
    return content


def _strange(card: ModelCard) -> RsvlmError:
    return RsvlmError(
        "model_failed",
        f"The files of {card.id} for onnxruntime are not those that were made here.",
        f"Make them again: rsvlm models export {card.id}",
    )

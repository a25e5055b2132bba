"""Bring in a model that lies in a folder, or released weights: a folder of our own with safetensors and a card.

Weights are read by converting.py, in a process of its own, because a .pt or .pth file is a pickle. No torch here.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess  # nosec B404 # this interpreter, on a module of ours
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tomlkit

from rsvlm.models.cards import CARD, ModelCard, Source, files_in, load_cards, valid_id
from rsvlm.models.families.geoclip.releases import known_release
from rsvlm.models.folders import models_folder
from rsvlm.models.releases import READABLE, Release, named_weights, readable, release_of
from rsvlm.models.safety import check_folder
from rsvlm.models.stages import new_stage
from rsvlm.protocol import RsvlmError, moved

logger = logging.getLogger(__name__)

SECRET = ("TOKEN", "KEY", "SECRET", "PASSWORD")  # in names of environment variables


@dataclass(frozen=True)
class Report:
    """How the weights that were read compare with those that the family wants. Shapes as lists of numbers.

    missing, unexpected: keys; other_shape: {"key", "found", "expected"}.
    """

    missing: list[str]
    unexpected: list[str]
    other_shape: list[dict[str, Any]]

    @property
    def fits(self) -> bool:
        """Keys that nobody asks for do no harm and are left out; the others do."""
        return not self.missing and not self.other_shape

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Wish:
    """What the user says of the model: its id and family, and what its card says to others."""

    id: str
    family: str
    title: str
    licence: str
    terms: str


def import_model(path: Path, wish: Wish) -> tuple[Report, ModelCard | None]:
    """path: a folder with config.json, tokenizer.json and weights (one file, or those that an index names, or an adapter and
    what was trained beside it), or a file of weights with these two beside it; or the folder of a family that is released in
    many places or taken as it is.

    Returns how the weights fit, and the new card; None, and nothing is brought in, where they do not fit.
    Raises RsvlmError: bad_request (id, files), model_failed (what lies there is broken, refused or holds code).
    """
    _check_id(wish.id)
    release = release_of(wish.family)
    weights = path if release.lies_in(path) or release.as_it_is else _weights(path, release)
    try:
        models_folder().mkdir(parents=True, exist_ok=True)
        stage = new_stage(models_folder(), "import")
    except OSError as error:
        raise _closed() from error
    try:
        if release.as_it_is:
            found = release.function("take_in")(path, stage, wish.id)
        else:
            _copy_texts(weights, stage, wish, release)
            found = _convert(weights, stage, wish.family)
        report = Report(**found["report"])
        if not report.fits:
            return report, None
        card = _write_card(stage, wish, found["card"], found.get("files"))
        try:
            moved(stage, card.folder)
        except OSError as error:
            if not card.folder.exists():
                raise _closed() from error
            raise RsvlmError(
                "bad_request", f"There is a folder {card.folder} already.", "Take another --id, or remove that folder."
            ) from error
        return report, card
    finally:
        shutil.rmtree(stage, ignore_errors=True)  # there only where the model was not brought in


def _closed() -> RsvlmError:
    return RsvlmError(
        "unavailable",
        f"The folder of models {models_folder()} cannot be written.",
        "Make it writable, or name another folder in RSVLM_MODELS.",
    )


def _check_id(model_id: str) -> None:
    if not valid_id(model_id):
        raise RsvlmError(
            "bad_request",
            f"A model cannot be called “{model_id}”.",
            "Take up to 64 small letters and digits, with single . _ or - between them.",
        )
    if model_id in load_cards() or (models_folder() / model_id).exists():
        raise RsvlmError(
            "bad_request",
            f"There is a model called {model_id} already.",
            f"Take another --id, or run “rsvlm models remove {model_id}” first.",
        )


def _weights(path: Path, release: Release) -> Path:
    """The one file of weights that `path` is or holds, or `path` where its weights are several by name.

    Raises RsvlmError: bad_request, model_failed (an index is broken).
    """
    if path.is_file() and path.suffix in READABLE:
        return path
    if not path.is_dir():
        raise RsvlmError(
            "bad_request",
            f"{path} is neither a folder nor a file of weights.",
            f"Give a folder with weights, or a file ending in {', '.join(READABLE)}.",
        )
    if named_weights(path):
        return path
    found = readable(path)
    if len(found) != 1:
        names = ", ".join(file.name for file in found[:5]) or "none"
        whole = f"the folder that holds {release.places[0]}, or " if release.places else ""
        raise RsvlmError(
            "bad_request",
            f"The folder {path} should hold one file of weights, and holds {names}.",
            f"Give {whole}the file itself, ending in {', '.join(READABLE)}.",
        )
    return found[0]


def _copy_texts(weights: Path, stage: Path, wish: Wish, kind: Release) -> None:
    """Configuration and tokenizer, looked through before anything reads them."""
    origin = weights.parent if weights.is_file() else weights
    for name in _text_names(origin, kind):
        if name == "config.json" and kind.lies_in(weights):
            continue  # of a kind that only the release's own program reads
        try:
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / name, stage / name)
        except OSError as error:
            raise RsvlmError(
                "bad_request",
                f"There is no {name} beside the weights in {origin}.",
                "Put config.json and tokenizer.json of the model there.",
            ) from error
    check_folder(stage, wish.id, "Look at the file, or get it again.")
    release = known_release(weights.resolve()) if wish.family == "geoclip" and not any(stage.iterdir()) else None
    if release:
        (stage / "config.json").write_bytes(json.dumps(release.to_config()).encode())


def _text_names(origin: Path, kind: Release) -> list[str]:
    """What is to be copied; where a family names its texts, its own function tells what it lacks."""
    if kind.texts is None:
        return ["config.json", "tokenizer.json"]
    return [
        path.relative_to(origin).as_posix()
        for name in kind.texts
        for path in sorted(origin.glob(name))
        if path.is_file()
    ]


def _convert(weights: Path, stage: Path, family: str) -> dict[str, Any]:
    """Run converting.py: model.safetensors in `stage`, a report and the fields of the card that the family knows."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and not any(word in name.upper() for word in SECRET)
    } | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    command = [sys.executable, "-I", "-m", "rsvlm.models.converting", str(weights.resolve()), str(stage), family]
    done = subprocess.run(  # nosec B603 # no shell; the paths are arguments
        command, env=environment, cwd=stage, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        logger.warning("converting ended with %s: %s", done.returncode, done.stderr[-4000:])
        raise RsvlmError(
            "model_failed",
            f"The file {weights.name} cannot be read as weights: it is damaged, of another kind, or too large for the memory.",
            "Get it again; if it stays so, ask its authors for safetensors.",
        )
    found = json.loads(lines[-1])
    if "error" in found:
        raise RsvlmError.from_json(found)
    return found


def _write_card(stage: Path, wish: Wish, fields: dict[str, Any], files: list[str] | None) -> ModelCard:
    """files: names of those that the model needs, where they are not the usual three; others are thrown away."""
    source = Source(files=tuple(files_in(stage, tuple(files)) if files else files_in(stage)))
    if files:
        for path in [path for path in stage.rglob("*") if path.is_file()]:
            if path.relative_to(stage).as_posix() not in files:
                path.unlink()
        for path in sorted((path for path in stage.rglob("*") if path.is_dir()), reverse=True):
            if not any(path.iterdir()):
                path.rmdir()
    card = ModelCard(**asdict(wish), trained_on=("not stated by who imported it",), source=source, **fields)
    content = card.model_dump(mode="json", exclude_defaults=True)
    (stage / CARD).write_bytes(tomlkit.dumps(content).encode())
    return card

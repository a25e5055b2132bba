"""The facts of this installation that explain why something does not work. Imports neither torch nor a model."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess  # nosec B404 # this Python and nvidia-smi, with fixed words
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import psutil

from rsvlm.cli.privacy import file_names, public, settings
from rsvlm.models.cards import card_problems, load_cards
from rsvlm.models.folders import home
from rsvlm.models.memory import free_bytes, in_units
from rsvlm.models.onnx_records import told
from rsvlm.protocol import PROTOCOL, VERSION, RsvlmError

PACKAGES = (
    "torch", "transformers", "tokenizers", "safetensors", "numpy", "rasterio", "shapely", "pyproj", "fastapi", "uvicorn",
    "pydantic", "onnxruntime", "onnxruntime-gpu",
)  # fmt: skip
LAST_ERRORS = 10
TRIAL_S = 300  # a cold disk reads torch for a minute
_LOG_BYTES = 2**20  # of the end of the log
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d )", re.MULTILINE)


def examine() -> dict[str, Any]:
    """The report, fit to be shown to others; "problems" holds one sentence for each thing that is wrong."""
    problems, models = _models()
    report = {
        "versions": {
            "rsvlm": VERSION,
            "protocol": PROTOCOL,
            "python": platform.python_version(),
            "packages": {name: installed(name) for name in PACKAGES},
        },
        "system": {
            "os": platform.platform(),
            "processors": os.cpu_count(),
            "memory": in_units(psutil.virtual_memory().total),
            "memory_free": in_units(free_bytes("cpu")),
            "gpus": gpus(),
            "environment": sys.prefix,
        },
        "onnxruntime": _providers(),
        "pictures_seen_by": _seen_by(),
        "models": models,
        "settings": settings(),
        "errors": last_errors(),
    }
    trial, why_not = run_apart("description")
    if why_not:
        problems.append(f"The model cannot be run: {why_not}.")
    return public({"ok": not problems, "problems": problems, **report, "trial": trial})


def installed(name: str) -> str | None:
    """Version of a package, None where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _models() -> tuple[list[str], list[dict[str, Any]]]:
    """Problems, and every model of which there is something on this machine."""
    try:
        cards = load_cards().values()
    except RsvlmError as error:
        return [f"{error.message} {error.hint}"], []
    problems, models = list(card_problems()), []
    for card in cards:
        if card.installed or card.source.path:
            altered = card.altered()
            models.append({"id": card.id, "revision": card.revision, "altered": altered})
            if altered:
                problems.append(f"Files of {card.id} are missing or altered: {', '.join(altered)}. {card.mend}")
    return problems, models


def gpus() -> list[str]:
    """Name, driver and memory of each NVIDIA GPU, as its driver tells them; none where there is no driver."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    words = [tool, "--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)  # nosec B603 # fixed words
    except (OSError, subprocess.TimeoutExpired):
        return ["nvidia-smi does not answer"]
    return (done.stdout or done.stderr or "nvidia-smi says nothing").strip().splitlines()


def _providers() -> dict[str, Any] | str | None:
    """What onnxruntime runs on, or why it does not run; None where it is not installed, which is no problem."""
    if installed("onnxruntime") is None and installed("onnxruntime-gpu") is None:
        return None
    told, why_not = run_apart("providers")
    return why_not or told


def _seen_by() -> dict[str, str]:
    """What runs the convolutions of each bundled or imported model that onnxruntime may run, as its export found."""
    try:
        cards = [card for card in load_cards().values() if card.family == "compact" and card.installed]
    except RsvlmError:  # told among the problems
        return {}
    return {card.id: told(card) for card in cards}


def last_errors() -> list[str]:
    """The last errors in the backend's log: what was said, and the exception behind it."""
    path = home() / "logs" / "backend.log"
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    errors = []
    for record in _RECORD.split(text):
        lines = record.strip().splitlines()
        if lines and re.search(r" (ERROR|CRITICAL) ", lines[0]):
            errors.append(file_names(" | ".join(dict.fromkeys([lines[0], lines[-1]]))))
    return errors[-LAST_ERRORS:]


def run_apart(what: str) -> tuple[dict[str, Any], str | None]:
    """What trial.py tells of `what`, or nothing and why it could not be run."""
    words = [sys.executable, "-m", "rsvlm.cli.trial", what]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=TRIAL_S, check=False)  # nosec B603 # itself
    except subprocess.TimeoutExpired:
        return {}, f"it did not end within {TRIAL_S // 60} minutes"
    if done.returncode != 0:
        said = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "")
        return {}, file_names(said).rstrip(".") or f"its process ended with {done.returncode}"
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "error" in told:
        error = RsvlmError.from_json(told)
        return {}, f"{error.message} {error.hint}".rstrip(".")
    return told, None

"""Asks the backend's environment whether it is in order: `rsvlm doctor --json`, without waiting."""

from __future__ import annotations

import json
from typing import Any, List, Optional

from qgis.PyQt.QtCore import QObject

from ..translation import tr
from .command import Commands, Step
from .locate import backend_python, home


def check(setting: str, parent: Optional[QObject] = None) -> Commands:
    """The check, not started yet; its `succeeded` carries the report. Raises RsvlmError where there is no Python."""
    python = backend_python(setting)
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    step = Step(tr("Checking the backend"), str(python), ["-m", "rsvlm.cli.main", "doctor", "--json"])
    return Commands([step], str(home()), parent)


def readable(report: str) -> str:
    """The report of `rsvlm doctor --json`, one fact a line, what is wrong first; anything else as it is."""
    for line in reversed(report.splitlines()):
        try:
            facts = json.loads(line)
        except ValueError:
            continue
        if isinstance(facts, dict):
            problems = [str(problem) for problem in facts.pop("problems", [])]
            return "\n".join(problems + _lines(facts))
    return report


def _lines(facts: Any, name: str = "") -> List[str]:
    if isinstance(facts, dict):
        return [line for key, value in facts.items() for line in _lines(value, f"{name} {key}".strip())]
    value = ", ".join(map(str, facts)) if isinstance(facts, list) else str(facts)
    if facts is None:
        value = tr("not available")
    return [f"{name}: {value}"]

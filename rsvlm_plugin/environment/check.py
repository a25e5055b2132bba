"""Asks the backend's environment whether it is in order: `rsvlm doctor`, without waiting."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import QObject

from ..translation import tr
from .command import Commands, Step
from .locate import backend_python, home


def check(setting: str, parent: Optional[QObject] = None) -> Commands:
    """The check, not started yet; its lines are the report. Raises RsvlmError where there is no Python."""
    python = backend_python(setting)
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    step = Step(tr("Checking the backend"), str(python), ["-m", "rsvlm.cli.main", "doctor"])
    return Commands([step], str(home()), parent)

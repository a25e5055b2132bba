"""A command of the backend for code that waits: Processing algorithms, in a worker thread or in qgis_process's main thread.

It runs in the backend's own environment and process (`rsvlm.cli.owned`), tells its progress as lines of JSON, and is asked to
stop by the end of its standard input, which comes by itself where QGIS is gone.
"""

from __future__ import annotations

import json
import os
from collections import deque
from dataclasses import dataclass
from typing import Any, Callable, Deque, Dict, Mapping, Sequence

from qgis.core import QgsProcessingFeedback
from qgis.PyQt.QtCore import QElapsedTimer, QProcess, QProcessEnvironment

from ...protocol import RsvlmError
from ..settings.store import Settings
from ..translation import tr
from .command import end_tree
from .locate import backend_python, child_environment, install_command, made_home

LOOK_MS = 100
STOP_LIMIT_MS = 300_000  # a step of a large model takes minutes, and what it learnt is worth them
LAST_LINES = 12
COMPLAINT = "rsvlm: "  # how a command begins the line that says what went wrong


@dataclass(frozen=True)
class Ran:
    """document: what the command printed, {} for nothing. stopped: the user wanted no more."""

    document: Dict[str, Any]
    stopped: bool


class _Child:
    """One process and what it said. share: told with done, total of each step."""

    def __init__(
        self, words: Sequence[str], feedback: QgsProcessingFeedback, share: Callable[[int, int], None]
    ) -> None:
        self._feedback, self._share = feedback, share
        self._said, self._rest = b"", b""
        self._last: Deque[str] = deque(maxlen=LAST_LINES)
        self._python = str(backend_python(Settings().python))
        self._arguments = ["-m", "rsvlm.cli.owned", *words, "--json"]
        self._process = QProcess()
        self._process.setWorkingDirectory(str(made_home()))

    def run(self, environment: Mapping[str, str], look: Callable[[], None]) -> Ran:
        """Start it and wait for its end; see `run`."""
        variables = QProcessEnvironment()
        for name, value in environment.items():
            variables.insert(name, value)
        self._process.setProcessEnvironment(variables)
        self._process.start(self._python, self._arguments)
        if not self._process.waitForStarted():
            raise RsvlmError(
                "unavailable",
                tr("The backend's Python, {path}, cannot be started.").format(path=self._python),
                tr("Choose another one in Settings ▸ Options ▸ rsvlm."),
            )
        asked = QElapsedTimer()
        while self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.waitForFinished(LOOK_MS)
            self._read()
            look()
            if self._feedback.isCanceled() and not asked.isValid():
                asked.start()
                self._feedback.pushInfo(tr("Stopping; what is finished is kept."))
                self._process.closeWriteChannel()
            elif asked.isValid() and asked.hasExpired(STOP_LIMIT_MS):
                end_tree(self._process)
        self._read()
        self._hear(self._rest.decode("utf-8", errors="replace").rstrip())
        look()
        good = self._process.exitStatus() == QProcess.ExitStatus.NormalExit and self._process.exitCode() == 0
        if not good and not asked.isValid():
            raise self._complaint()
        return Ran(self._document(), asked.isValid())

    def _read(self) -> None:
        self._said += bytes(self._process.readAllStandardOutput())
        *lines, self._rest = (self._rest + bytes(self._process.readAllStandardError())).split(b"\n")
        for line in lines:
            self._hear(line.decode("utf-8", errors="replace").rstrip())

    def _hear(self, line: str) -> None:
        step = _json(line)
        if "done" in step and "total" in step:
            self._share(int(step["done"]), int(step["total"]))
        elif line:
            self._last.append(line)
            if not line.startswith(COMPLAINT):
                self._feedback.pushConsoleInfo(line)

    def _document(self) -> Dict[str, Any]:
        lines = self._said.decode("utf-8", errors="replace").strip().splitlines()
        return _json(lines[-1]) if lines else {}

    def _complaint(self) -> RsvlmError:
        """The sentence that the command ended with."""
        for line in reversed(self._last):
            if line.startswith(COMPLAINT):
                return RsvlmError("model_failed", line[len(COMPLAINT) :])
        if any("No module named" in line and "rsvlm" in line for line in self._last):
            return RsvlmError(
                "unavailable",
                tr("The Python {path} does not have the rsvlm backend.").format(path=self._python),
                tr("Choose another one in Settings ▸ Options ▸ rsvlm, or run this command: {command}").format(
                    command=install_command()
                ),
            )
        return RsvlmError(
            "model_failed",
            tr("The backend's process ended before it was done."),
            tr("Its last words were: {words}").format(words="\n".join(list(self._last)[-3:]) or tr("none")),
        )


def run(
    words: Sequence[str],
    feedback: QgsProcessingFeedback,
    share: Callable[[int, int], None],
    look: Callable[[], None] = lambda: None,
    device: str = "auto",
) -> Ran:
    """Run `rsvlm WORDS --json` until it ends, or until the user cancels and it has come to a stop.

    share: told how much of it is done, and of how much. look: called ten times a second. device: "cpu" hides graphics cards.
    Raises RsvlmError: unavailable where there is no backend, else the sentence that the command ended with.
    """
    environment = child_environment(os.environ, Settings().variables())
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return _Child(words, feedback, share).run(environment, look)


def _json(line: str) -> Dict[str, Any]:
    """The object in a line; {} for any other line."""
    try:
        found = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}

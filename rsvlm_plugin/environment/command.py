"""Programs run one after another without waiting for them: the steps of an installation, a check of the backend."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass
from typing import Deque, List, Optional, Sequence

from qgis.PyQt.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal, pyqtSlot

from ..settings.store import Settings
from .locate import child_environment

LAST_LINES = 20


@dataclass(frozen=True)
class Step:
    """One program to run. note: what it does, for the user."""

    note: str
    program: str
    arguments: Sequence[str]


class Commands(QObject):
    """Runs `steps`, each only if the one before it succeeded.

    Ends with `succeeded`, with `failed` or, after `cancel`, with neither.
    """

    started = pyqtSignal(int, str)  # number of the step from 0, its note
    line = pyqtSignal(str)  # what the running program says
    succeeded = pyqtSignal(bytes)  # standard output of the last step
    failed = pyqtSignal(object, str)  # the Step, its last lines

    def __init__(self, steps: Sequence[Step], folder: str, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._steps: List[Step] = list(steps)
        self._folder = folder
        self._number = -1
        self._output = b""
        self._last: Deque[str] = deque(maxlen=LAST_LINES)
        self._process: Optional[QProcess] = None

    def start(self) -> None:
        self._next()

    def cancel(self) -> None:
        """End the running program; nothing is emitted any more."""
        process, self._process = self._process, None
        if process is not None:
            process.disconnect()
            process.finished.connect(process.deleteLater)
            process.terminate()

    def _next(self) -> None:
        self._number += 1
        if self._number == len(self._steps):
            self.succeeded.emit(self._output)
            return
        step = self._steps[self._number]
        self._output = b""
        self._last.clear()
        environment = QProcessEnvironment()
        for name, value in child_environment(os.environ, Settings().variables()).items():
            environment.insert(name, value)
        process = QProcess(self)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(self._folder)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_errors)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        self.started.emit(self._number, step.note)
        process.start(step.program, list(step.arguments))

    @pyqtSlot()
    def _read_output(self) -> None:
        received = bytes(self._process.readAllStandardOutput())
        self._output += received
        self._tell(received)

    @pyqtSlot()
    def _read_errors(self) -> None:
        self._tell(bytes(self._process.readAllStandardError()))

    def _tell(self, received: bytes) -> None:
        for line in received.decode("utf-8", errors="replace").splitlines():
            if line.strip():
                self._last.append(line.rstrip())
                self.line.emit(line.rstrip())

    @pyqtSlot("QProcess::ProcessError")
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._last.append(self._process.errorString())
            self._end_step(False)

    @pyqtSlot(int, "QProcess::ExitStatus")
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._end_step(code == 0 and status == QProcess.ExitStatus.NormalExit)

    def _end_step(self, good: bool) -> None:
        process, self._process = self._process, None
        process.disconnect()
        process.deleteLater()
        if good:
            self._next()
        else:
            self.failed.emit(self._steps[self._number], "\n".join(self._last))

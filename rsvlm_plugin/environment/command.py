"""Programs run one after another without waiting for them: the steps of a setup, a check of the backend."""

from __future__ import annotations

import os
import re
import signal
import subprocess  # nosec B404 # asks the system for the children of a program that was started here, to end them
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import Deque, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple

from qgis.PyQt.QtCore import QObject, QProcess, QProcessEnvironment, pyqtSignal, pyqtSlot

from ..settings.store import Settings
from .locate import child_environment

LAST_LINES = 20
END_LIMIT_MS = 2_000
LOGIN = re.compile(r"://[^/\s@]+@")


@dataclass(frozen=True)
class Step:
    """One program to run. note: what it does, for the user. download_gb: about how much it fetches.

    optional: whether the steps behind it run although it fails.
    """

    note: str
    program: str
    arguments: Sequence[str]
    download_gb: float = 0.0
    optional: bool = False


class Commands(QObject):
    """Runs `steps`, each only if the one before it succeeded or is optional.

    extra: environment variables on top of those that a child of QGIS may have.
    Ends with `succeeded`, with `failed` or, after `cancel`, with `cancelled`.
    """

    started = pyqtSignal(int, str)  # number of the step from 0, its note
    line = pyqtSignal(str)  # what the running program says, without logins
    succeeded = pyqtSignal(bytes)  # standard output of the last step
    failed = pyqtSignal(object, str)  # the Step, its last lines
    cancelled = pyqtSignal()  # the program and its children are gone

    def __init__(
        self,
        steps: Sequence[Step],
        folder: str,
        parent: Optional[QObject] = None,
        extra: Optional[Mapping[str, str]] = None,
    ) -> None:
        super().__init__(parent)
        self._steps: List[Step] = list(steps)
        self._folder = folder
        self._environment = QProcessEnvironment()
        for name, value in {**child_environment(os.environ, Settings().variables()), **(extra or {})}.items():
            self._environment.insert(name, value)
        self._number = -1
        self._output = b""
        self._rest: Dict[str, bytes] = {}
        self._last: Deque[str] = deque(maxlen=LAST_LINES)
        self._process: Optional[QProcess] = None

    def start(self) -> None:
        self._next()

    def cancel(self) -> None:
        """End the running program and everything that it started; they are killed, so that this is a matter of moments."""
        process, self._process = self._process, None
        if process is None:
            return
        process.disconnect()
        end_tree(process)
        process.waitForFinished(END_LIMIT_MS)
        process.deleteLater()
        self.cancelled.emit()

    def _next(self) -> None:
        self._number += 1
        if self._number == len(self._steps):
            self.succeeded.emit(self._output)
            return
        step = self._steps[self._number]
        self._output = b""
        self._rest.clear()
        self._last.clear()
        process = QProcess(self)
        process.setProcessEnvironment(self._environment)
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
        self._tell("output", received)

    @pyqtSlot()
    def _read_errors(self) -> None:
        self._tell("errors", bytes(self._process.readAllStandardError()))

    def _tell(self, stream: str, received: bytes) -> None:
        *lines, self._rest[stream] = (self._rest.get(stream, b"") + received).split(b"\n")
        for line in lines:
            self._say(line)

    def _say(self, received: bytes) -> None:
        line = LOGIN.sub("://…@", received.decode("utf-8", errors="replace")).rstrip()
        if line:
            self._last.append(line)
            self.line.emit(line)

    @pyqtSlot("QProcess::ProcessError")
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self._last.append(self._process.errorString())
            self._end_step(False)

    @pyqtSlot(int, "QProcess::ExitStatus")
    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._read_output()
        self._read_errors()
        for rest in self._rest.values():
            self._say(rest)
        self._end_step(code == 0 and status == QProcess.ExitStatus.NormalExit)

    def _end_step(self, good: bool) -> None:
        process, self._process = self._process, None
        process.disconnect()
        process.deleteLater()
        if good or self._steps[self._number].optional:
            self._next()
        else:
            self.failed.emit(self._steps[self._number], "\n".join(self._last))


def end_tree(process: QProcess) -> None:
    """Kill a running program and its descendants: pip and uv build and unpack in children of their own."""
    pid = int(process.processId())
    if pid == 0:
        process.kill()
    elif sys.platform == "win32":
        taskkill = ["taskkill", "/T", "/F", "/PID", str(pid)]
        no_window = 0x08000000
        subprocess.run(taskkill, check=False, capture_output=True, creationflags=no_window)  # nosec B603 # fixed words
    else:
        for found in [*_descendants(pid), pid]:
            try:
                os.kill(found, signal.SIGKILL)
            except ProcessLookupError:
                continue


def _descendants(pid: int) -> List[int]:
    children: Dict[int, List[int]] = {}
    for child, parent in _families():
        children.setdefault(parent, []).append(child)
    found, look = [], [pid]
    while look:
        below = children.get(look.pop(), [])
        found += below
        look += below
    return found


def _families() -> Iterator[Tuple[int, int]]:
    """Every process with its parent: from /proc, for a small Linux has no ps, or from ps where there is no /proc."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        yield int(stat.parent.name), int(after_name[1])
    if sys.platform == "darwin":
        listing = ["/bin/ps", "-A", "-o", "pid=", "-o", "ppid="]
        said = subprocess.run(listing, check=False, capture_output=True, text=True).stdout  # nosec B603 # fixed words
        for line in said.splitlines():
            child, parent = map(int, line.split())
            yield child, parent

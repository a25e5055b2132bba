"""The backend as a child process of QGIS: started at the first need, ended with QGIS, started anew if it died.

There is one for the whole of QGIS (`shared_process`), and it lives in the main thread: the operating system ends a
child together with the *thread* that started it, so that worker threads ask for it and never start it themselves.
Nothing here waits: every step is a signal.

Windows of QGIS share one backend. Whether there is one for this environment, version and device only the backend's own
Python can tell, so `rsvlm serve` is started in any case: where another is running, it names that one and ends.
"""

from __future__ import annotations

import os
from collections import deque
from typing import Deque, Optional, Set

from qgis.PyQt.QtCore import QCoreApplication, QObject, QProcess, QProcessEnvironment, QTimer, pyqtSignal, pyqtSlot

from ...protocol import RsvlmError
from ..settings.store import Settings
from ..translation import tr
from .endpoint import Endpoint, read_endpoint
from .locate import backend_python, child_environment, install_command, made_home

START_LIMIT_MS = 60_000  # a cold disk and a virus scanner; one second is usual
END_LIMIT_MS = 2_000
LOG_LINES = 200

_ending: Set[QProcess] = set()  # Qt kills a process whose object is collected; these are on their way out by themselves


class BackendProcess(QObject):
    """Starts, watches and ends `rsvlm serve`, or joins the one of another window.

    `ensure` and `forget` may be called from any thread, `stop` may not.
    """

    starting = pyqtSignal()
    ready = pyqtSignal(object)  # Endpoint
    failed = pyqtSignal(object)  # RsvlmError
    ended = pyqtSignal()

    _wanted = pyqtSignal()
    _lost = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._process: Optional[QProcess] = None
        self._endpoint: Optional[Endpoint] = None
        self._said = b""
        self._log: Deque[str] = deque(maxlen=LOG_LINES)
        self._limit: Optional[QTimer] = None
        self._wanted.connect(self._ensure)
        self._lost.connect(self._forget)

    def ensure(self) -> None:
        """Have a running backend: `ready` or `failed` follows."""
        self._wanted.emit()

    def log(self) -> str:
        """The last lines that the backend wrote for people; nothing of a shared one."""
        return "\n".join(self._log)

    @property
    def endpoint(self) -> Optional[Endpoint]:
        """The backend that runs, as far as is known; None where none does or it is not ready yet."""
        return self._endpoint

    @property
    def is_shared(self) -> bool:
        """Whether the running backend belongs to another window, which alone may end it."""
        return self._endpoint is not None and self._endpoint.shared

    def forget(self, endpoint: Endpoint) -> None:
        """Nobody answers at `endpoint` any more: the next `ensure` starts a new backend."""
        self._lost.emit(endpoint)

    def stop(self) -> None:
        """End the backend, if it runs; one of another window is only left. Returns at once.

        Who waits for one that is starting hears `failed`.
        """
        starting = self._process is not None and self._endpoint is None
        self._end()
        if starting:
            self.failed.emit(
                RsvlmError(
                    "unavailable",
                    tr("The rsvlm backend was stopped before it was ready."),
                    tr("Ask again: it is started anew by itself."),
                )
            )

    def _end(self) -> None:
        running = self._process is not None or self._endpoint is not None
        self._endpoint = None
        self._stop_limit()
        self._dismiss()
        if running:
            self.ended.emit()

    def _dismiss(self) -> None:
        """Hear no more of the child; it has a moment to leave by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        process.disconnect()
        if process.state() == QProcess.ProcessState.NotRunning:
            process.deleteLater()
            return
        _ending.add(process)
        process.finished.connect(lambda *_: _ending.discard(process))
        process.finished.connect(process.deleteLater)
        process.closeWriteChannel()
        process.terminate()
        QTimer.singleShot(END_LIMIT_MS, process.kill)

    @pyqtSlot()
    def _ensure(self) -> None:
        if self._endpoint is not None:
            self.ready.emit(self._endpoint)
        elif self._process is None:
            self._start()

    @pyqtSlot(object)
    def _forget(self, endpoint: Endpoint) -> None:
        if self._endpoint == endpoint:
            self._end()

    def _start(self) -> None:
        settings = Settings()
        try:
            python = backend_python(settings.python)
            folder = made_home()
        except RsvlmError as error:
            self.failed.emit(error)
            return
        self._said = b""
        self._log.clear()
        process = QProcess()
        process.setProgram(str(python))
        process.setArguments(["-m", "rsvlm.cli.main", "serve"])
        process.setWorkingDirectory(str(folder))
        environment = QProcessEnvironment()
        for name, value in child_environment(os.environ, settings.variables()).items():
            environment.insert(name, value)
        process.setProcessEnvironment(environment)
        process.readyReadStandardOutput.connect(self._read_output)
        process.readyReadStandardError.connect(self._read_log)
        process.errorOccurred.connect(self._on_error)
        process.finished.connect(self._on_finished)
        self._process = process
        self._limit = QTimer(self)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._on_limit)
        self._limit.start(START_LIMIT_MS)
        self.starting.emit()
        process.start()

    @pyqtSlot()
    def _read_output(self) -> None:
        self._said += bytes(self._process.readAllStandardOutput())
        if self._endpoint is not None or b"\n" not in self._said:
            return
        try:
            self._endpoint = read_endpoint(self._said.split(b"\n", 1)[0])
        except RsvlmError as error:
            self._fail(error)
            return
        self._stop_limit()
        if self._endpoint.shared:
            self._dismiss()
        self.ready.emit(self._endpoint)

    @pyqtSlot()
    def _read_log(self) -> None:
        received = bytes(self._process.readAllStandardError()).decode("utf-8", errors="replace")
        self._log.extend(line.rstrip() for line in received.splitlines() if line.strip())

    @pyqtSlot("QProcess::ProcessError")
    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            python = self._process.program()
            self._process.deleteLater()
            self._process = None
            self._fail(
                RsvlmError(
                    "unavailable",
                    tr("The backend's Python, {path}, cannot be started.").format(path=python),
                    tr("Choose another one in Settings ▸ Options ▸ rsvlm."),
                )
            )

    @pyqtSlot(int, "QProcess::ExitStatus")
    def _on_finished(self, _code: int, _status: QProcess.ExitStatus) -> None:
        self._read_log()
        started = self._endpoint is not None
        python = self._process.program()
        self._process.deleteLater()
        self._process, self._endpoint = None, None
        if started:
            self.ended.emit()
        else:
            self._fail(self._not_started(python))

    def _not_started(self, python: str) -> RsvlmError:
        if any("No module named" in line and "rsvlm" in line for line in self._log):
            return RsvlmError(
                "unavailable",
                tr("The Python {path} does not have the rsvlm backend.").format(path=python),
                tr("Choose another one in Settings ▸ Options ▸ rsvlm, or run this command: {command}").format(
                    command=install_command()
                ),
            )
        return RsvlmError(
            "unavailable",
            tr("The rsvlm backend ended before it was ready."),
            tr("Its last words were: {words}").format(words="\n".join(list(self._log)[-3:]) or tr("none")),
        )

    @pyqtSlot()
    def _on_limit(self) -> None:
        self._fail(
            RsvlmError(
                "unavailable",
                tr("The rsvlm backend was not ready after {seconds} seconds.").format(seconds=START_LIMIT_MS // 1000),
                tr("Try again; if it stays so, press Check in Settings ▸ Options ▸ rsvlm."),
            )
        )

    def _fail(self, error: RsvlmError) -> None:
        self._end()
        self.failed.emit(error)

    def _stop_limit(self) -> None:
        if self._limit is not None:
            self._limit.stop()
            self._limit.deleteLater()
            self._limit = None


_shared: Optional[BackendProcess] = None


def shared_process() -> BackendProcess:
    """The backend process of this QGIS; made at the first call, from whatever thread, to live in the main one."""
    global _shared
    if _shared is None:
        _shared = BackendProcess()
        _shared.moveToThread(QCoreApplication.instance().thread())
    return _shared

"""The backend's models as its command `rsvlm models` keeps them: list, download, import, remove, verify.

There is one for the whole of QGIS (`shared_store`), so that a download goes on when the options are closed. One thing is
done at a time. Knows no widgets.
"""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Optional, Sequence

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal, pyqtSlot

from ...protocol import Cancelled, RsvlmError
from ..dock.progress_task import ProgressTask
from ..environment.command import Commands, Step
from ..environment.locate import backend_python, made_home
from ..environment.proxy import proxy_environment
from ..translation import tr
from .store import Settings

PROGRESS = re.compile(r"^\S+: (\d+) % of ")
COMPLAINT = "rsvlm: "  # how the command begins the line that says what went wrong


class ModelStore(QObject):
    """Every request ends with `done` or `failed`. `changed`: another model is installed, or one is no more."""

    listed = pyqtSignal(list)  # rows of `rsvlm models list --json`
    began = pyqtSignal(str)  # what is being done
    progress = pyqtSignal(int)  # percent
    done = pyqtSignal(str)  # a sentence
    failed = pyqtSignal(object)  # RsvlmError; code "cancelled" after `stop`
    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.doing = ""  # what is being done, empty = nothing
        self._running: Optional[Commands] = None
        self._listing: Optional[Commands] = None
        self._stale = False  # something was done since the list was asked for
        self._sentence = ""
        self._task: Optional[ProgressTask] = None

    def refresh(self) -> None:
        """Ask for the list; `listed` or `failed` follows."""
        if self._listing is not None:
            self._stale = True
            return
        self._stale = False
        try:
            self._listing = self._commands(["list"], tr("Looking for models"))
        except RsvlmError as error:
            self.failed.emit(error)
            return
        self._listing.succeeded.connect(self._on_listed)
        self._listing.failed.connect(self._on_list_failed)
        self._listing.start()

    def download(self, row: Dict[str, Any], accepted: bool, folder: str = "") -> None:
        """Bring a model of the list here; what was begun goes on. folder: copy it from there instead of the network.

        accepted: the user has read the licence and accepts it.
        """
        words = ["download", row["id"], *(["--accept-licence"] if accepted else [])]
        words += ["--from", folder] if folder else []
        self._do(words, tr("Downloading {model}"), tr("{model} is installed."), row["title"])

    def remove(self, row: Dict[str, Any]) -> None:
        """Delete the files of a model of the list."""
        self._do(["remove", row["id"]], tr("Removing {model}"), tr("{model} was removed."), row["title"])

    def verify(self, row: Dict[str, Any]) -> None:
        """Hold the files of a model against the checksums of its card."""
        sentence = tr("{model} is whole: its files are those that its card names.")
        self._do(["verify", row["id"]], tr("Verifying {model}"), sentence, row["title"])

    def bring_in(self, path: str, model_id: str, title: str, licence: str) -> None:
        """Import weights from a file or a folder under a name of their own."""
        words = ["import", path, "--id", model_id, "--title", title]
        words += ["--licence", licence] if licence else []
        self._do(words, tr("Importing {model}"), tr("{model} is installed."), title)

    def stop(self) -> None:
        """Stop what is being done; a download keeps what has come."""
        if self._running is not None:
            self._running.cancel()

    def _do(self, words: Sequence[str], doing: str, sentence: str, title: str) -> None:
        if self._running is not None:
            busy = RsvlmError(
                "busy", tr("Another model is being worked on."), tr("Wait until that is done, or stop it.")
            )
            self.failed.emit(busy)
            return
        self.doing = doing.format(model=title)
        try:
            commands = self._commands(words, self.doing)
        except RsvlmError as error:
            self.doing = ""
            self.failed.emit(error)
            return
        self._sentence = sentence.format(model=title)
        self._running = commands
        self._task = ProgressTask(self.doing)
        self._task.stop_asked.connect(self.stop)
        QgsApplication.taskManager().addTask(self._task)
        commands.line.connect(self._on_line)
        commands.succeeded.connect(self._on_done)
        commands.failed.connect(self._on_failed)
        commands.cancelled.connect(self._on_stopped)
        self.began.emit(self.doing)
        commands.start()

    def _commands(self, words: Sequence[str], note: str) -> Commands:
        """Raises RsvlmError where there is no backend."""
        python = backend_python(Settings().python)
        step = Step(note, str(python), ["-m", "rsvlm.cli.main", "models", *words, "--json"])
        return Commands([step], str(made_home()), self, proxy_environment())

    @pyqtSlot(bytes)
    def _on_listed(self, output: bytes) -> None:
        self._forget_listing()
        if self._stale:
            self.refresh()
            return
        try:
            rows: List[Dict[str, Any]] = json.loads(output.decode("utf-8"))["models"]
        except (ValueError, KeyError, TypeError):
            self.failed.emit(_complaint(""))
            return
        self.listed.emit(rows)

    @pyqtSlot(object, str)
    def _on_list_failed(self, _step: Step, said: str) -> None:
        self._forget_listing()
        self.failed.emit(_complaint(said))

    def _forget_listing(self) -> None:
        self._listing.deleteLater()
        self._listing = None

    @pyqtSlot(str)
    def _on_line(self, line: str) -> None:
        told = PROGRESS.match(line)
        if told is not None:
            self._task.show(int(told[1]), 100)
            self.progress.emit(int(told[1]))

    @pyqtSlot(bytes)
    def _on_done(self, _output: bytes) -> None:
        self._end(True)
        self.changed.emit()
        self.done.emit(self._sentence)

    @pyqtSlot(object, str)
    def _on_failed(self, _step: Step, said: str) -> None:
        self._end(False)
        self.failed.emit(_complaint(said))

    @pyqtSlot()
    def _on_stopped(self) -> None:
        self._end(False)
        self.failed.emit(Cancelled())

    def _end(self, succeeded: bool) -> None:
        self.doing = ""
        self._running.deleteLater()
        self._running = None
        self._task.stop_asked.disconnect(self.stop)
        self._task.finalize(succeeded)
        self._task = None


def _complaint(said: str) -> RsvlmError:
    """The sentence that the command ended with."""
    for line in reversed(said.splitlines()):
        if line.startswith(COMPLAINT):
            return RsvlmError("model_failed", line[len(COMPLAINT) :])
    return RsvlmError(
        "model_failed",
        tr("The backend's command for models ended without a word of its own."),
        tr("Press Check in Settings ▸ Options ▸ rsvlm ▸ Backend."),
    )


_shared: Optional[ModelStore] = None


def shared_store() -> ModelStore:
    global _shared
    if _shared is None:
        _shared = ModelStore()
    return _shared

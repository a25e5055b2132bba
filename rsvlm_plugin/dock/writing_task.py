"""A file written beside QGIS's main thread: progress and cancel in the task manager, at the end a word in the message bar."""

from __future__ import annotations

from html import escape
from typing import ClassVar, Optional, Set

from qgis.core import Qgis, QgsApplication, QgsFeedback, QgsTask
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QTimer

from ...protocol import RsvlmError
from .progress_task import thread_lent

TITLE = "rsvlm"
NEWS_SECONDS = 8


class WritingTask(QgsTask):
    """QGIS deletes it after its end. running: they have to be kept until then, which QGIS does not do for Python's part."""

    running: ClassVar[Set["WritingTask"]] = set()

    def __init__(self, title: str, bar: QgsMessageBar) -> None:
        super().__init__(title, QgsTask.Flag.CanCancel)
        self._bar = bar
        self._feedback = QgsFeedback()
        self._feedback.progressChanged.connect(self.setProgress)
        self._error: Optional[RsvlmError] = None

    def start(self) -> None:
        """Begin as soon as the task manager has a thread for it."""
        WritingTask.running.add(self)
        QgsApplication.taskManager().addTask(self)

    def write(self, feedback: QgsFeedback) -> None:
        """The work, in a thread of its own. Raises RsvlmError, cancelled among others."""
        raise NotImplementedError

    def told(self) -> str:
        """That it is done, as HTML."""
        raise NotImplementedError

    def told_stopped(self) -> str:
        """That it was cancelled, and what that means."""
        raise NotImplementedError

    def told_broken(self) -> str:
        """That it failed in a way that nobody foresaw."""
        raise NotImplementedError

    def run(self) -> bool:
        with thread_lent():
            try:
                self.write(self._feedback)
            except RsvlmError as error:
                self._error = error
        return self._error is None

    def cancel(self) -> None:
        self._feedback.cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        """Called on the main thread, also of a task that was cancelled before it was its turn."""
        WritingTask.running.discard(self)
        if result:
            self._say(self.told(), Qgis.MessageLevel.Success)
        elif self._error is not None and self._error.code != "cancelled":
            self._say(escape(f"{self._error.message} {self._error.hint}".strip()), Qgis.MessageLevel.Warning)
        elif self.isCanceled():
            self._say(escape(self.told_stopped()), Qgis.MessageLevel.Info)
        else:
            self._say(escape(self.told_broken()), Qgis.MessageLevel.Warning)

    def _say(self, text: str, level: Qgis.MessageLevel) -> None:
        """After QGIS's own word that a long task is over, which would hide it. Warnings stay."""
        seconds, bar = 0 if level == Qgis.MessageLevel.Warning else NEWS_SECONDS, self._bar
        QTimer.singleShot(0, lambda: bar.pushMessage(TITLE, text, level, seconds))

"""A layer saved beside QGIS's main thread: progress and cancel in the task manager, at the end a word in the message bar."""

from __future__ import annotations

from html import escape
from typing import ClassVar, List, Optional, Set

from qgis.core import Qgis, QgsApplication, QgsFeedback, QgsTask
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QTimer, QUrl

from ...protocol import RsvlmError
from ..layers.export import Export
from ..translation import tr
from .progress_task import thread_lent

TITLE = "rsvlm"
NEWS_SECONDS = 8


def save_in_background(export: Export, bar: QgsMessageBar) -> None:
    """Begin; `bar` tells how it ended."""
    task = ExportTask(export, bar)
    ExportTask.running.add(task)
    QgsApplication.taskManager().addTask(task)


class ExportTask(QgsTask):
    """QGIS deletes it after its end. running: they have to be kept until then, which QGIS does not do for Python's part."""

    running: ClassVar[Set["ExportTask"]] = set()

    def __init__(self, export: Export, bar: QgsMessageBar) -> None:
        super().__init__(tr("Save “{layer}”").format(layer=export.layer.name), QgsTask.Flag.CanCancel)
        self._export = export
        self._bar = bar
        self._feedback = QgsFeedback()
        self._feedback.progressChanged.connect(self.setProgress)
        self._notes: List[str] = []
        self._error: Optional[RsvlmError] = None

    def run(self) -> bool:
        with thread_lent():
            try:
                self._notes = self._export.write(self._feedback)
            except RsvlmError as error:
                self._error = error
        return self._error is None

    def cancel(self) -> None:
        self._feedback.cancel()
        super().cancel()

    def finished(self, result: bool) -> None:
        """Called on the main thread, also of a task that was cancelled before it was its turn."""
        ExportTask.running.discard(self)
        if result:
            self._say(self._told(), Qgis.MessageLevel.Success)
        elif self._error is not None and self._error.code != "cancelled":
            self._say(escape(f"{self._error.message} {self._error.hint}".strip()), Qgis.MessageLevel.Warning)
        elif self.isCanceled():
            text = tr("Saving “{layer}” was stopped: no file was written or changed.")
            self._say(text.format(layer=escape(self._export.layer.name)), Qgis.MessageLevel.Info)
        else:
            text = tr("“{layer}” could not be saved. View ▸ Panels ▸ Log Messages tells why.")
            self._say(text.format(layer=escape(self._export.layer.name)), Qgis.MessageLevel.Warning)

    def _say(self, text: str, level: Qgis.MessageLevel) -> None:
        """After QGIS's own word that a long task is over, which would hide it. Warnings stay."""
        seconds, bar = 0 if level == Qgis.MessageLevel.Warning else NEWS_SECONDS, self._bar
        QTimer.singleShot(0, lambda: bar.pushMessage(TITLE, text, level, seconds))

    def _told(self) -> str:
        """With a link on which QGIS opens the folder."""
        path = str(self._export.path)
        url = bytes(QUrl.fromLocalFile(path).toEncoded()).decode("ascii")
        link = f'<a href="{escape(url)}">{escape(path)}</a>'
        return " ".join([tr("Saved as {path}.").format(path=link), *map(escape, self._notes)])

"""A layer saved beside QGIS's main thread: progress and cancel in the task manager, at the end a word in the message bar."""

from __future__ import annotations

from html import escape
from typing import ClassVar, List, Optional, Set

from qgis.core import Qgis, QgsApplication, QgsFeedback, QgsTask
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QUrl

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
        name = escape(self._export.layer.name)
        if result:
            self._bar.pushMessage(TITLE, self._told(), Qgis.MessageLevel.Success, NEWS_SECONDS)
        elif self._error is not None and self._error.code != "cancelled":
            text = escape(f"{self._error.message} {self._error.hint}".strip())
            self._bar.pushMessage(TITLE, text, Qgis.MessageLevel.Warning, 0)
        elif self.isCanceled():
            text = tr("Saving “{layer}” was stopped: no file was written or changed.").format(layer=name)
            self._bar.pushMessage(TITLE, text, Qgis.MessageLevel.Info, NEWS_SECONDS)
        else:
            text = tr("“{layer}” could not be saved. View ▸ Panels ▸ Log Messages tells why.").format(layer=name)
            self._bar.pushMessage(TITLE, text, Qgis.MessageLevel.Warning, 0)

    def _told(self) -> str:
        """With a link on which QGIS opens the folder."""
        path = str(self._export.path)
        url = bytes(QUrl.fromLocalFile(path).toEncoded()).decode("ascii")
        link = f'<a href="{escape(url)}">{escape(path)}</a>'
        return " ".join([tr("Saved as {path}.").format(path=link), *map(escape, self._notes)])

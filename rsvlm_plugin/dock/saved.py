"""Answers kept in the project: written as JSON when they change, read back when the project is opened."""

from __future__ import annotations

import json
from typing import List, Optional, Sequence

from qgis.core import Qgis, QgsMessageLog, QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..layers.record import Record
from ..translation import tr

SCOPE = "rsvlm"
KEY = "/answers"
UNREAD_KEY = "/answers_of_another_version"


class SavedAnswers(QObject):
    """`opened` comes with another project; `load` then tells what it holds. `closed` comes before it."""

    opened = pyqtSignal()
    closed = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._project = QgsProject.instance()
        self._project.readProject.connect(self._opened)
        self._project.cleared.connect(self.closed)

    def load(self) -> List[Record]:
        """The project's answers, newest first. What another version wrote and cannot be read is kept aside."""
        text, _found = self._project.readEntry(SCOPE, KEY, "")
        if not text:
            return []
        try:
            return [Record.from_json(item) for item in json.loads(text)]
        except (ValueError, KeyError, TypeError, AttributeError):
            self._project.writeEntry(SCOPE, UNREAD_KEY, text)  # the next answer takes the place of `text`
            QgsMessageLog.logMessage(
                tr("The answers in this project were written by another version and cannot be shown."),
                "rsvlm",
                Qgis.MessageLevel.Warning,
            )
            return []

    def store(self, records: Sequence[Record]) -> None:
        """Write the answers into the project; the user saves it as any other change."""
        if records:
            text = json.dumps([record.to_json() for record in records], ensure_ascii=False)
            self._project.writeEntry(SCOPE, KEY, text)
        else:
            self._project.removeEntry(SCOPE, KEY)
        self._project.setDirty(True)

    def dispose(self) -> None:
        """Let go of the project."""
        self._project.readProject.disconnect(self._opened)
        self._project.cleared.disconnect(self.closed)

    def _opened(self, _document: object) -> None:
        self.opened.emit()

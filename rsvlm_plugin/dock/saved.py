"""Answers kept in the project: written as JSON when they change, read back when the project is opened.

Their files are written as QGIS writes those of layers, by default relative to the project, which may be moved with them.
"""

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Optional, Sequence

from qgis.core import Qgis, QgsMessageLog, QgsPathResolver, QgsProject
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..layers.record import Record
from ..translation import tr

SCOPE = "rsvlm"
KEY = "/answers"
UNREAD_KEY = "/answers_of_another_version"


class SavedAnswers(QObject):
    """`opened` comes with another project; `load` then tells what it holds. `closed` comes before it.

    `saving` comes while the project is written, maybe into another folder, from which its files lie elsewhere.
    """

    opened = pyqtSignal()
    closed = pyqtSignal()
    saving = pyqtSignal()

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._project = QgsProject.instance()
        self._project.readProject.connect(self._opened)
        self._project.writeProject.connect(self._saving)
        self._project.cleared.connect(self.closed)

    def load(self) -> List[Record]:
        """The project's answers, newest first. What another version wrote and cannot be read is kept aside."""
        text, _found = self._project.readEntry(SCOPE, KEY, "")
        if not text:
            return []
        try:
            return [Record.from_json(_located(item, self._project.readPath)) for item in json.loads(text)]
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
            items = [_located(record.to_json(), self._project.writePath) for record in records]
            self._project.writeEntry(SCOPE, KEY, json.dumps(items, ensure_ascii=False))
        else:
            self._project.removeEntry(SCOPE, KEY)
        self._project.setDirty(True)

    def dispose(self) -> None:
        """Let go of the project."""
        self._project.readProject.disconnect(self._opened)
        self._project.writeProject.disconnect(self._saving)
        self._project.cleared.disconnect(self.closed)

    def _opened(self, _document: object) -> None:
        self.opened.emit()

    def _saving(self, _document: object) -> None:
        self.saving.emit()


class Relocating(QObject):
    """Has the project's answers find their files after it is saved into another folder, be there a dock or not.

    An open dock stores its answers once more after this, to the same effect.
    """

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._project = QgsProject.instance()
        self._remember()
        self._project.readProject.connect(self._remember)
        self._project.cleared.connect(self._remember)
        self._project.writeProject.connect(self._relocate)

    def dispose(self) -> None:
        """Let go of the project."""
        self._project.readProject.disconnect(self._remember)
        self._project.cleared.disconnect(self._remember)
        self._project.writeProject.disconnect(self._relocate)

    def _remember(self, _document: object = None) -> None:
        """From where the answers' paths lead now."""
        self._before: QgsPathResolver = self._project.pathResolver()

    def _relocate(self, _document: object) -> None:
        before = self._before
        self._remember()
        text, _found = self._project.readEntry(SCOPE, KEY, "[]")
        try:
            items = [_located(_located(item, before.readPath), self._project.writePath) for item in json.loads(text)]
        except (ValueError, TypeError, AttributeError):
            return  # of another version, which `load` keeps aside
        if items:
            self._project.writeEntry(SCOPE, KEY, json.dumps(items, ensure_ascii=False))


def _located(item: Dict[str, Any], path: Callable[[str], str]) -> Dict[str, Any]:
    """A record's JSON with `path` of its files in their place."""
    made = dict(item)
    if made.get("file"):
        made["file"] = path(made["file"])
    if (made.get("source") or {}).get("href"):
        made["source"] = {**made["source"], "href": path(made["source"]["href"])}
    return made

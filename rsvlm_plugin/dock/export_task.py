"""A layer on its way into a file of the user's."""

from __future__ import annotations

from html import escape
from typing import List

from qgis.core import QgsFeedback
from qgis.gui import QgsMessageBar
from qgis.PyQt.QtCore import QUrl

from ..layers.export import Export
from ..translation import tr
from .writing_task import WritingTask


def save_in_background(export: Export, bar: QgsMessageBar) -> None:
    """Begin; `bar` tells how it ended."""
    ExportTask(export, bar).start()


class ExportTask(WritingTask):
    """The layer as it was when `export` was made."""

    def __init__(self, export: Export, bar: QgsMessageBar) -> None:
        super().__init__(tr("Save “{layer}”").format(layer=export.layer.name), bar)
        self._export = export
        self._notes: List[str] = []

    def write(self, feedback: QgsFeedback) -> None:
        self._notes = self._export.write(feedback)

    def told(self) -> str:
        """With a link on which QGIS opens the folder."""
        path = str(self._export.path)
        url = bytes(QUrl.fromLocalFile(path).toEncoded()).decode("ascii")
        link = f'<a href="{escape(url)}">{escape(path)}</a>'
        return " ".join([tr("Saved as {path}.").format(path=link), *map(escape, self._notes)])

    def told_stopped(self) -> str:
        text = tr("Saving “{layer}” was stopped: no file was written or changed.")
        return text.format(layer=self._export.layer.name)

    def told_broken(self) -> str:
        text = tr("“{layer}” could not be saved. View ▸ Panels ▸ Log Messages tells why.")
        return text.format(layer=self._export.layer.name)

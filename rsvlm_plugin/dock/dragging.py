"""Drag the file of a result out of its card: into a folder, another program, or another window of QGIS."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.PyQt.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QUrl
from qgis.PyQt.QtGui import QDrag, QMouseEvent
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication

from ..layers.record import Record


class DragOut(QObject):
    """Makes a button that can be clicked one that can be dragged as well. record: what to drag, None = nothing."""

    def __init__(self, button: QAbstractButton, record: Callable[[], Optional[Record]]) -> None:
        super().__init__(button)
        self._button = button
        self._record = record
        self._pressed: Optional[QPoint] = None
        button.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = event.pos()
        elif event.type() == QEvent.Type.MouseMove and self._is_drag(event):
            self._pressed = None
            self._button.setDown(False)
            drag = QDrag(self._button)
            drag.setMimeData(mime_of(self._record()))
            drag.setPixmap(self._button.icon().pixmap(self._button.iconSize()))
            drag.exec(Qt.DropAction.CopyAction)
            return True
        return super().eventFilter(watched, event)

    def _is_drag(self, event: QMouseEvent) -> bool:
        record = self._record()
        if self._pressed is None or record is None or not Path(record.file).is_file():
            return False
        far = (event.pos() - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        return far and bool(event.buttons() & Qt.MouseButton.LeftButton)


def mime_of(record: Record) -> QMimeData:
    """The file of masks or boxes. It alone: QGIS would add a layer that is named beside it a second time."""
    made = QMimeData()
    made.setUrls([QUrl.fromLocalFile(record.file)])
    return made

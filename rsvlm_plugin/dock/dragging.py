"""Drag the file of a result out of its card: into a folder, another program, or another window of QGIS."""

from __future__ import annotations

from pathlib import Path
from typing import Callable, Optional

from qgis.core import QgsException, QgsProviderRegistry
from qgis.PyQt.QtCore import QEvent, QMimeData, QObject, QPoint, Qt, QUrl, pyqtSignal
from qgis.PyQt.QtGui import QDrag, QMouseEvent
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication

from ...protocol import RsvlmError
from ..layers.record import Record
from ..translation import tr


class DragOut(QObject):
    """Makes a button that can be clicked one that can be dragged as well. record: what to drag, None = nothing.

    refused: with the RsvlmError that says why it cannot be dragged now.
    """

    refused = pyqtSignal(object)

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
            try:
                mime = mime_of(self._record())
            except RsvlmError as error:
                self.refused.emit(error)
                return True
            drag = QDrag(self._button)
            drag.setMimeData(mime)
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
    """The file of masks or boxes. It alone: QGIS would add a layer that is named beside it a second time.

    Raises RsvlmError (busy) where the file alone would lack what was saved last.
    """
    _complete(record.file)
    made = QMimeData()
    made.setUrls([QUrl.fromLocalFile(record.file)])
    return made


def _complete(path: str) -> None:
    """While a GeoPackage is edited, what is saved may lie in its -wal: bring that into the file itself.

    By GDAL, as the layer is open with it: another copy of SQLite in this process could take its locks away. PASSIVE waits
    for nobody. Raises RsvlmError (busy).
    """
    wal = Path(f"{path}-wal")
    if not (wal.is_file() and wal.stat().st_size):
        return
    connection = QgsProviderRegistry.instance().providerMetadata("ogr").createConnection(path, {})
    try:
        ((_busy, saved, moved),) = connection.executeSql("PRAGMA wal_checkpoint(PASSIVE)")
    except QgsException:
        saved, moved = 1, 0
    if moved < saved:
        raise RsvlmError(
            "busy",
            tr("What was saved last is not in {path} itself yet: something else is using the file.").format(path=path),
            tr("Drag it again in a moment, or end the editing of the layer first."),
        )

"""Take features of a layer away by clicking on them, then go back to the map tool that was in use."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsCoordinateTransform, QgsProject, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt.QtCore import QObject, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent

from ...protocol import RsvlmError
from ..layers.editing import reject_at

REACH_PX = 3


class RejectTool(QgsMapTool):
    """Each click rejects the feature under it; Esc gives up."""

    failed = pyqtSignal(object)  # RsvlmError
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, layer: QgsVectorLayer) -> None:
        super().__init__(canvas)
        self._layer = layer
        self.setCursor(Qt.CursorShape.CrossCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's names, here and below)
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.given_up.emit()

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802
        crs = self.canvas().mapSettings().destinationCrs()
        to_layer = QgsCoordinateTransform(crs, self._layer.crs(), QgsProject.instance())
        point = to_layer.transform(self.toMapCoordinates(event.pos()))
        aside = to_layer.transform(self.toMapCoordinates(event.pos() + QPoint(REACH_PX, 0)))
        try:
            reject_at(self._layer, point, point.distance(aside))
        except RsvlmError as error:
            self.failed.emit(error)


class Rejecting(QObject):
    """One layer at a time. `ended` comes when clicks reject no more."""

    failed = pyqtSignal(object)  # RsvlmError
    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._previous: Optional[QgsMapTool] = None
        self._tool: Optional[RejectTool] = None

    def start(self, layer: QgsVectorLayer) -> None:
        """Clicks reject features of this layer, until `stop`, Esc or another tool."""
        self.stop()
        self._previous = self._canvas.mapTool()
        self._tool = RejectTool(self._canvas, layer)
        self._tool.failed.connect(self.failed)
        self._tool.given_up.connect(self.stop)
        self._tool.deactivated.connect(self._leave)
        layer.willBeDeleted.connect(self.stop)
        self._canvas.setMapTool(self._tool)
        self._canvas.setFocus()

    def stop(self) -> None:
        """Give the canvas back to the tool that was in use before."""
        if self._tool is None:
            return
        if self._previous is not None:
            self._canvas.setMapTool(self._previous)
        else:
            self._canvas.unsetMapTool(self._tool)

    def _leave(self) -> None:
        tool, self._tool, self._previous = self._tool, None, None
        if tool is not None:
            tool.deactivated.disconnect(self._leave)
            tool.deleteLater()
            self.ended.emit()

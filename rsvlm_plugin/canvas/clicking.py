"""Take clicks on the map that are meant for a layer, then go back to the map tool that was in use."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsGeometry, QgsPointXY, QgsVectorLayer
from qgis.gui import QgsMapCanvas, QgsMapMouseEvent, QgsMapTool
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, QPoint, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent

from ...protocol import RsvlmError
from ..layers.geometry import reprojected

REACH_PX = 3


def tool_before(canvas: QgsMapCanvas) -> Optional[QgsMapTool]:
    """What the canvas is to have again: the tool that is in use, or the one before it where that takes over for a while only."""
    tool = canvas.mapTool()
    return getattr(tool, "before", tool)


def give_back(canvas: QgsMapCanvas, tool: QgsMapTool) -> None:
    """Have the canvas use what was in use before this tool, if that is still there."""
    if tool.before is not None and not sip.isdeleted(tool.before):
        canvas.setMapTool(tool.before)
    else:
        canvas.unsetMapTool(tool)


class ClickTool(QgsMapTool):
    """Tells each click as a place in the layer's CRS and how far around it is meant as well; Esc gives up."""

    clicked = pyqtSignal(QgsPointXY, float)
    failed = pyqtSignal(object)  # RsvlmError
    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, layer: QgsVectorLayer) -> None:
        super().__init__(canvas)
        self.before = tool_before(canvas)
        self._layer = layer
        self.setCursor(Qt.CursorShape.CrossCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's names, here and below)
        if event.key() == Qt.Key.Key_Escape:
            event.accept()
            self.given_up.emit()

    def canvasReleaseEvent(self, event: QgsMapMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton:
            return
        try:
            point, aside = self._on_layer(event.pos()), self._on_layer(event.pos() + QPoint(REACH_PX, 0))
        except RsvlmError as error:
            self.failed.emit(error)
            return
        self.clicked.emit(point, point.distance(aside))

    def _on_layer(self, pixel: QPoint) -> QgsPointXY:
        crs = self.canvas().mapSettings().destinationCrs()
        return reprojected(QgsGeometry.fromPointXY(self.toMapCoordinates(pixel)), crs, self._layer.crs()).asPoint()


class Clicking(QObject):
    """One layer at a time. `ended` comes when no more clicks are taken."""

    clicked = pyqtSignal(QgsPointXY, float)
    failed = pyqtSignal(object)  # RsvlmError
    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._tool: Optional[ClickTool] = None

    def start(self, layer: QgsVectorLayer) -> None:
        """Clicks are meant for this layer, until `stop`, Esc or another tool."""
        self.stop()
        self._tool = ClickTool(self._canvas, layer)
        self._tool.clicked.connect(self.clicked)
        self._tool.failed.connect(self.failed)
        self._tool.given_up.connect(self.stop)
        self._tool.deactivated.connect(self._leave)
        layer.willBeDeleted.connect(self.stop)
        self._canvas.setMapTool(self._tool)
        self._canvas.setFocus()

    def show_busy(self, busy: bool) -> None:
        """Whether what was clicked is still being worked on."""
        if self._tool is not None:
            self._tool.setCursor(Qt.CursorShape.BusyCursor if busy else Qt.CursorShape.CrossCursor)

    def stop(self) -> None:
        """Give the canvas back to the tool that was in use before."""
        if self._tool is not None:
            give_back(self._canvas, self._tool)

    def _leave(self) -> None:
        tool, self._tool = self._tool, None
        if tool is not None:
            tool.deactivated.disconnect(self._leave)
            tool.deleteLater()
            self.ended.emit()

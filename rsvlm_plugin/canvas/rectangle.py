"""Draw one rectangle on the map, then go back to the map tool that was in use."""

from __future__ import annotations

from typing import Optional

from qgis.core import QgsRectangle
from qgis.gui import QgsMapCanvas, QgsMapToolExtent
from qgis.PyQt.QtCore import QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent

from .clicking import give_back, tool_before


class RectangleTool(QgsMapToolExtent):
    """QGIS's extent tool; Esc gives up."""

    given_up = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas) -> None:
        super().__init__(canvas)
        self.before = tool_before(canvas)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
        else:
            super().keyPressEvent(event)


class RectangleDrawing(QObject):
    """One drawing at a time. `drawn` carries the QgsRectangle in the map's CRS; `ended` follows either way."""

    drawn = pyqtSignal(QgsRectangle)
    ended = pyqtSignal()

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._tool: Optional[RectangleTool] = None

    def start(self) -> None:
        """Take over the canvas until a rectangle is drawn, Esc is pressed or another tool is chosen."""
        if self._tool is not None:
            return
        self._tool = RectangleTool(self._canvas)
        self._tool.extentChanged.connect(self._take)
        self._tool.given_up.connect(self.stop)
        self._tool.deactivated.connect(self._leave)
        self._canvas.setMapTool(self._tool)
        self._canvas.setFocus()

    def stop(self) -> None:
        """Give the canvas back to the tool that was in use before."""
        if self._tool is not None:
            give_back(self._canvas, self._tool)

    def _take(self, extent: QgsRectangle) -> None:
        if not extent.isEmpty():
            self.drawn.emit(QgsRectangle(extent))
            self.stop()

    def _leave(self) -> None:
        tool, self._tool = self._tool, None
        if tool is not None:
            tool.clearRubberBand()
            tool.deactivated.disconnect(self._leave)
            tool.deleteLater()
            self.ended.emit()

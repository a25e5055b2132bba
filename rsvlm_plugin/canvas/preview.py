"""Masks and boxes on the map while they are still coming, until their layer takes their place."""

from __future__ import annotations

from typing import List, Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtGui import QColor

from ..layers.geometry import reprojected

EVERY_MS = 300
MOST = 3000  # polygons: more would hold up the map while it is moved
LINE, CASING, FILL = QColor("#56b4e9"), QColor(0, 0, 0, 150), QColor(86, 180, 233, 50)


class Preview(QObject):
    """Shows polygons as they come, a few times a second."""

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._canvas = canvas
        self._band: Optional[QgsRubberBand] = None
        self._waiting: List[QgsGeometry] = []
        self._count = 0
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._draw)

    def add(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Show this polygon too. Raises RsvlmError (bad_extent) where the map's CRS does not reach."""
        if self._count >= MOST:
            return
        self._count += 1
        self._waiting.append(reprojected(geometry, crs, self._canvas.mapSettings().destinationCrs()))
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        """Take all of them off the map."""
        self._timer.stop()
        self._waiting, self._count = [], 0
        band, self._band = self._band, None
        if band is not None:
            self._canvas.scene().removeItem(band)

    def _draw(self) -> None:
        if not self._waiting:
            self._timer.stop()
            return
        if self._band is None:
            self._band = QgsRubberBand(self._canvas, QgsWkbTypes.PolygonGeometry)
            self._band.setStrokeColor(LINE)
            self._band.setSecondaryStrokeColor(CASING)
            self._band.setFillColor(FILL)
            self._band.setWidth(1)
        crs = self._canvas.mapSettings().destinationCrs()
        waiting, self._waiting = self._waiting, []
        for number, geometry in enumerate(waiting, 1):
            self._band.addGeometry(geometry, crs, number == len(waiting))

"""Masks and boxes on the map while they are still coming, until their layer takes their place."""

from __future__ import annotations

from typing import List, Optional, Tuple

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtCore import QObject, QTimer
from qgis.PyQt.QtGui import QColor

from ...protocol import RsvlmError
from ..layers.geometry import reprojected

EVERY_MS = 300
MOST = 3000  # polygons: more would hold up the map while it is moved
LINE, CASING, FILL = QColor("#56b4e9"), QColor(0, 0, 0, 150), QColor(86, 180, 233, 50)


class Preview(QObject):
    """Shows polygons as they come, a few times a second, and anew where the map gets another CRS.

    sketched: rough ones are among them, so that nobody needs to see the same once more.
    """

    def __init__(self, canvas: QgsMapCanvas, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.sketched = False
        self._canvas = canvas
        self._band: Optional[QgsRubberBand] = None
        self._shown: List[Tuple[QgsGeometry, QgsCoordinateReferenceSystem]] = []
        self._waiting: List[QgsGeometry] = []  # in the map's CRS
        self._count = 0
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self._draw)
        canvas.destinationCrsChanged.connect(self._begin_anew)
        QgsProject.instance().cleared.connect(self.clear)

    def sketch(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Show these rough polygons too. Raises RsvlmError (bad_extent) where the map's CRS does not reach."""
        self.add(geometry, crs)
        self.sketched = True

    def add(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Show this polygon too. Raises RsvlmError (bad_extent) where the map's CRS does not reach."""
        if geometry.isNull() or self._count >= MOST:
            return
        self._waiting.append(reprojected(geometry, crs, self._canvas.mapSettings().destinationCrs()))
        self._shown.append((geometry, crs))
        self._count += geometry.constGet().partCount()
        if not self._timer.isActive():
            self._timer.start()

    def clear(self) -> None:
        """Take all of them off the map."""
        self._timer.stop()
        self.sketched = False
        self._shown, self._waiting, self._count = [], [], 0
        band, self._band = self._band, None
        if band is not None:
            self._canvas.scene().removeItem(band)

    def _begin_anew(self) -> None:
        shown, sketched = self._shown, self.sketched
        self.clear()
        self.sketched = sketched
        try:
            for geometry, crs in shown:
                self.add(geometry, crs)
        except RsvlmError:
            self.clear()

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

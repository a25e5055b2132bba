"""Show on the map where an answer or a place lies."""

from __future__ import annotations

from typing import Optional, Tuple

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsWkbTypes
from qgis.gui import QgsMapCanvas, QgsRubberBand
from qgis.PyQt.QtGui import QColor, QPalette

from ..layers.geometry import reprojected


class Outline:
    """The outline of the drawn rectangle, kept on the map until it is cleared, also where the map gets another CRS."""

    def __init__(self, canvas: QgsMapCanvas) -> None:
        self._canvas = canvas
        self._shown: Optional[Tuple[QgsGeometry, QgsCoordinateReferenceSystem]] = None
        self._band: Optional[QgsRubberBand] = None
        canvas.destinationCrsChanged.connect(self._draw)

    def show(self, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
        """Show the polygon instead of what was shown before."""
        self._shown = (geometry, crs)
        self._draw()

    def clear(self) -> None:
        """Take the outline off the map."""
        self._shown = None
        self._draw()

    def dispose(self) -> None:
        """Let go of the map."""
        self._canvas.destinationCrsChanged.disconnect(self._draw)
        self.clear()

    def _draw(self) -> None:
        if self._band is not None:
            self._canvas.scene().removeItem(self._band)
            self._band = None
        if self._shown is None:
            return
        band = QgsRubberBand(self._canvas, QgsWkbTypes.PolygonGeometry)
        colour = QColor(self._canvas.palette().color(QPalette.ColorRole.Highlight))
        band.setStrokeColor(colour)
        band.setSecondaryStrokeColor(self._canvas.palette().color(QPalette.ColorRole.HighlightedText))
        colour.setAlpha(25)
        band.setFillColor(colour)
        band.setWidth(2)
        geometry, crs = self._shown
        band.setToGeometry(geometry, crs)
        self._band = band


def flash(canvas: QgsMapCanvas, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
    """Let the polygon light up on the map for a moment."""
    canvas.flashGeometries([geometry], crs)


def zoom(canvas: QgsMapCanvas, geometry: QgsGeometry, crs: QgsCoordinateReferenceSystem) -> None:
    """Bring the polygon into view with a little room around it, and let it light up; nothing, where it lies nowhere.

    One without a size is brought to the middle, the scale stays.
    """
    if geometry.boundingBox().isNull():
        return
    box = reprojected(geometry, crs, canvas.mapSettings().destinationCrs()).boundingBox()
    box.scale(1.1)
    canvas.setExtent(box)
    canvas.refresh()
    flash(canvas, geometry, crs)

"""A drawn place as a model elsewhere gets to see it: a JPEG, and where on the ground it lies.

What the map leaves empty, and what lies outside the area that is asked about, is white. The thumbnail shows this very
picture.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
from qgis.core import QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject, QgsRectangle
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, Qt
from qgis.PyQt.QtGui import QImage, QPainter, QPainterPath, QPolygonF

from ...protocol import Raster, RsvlmError
from ..translation import tr
from .geometry import crs_from_text, from_geojson, to_geojson

JPEG_QUALITY = 90
STEPS = 16  # of a line across the picture, so that one over half the globe is not taken for the short way back


@dataclass(frozen=True)
class Picture:
    """jpeg: the bytes to send, `width` x `height` pixels, north up.

    extent: x0, y0, x1, y1 in `crs`; in pixels, y down, where there is no CRS. footprint: GeoJSON polygon, likewise.
    gsd_m: metres per pixel; ground_m: width and height; area_m2: of the footprint. None without a CRS.
    """

    jpeg: bytes
    width: int
    height: int
    extent: Tuple[float, float, float, float]
    crs: Optional[str]
    footprint: Dict[str, Any]
    gsd_m: Optional[float]
    ground_m: Optional[Tuple[float, float]]
    area_m2: Optional[float]

    def preview(self) -> Dict[str, Any]:
        """The same facts, in the words of the backend's `/v1/view`; size: pixels that are sent."""
        return {
            "thumbnail": base64.b64encode(self.jpeg).decode("ascii"),
            "gsd_m": self.gsd_m,
            "ground_m": self.ground_m,
            "crs": self.crs,
            "size": (self.width, self.height),
        }


def picture_of(raster: Raster) -> Picture:
    """The picture of a drawn raster. Raises RsvlmError no_data where nothing is drawn in it."""
    drawn = QImage.fromData(base64.b64decode(raster.data or ""))
    if drawn.isNull() or _is_empty(drawn):
        raise RsvlmError(
            "no_data",
            tr("There is nothing to see in this place: its picture is empty."),
            tr("Move the map to where a layer has data, switch another layer on, or look at another time."),
        )
    across, _, left, _, down, top = raster.transform
    width, height = drawn.width(), drawn.height()
    box = QgsRectangle(left, top + down * height, left + across * width, top)
    area = None if raster.area is None else from_geojson(raster.area)
    jpeg = _jpeg(drawn, _outside(area, across, down, left, top, width, height))
    if raster.crs is None:
        box = QgsRectangle(0, 0, width, height)
        footprint = QgsGeometry.fromRect(box)
        return Picture(jpeg, width, height, _corners(box), None, to_geojson(footprint), None, None, None)
    footprint = QgsGeometry.fromRect(box) if area is None else area.intersection(QgsGeometry.fromRect(box))
    measure = QgsDistanceArea()
    measure.setSourceCrs(crs_from_text(raster.crs), QgsProject.instance().transformContext())
    measure.setEllipsoid(measure.sourceCrs().ellipsoidAcronym() or "EPSG:7030")
    middle = box.center()
    ground = (
        measure.measureLine(_line(box.xMinimum(), middle.y(), box.xMaximum(), middle.y())),
        measure.measureLine(_line(middle.x(), box.yMinimum(), middle.x(), box.yMaximum())),
    )
    gsd = (ground[0] / width + ground[1] / height) / 2
    area_m2 = measure.measureArea(footprint)
    return Picture(jpeg, width, height, _corners(box), raster.crs, to_geojson(footprint), gsd, ground, area_m2)


def _is_empty(image: QImage) -> bool:
    if not image.hasAlphaChannel():
        return False
    plain = image.convertToFormat(QImage.Format.Format_RGBA8888)
    data = plain.constBits().asarray(plain.sizeInBytes())
    return not np.frombuffer(data, np.uint8)[3::4].any()


def _outside(
    area: Optional[QgsGeometry], across: float, down: float, left: float, top: float, width: int, height: int
) -> QPainterPath:
    """What of the picture, in pixels, lies outside the area; nothing without one."""
    path = QPainterPath()
    if area is None:
        return path
    path.setFillRule(Qt.FillRule.OddEvenFill)
    path.addRect(QRectF(0, 0, width, height))
    polygons = area.asMultiPolygon() if area.isMultipart() else [area.asPolygon()]
    for polygon in polygons:
        for ring in polygon:
            corners = [QPointF((point.x() - left) / across, (point.y() - top) / down) for point in ring]
            path.addPolygon(QPolygonF(corners))
            path.closeSubpath()
    return path


def _jpeg(drawn: QImage, outside: QPainterPath) -> bytes:
    paper = QImage(drawn.size(), QImage.Format.Format_RGB32)
    paper.fill(Qt.GlobalColor.white)
    painter = QPainter(paper)
    painter.drawImage(0, 0, drawn)
    painter.fillPath(outside, Qt.GlobalColor.white)
    painter.end()
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    paper.save(buffer, "JPEG", JPEG_QUALITY)
    return bytes(content)


def _corners(box: QgsRectangle) -> Tuple[float, float, float, float]:
    return box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()


def _line(x0: float, y0: float, x1: float, y1: float) -> List[QgsPointXY]:
    return [QgsPointXY(x0 + (x1 - x0) * n / STEPS, y0 + (y1 - y0) * n / STEPS) for n in range(STEPS + 1)]

"""Which pixels an algorithm sends to the backend: the layer's own file, or a picture of a service.

Processing works on data, not on how they are styled: a raster on disk is read from its file. What has no file (XYZ,
WMS, databases) is drawn. `choose` runs in the main thread, `fetch` in the algorithm's.
"""

from __future__ import annotations

import math
from typing import List, Optional, Union

from qgis.core import (
    QgsDistanceArea,
    QgsMapSettings,
    QgsPointXY,
    QgsProcessingFeedback,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsUnitTypes,
)
from qgis.PyQt.QtCore import QEventLoop, QSize, QThread, QTimer

from ...protocol import Cancelled, Raster, RsvlmError
from ..layers import nodata
from ..layers.geometry import crs_text
from ..layers.place import Place, is_unbounded
from ..layers.rendering import MapPicture
from ..layers.sources import MAX_PIXELS, Native, Rendered, acquired, map_settings, native_href, shown_bands
from ..translation import tr

LOOK_MS = 50


def check(layer: QgsRasterLayer, extent: Optional[QgsRectangle]) -> None:
    """Raise RsvlmError bad_extent where `extent` (in the layer's CRS; None = all of it) is nothing to look at."""
    if extent is None and is_unbounded(layer):
        raise RsvlmError(
            "bad_extent",
            tr("“{name}” is a service without an end.").format(name=layer.name()),
            tr("Set the parameter Extent."),
        )
    if extent is not None and (extent.isEmpty() or not extent.isFinite()):
        raise RsvlmError(
            "bad_extent",
            tr("The extent covers no area."),
            tr("Give it as west, east, south, north, with the smaller number first."),
        )


def choose(layer: QgsRasterLayer, extent: Optional[QgsRectangle], draw: bool = False) -> Union[Native, Rendered]:
    """Decide for `extent` (in the layer's CRS; None = all of it). Raises RsvlmError as `check` does.

    draw: a picture also where there is a file, for a server.
    """
    check(layer, extent)
    if not draw and not why_drawn(layer):
        return Native(_native(layer, native_href(layer), extent))
    # The picture is drawn in the algorithm's thread, which must not touch a layer of the project.
    copy = layer.clone()
    copy.setScaleBasedVisibility(False)
    copy.moveToThread(None)
    box = layer.extent() if extent is None else extent
    place = Place("layer", layer.name(), box, layer.crs(), (copy,))
    frame = QgsMapSettings()
    frame.setDestinationCrs(layer.crs())
    frame.setOutputSize(_frame_size(layer, box))
    frame.setExtent(box)
    frame.setTransformContext(QgsProject.instance().transformContext())
    return Rendered(map_settings(place, [copy], frame), place, 1)


def is_file(layer: QgsRasterLayer) -> bool:
    """Whether GDAL reads the layer's own pixels; no service, which is there to be drawn."""
    return layer.dataProvider().name() == "gdal"


def why_drawn(layer: QgsRasterLayer) -> str:
    """Why a file is drawn though no server wants a picture, and what to do for it to be read; empty: it is read."""
    file_crs = layer.dataProvider().crs()
    if native_href(layer) is None:
        return tr(
            "it is no file on this computer whose pixels lie in straight rows on the map. Save it as a GeoTIFF: Layer ▸"
            " Save As, Raw data."
        )
    if file_crs.isValid() and file_crs != layer.crs():
        return tr(
            "its coordinate system was set to another one than its file has. Choose {crs} in Layer Properties ▸ Source."
        ).format(crs=file_crs.authid() or file_crs.description())
    if not nodata.can_be_told(layer):
        return tr(
            "it has no data by more than one value in a band, or by the values of pixels. Leave one value, and no"
            " transparent pixels, in Layer Properties ▸ Transparency."
        )
    return ""


def drawn_size(settings: QgsMapSettings) -> str:
    """Pixels of a drawing, across and down, and of one on the ground where that is known."""
    size, box = settings.outputSize(), settings.visibleExtent()
    pixels = tr("{width} × {height} pixels").format(width=size.width(), height=size.height())
    if not settings.destinationCrs().isValid():
        return pixels
    measure = QgsDistanceArea()
    measure.setSourceCrs(settings.destinationCrs(), settings.transformContext())
    measure.setEllipsoid(settings.destinationCrs().ellipsoidAcronym())
    middle = box.center()
    beside = QgsPointXY(middle.x() + box.width() / size.width(), middle.y())
    metres = measure.convertLengthMeasurement(measure.measureLine(middle, beside), QgsUnitTypes.DistanceMeters)
    return tr("{pixels} of {metres} m").format(pixels=pixels, metres=f"{metres:.3g}")


def fetch(source: Union[Native, Rendered], feedback: QgsProcessingFeedback) -> Raster:
    """The raster to send; draws it where there is no file. Raises RsvlmError: cancelled within 100 ms of the user."""
    if isinstance(source, Native):
        return source.raster
    feedback.pushInfo(tr("Drawing the layer"))
    for layer in source.place.layers:
        layer.moveToThread(QThread.currentThread())
    drawn: List[Raster] = []
    loop = QEventLoop()
    picture = MapPicture(source)
    picture.finished.connect(drawn.append)
    picture.finished.connect(loop.quit)
    look = QTimer()
    look.timeout.connect(lambda: loop.quit() if feedback.isCanceled() else None)
    look.start(LOOK_MS)
    picture.start()
    loop.exec()
    look.stop()
    if not drawn:
        picture.end()
        raise Cancelled()
    return drawn[0]


def _frame_size(layer: QgsRasterLayer, box: QgsRectangle) -> QSize:
    """As many pixels as a picture may have; no more than a file has."""
    side = MAX_PIXELS
    if native_href(layer) is not None:
        side = min(side, math.ceil(max(box.width(), box.height()) / layer.rasterUnitsPerPixelX()))
    return QSize(side, side)


def _native(layer: QgsRasterLayer, href: str, extent: Optional[QgsRectangle]) -> Raster:
    # A layer of the project is shown in bands that somebody chose; QGIS's default for a bare file says nothing.
    chosen = QgsProject.instance().mapLayer(layer.id()) is not None
    box: Optional[List[float]] = None
    if extent is not None:
        box = [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()]
        if not layer.crs().isValid():
            box = _in_pixels(layer, extent)
    return Raster(
        href=href,
        crs=crs_text(layer.crs()),
        extent=box,
        bands=shown_bands(layer) if chosen else None,
        nodata=nodata.declared(layer),
        acquired=acquired(layer),
        name=layer.name(),
    )


def _in_pixels(layer: QgsRasterLayer, extent: QgsRectangle) -> List[float]:
    """The backend counts pixels, x right and y down, where there is no CRS."""
    whole = layer.extent()
    across, down = layer.rasterUnitsPerPixelX(), layer.rasterUnitsPerPixelY()
    return [
        (extent.xMinimum() - whole.xMinimum()) / across,
        (whole.yMaximum() - extent.yMaximum()) / down,
        (extent.xMaximum() - whole.xMinimum()) / across,
        (whole.yMaximum() - extent.yMinimum()) / down,
    ]

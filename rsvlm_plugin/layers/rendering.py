"""Draw a picture of the map for the model without holding up QGIS.

The settings are cloned and the layers prepared on the main thread, as the map canvas does it: a live memory layer that
is first touched from another thread dead-locks. Drawing and PNG encoding happen in worker threads.
"""

from __future__ import annotations

import base64
import threading
from typing import ClassVar, Optional, Set

from qgis.core import QgsMapRendererParallelJob
from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, QObject, pyqtSignal
from qgis.PyQt.QtGui import QImage

from ...protocol import Raster
from .geometry import crs_text, to_geojson
from .sources import Rendered

PNG_QUALITY = 90  # Qt's scale: the lightest compression, several times faster than the default


class MapPicture(QObject):
    """One picture being drawn. `finished` carries a Raster with data, transform and CRS; nothing after `cancel`."""

    finished = pyqtSignal(object)
    _encoded = pyqtSignal(str)
    _retiring: ClassVar[Set["MapPicture"]] = set()

    def __init__(self, source: Rendered, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._source = source
        self._cancelled = False
        self._busy = False
        self._encoding: Optional[threading.Thread] = None
        self._job = QgsMapRendererParallelJob(source.settings)
        self._job.finished.connect(self._drawn)
        self._encoded.connect(self._deliver)

    def start(self) -> None:
        """Begin; on the thread that the layers live in, which has to run its events."""
        self._busy = True
        self._job.start()

    def cancel(self) -> None:
        """Stop drawing; `finished` will not be emitted."""
        self._cancelled = True
        if self._busy:
            # Deleting a job waits for its threads; so it stays, without its parent, until they are through.
            self.setParent(None)
            MapPicture._retiring.add(self)
            self._job.cancelWithoutBlocking()

    def end(self) -> None:
        """As `cancel`, but wait until its threads are through: for a thread that will not go back to its events."""
        self._cancelled = True
        if self._job.isActive():
            self._job.cancel()
        if self._encoding is not None:
            self._encoding.join()
        self._busy = False

    def _drawn(self) -> None:
        if self._cancelled:
            self._retire()
            return
        image = self._job.renderedImage()
        self._encoding = threading.Thread(target=self._encode, args=(image,), name="rsvlm-png", daemon=True)
        self._encoding.start()

    def _encode(self, image: QImage) -> None:
        content = QByteArray()
        buffer = QBuffer(content)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.convertToFormat(QImage.Format.Format_ARGB32).save(buffer, "PNG", PNG_QUALITY)
        self._encoded.emit(base64.b64encode(bytes(content)).decode("ascii"))

    def _deliver(self, data: str) -> None:
        self._busy = False
        if self._cancelled:
            self._retire()
        else:
            self.finished.emit(self._raster(data))

    def _retire(self) -> None:
        MapPicture._retiring.discard(self)
        self.deleteLater()

    def _raster(self, data: str) -> Raster:
        settings, place = self._source.settings, self._source.place
        box, size = settings.visibleExtent(), settings.outputSize()
        pixel_width, pixel_height = box.width() / size.width(), box.height() / size.height()
        return Raster(
            data=data,
            transform=[pixel_width, 0.0, box.xMinimum(), 0.0, -pixel_height, box.yMaximum()],
            crs=crs_text(place.crs),
            area=None if place.area is None else to_geojson(place.area),
            name=place.name,
        )

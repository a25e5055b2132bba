"""Get the pixels of a place: at once where its file is read, after drawing where it is not. For the main thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from qgis.core import QgsMapSettings
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...protocol import Raster, RsvlmError
from ..translation import tr
from .place import Place
from .rendering import MapPicture
from .sources import Native, choose


@dataclass(frozen=True)
class Seen:
    """A place and the raster that the backend gets for it. drawn: a picture of `layer_count` layers, not a file.

    crs: of the pixels and so of what is found in them, as text; None = they have none.
    """

    place: Place
    raster: Raster
    drawn: bool
    layer_count: int = 1
    crs: Optional[str] = None


class Fetching(QObject):
    """One place being fetched: exactly one of `fetched` (Seen) and `failed` (RsvlmError), or nothing after `cancel`."""

    fetched = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(
        self, place: Place, canvas_settings: QgsMapSettings, parent: Optional[QObject] = None, draw: bool = False
    ) -> None:
        """draw: fetch a picture also where the file could be read."""
        super().__init__(parent)
        self._place = place
        self._settings = canvas_settings
        self._draw = draw
        self._picture: Optional[MapPicture] = None
        self._layer_count = 1
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fetch)
        self._timer.start(0)

    def cancel(self) -> None:
        """Want it no more."""
        self._timer.stop()
        if self._picture is not None:
            self._picture.cancel()

    def _fetch(self) -> None:
        try:
            source = choose(self._place, self._settings, self._draw)
        except RsvlmError as error:
            self.failed.emit(error)
            return
        except RuntimeError:  # Qt's object is gone
            error = RsvlmError(
                "bad_extent", tr("The layer was closed before it was looked at."), tr("Choose another one.")
            )
            self.failed.emit(error)
            return
        if isinstance(source, Native):
            self.fetched.emit(Seen(self._place, source.raster, drawn=False, crs=source.crs))
            return
        self._layer_count = source.layer_count
        self._picture = MapPicture(source, self)
        self._picture.finished.connect(self._drawn)
        self._picture.start()

    def _drawn(self, raster: Raster) -> None:
        self.fetched.emit(Seen(self._place, raster, True, self._layer_count, raster.crs))

"""Keeps the thumbnail true: what the model would see of the place, asked again whenever the place changes."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from qgis.gui import QgsMapCanvas
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...protocol import RsvlmError
from ..client import Backend, Reply
from ..layers.fetching import Fetching, Seen
from ..layers.picture import picture_of
from ..layers.place import Place
from .model_choice import Chosen

DELAY_MS = 300


class Looking(QObject):
    """Debounced; a newer place supersedes an older request. Does nothing before `resume` and after `pause`."""

    started = pyqtSignal()
    looked = pyqtSignal(object, dict)  # Seen, the preview of /v1/view
    failed = pyqtSignal(object)  # RsvlmError

    def __init__(
        self,
        backend: Backend,
        canvas: QgsMapCanvas,
        place: Callable[[], Place],
        chosen: Callable[[], Chosen],
        parent: Optional[QObject] = None,
    ) -> None:
        super().__init__(parent)
        self._backend = backend
        self._canvas = canvas
        self._place = place
        self._chosen = chosen
        self._active = False
        self._fetching: Optional[Fetching] = None
        self._reply: Optional[Reply] = None
        self._seen: Optional[Seen] = None
        self._shown: Optional[Seen] = None
        self._stale = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self._look)

    @property
    def seen(self) -> Optional[Seen]:
        """What the thumbnail shows, None while it does not show the present place."""
        return None if self._stale else self._shown

    def resume(self) -> None:
        """Begin to look, at once."""
        self._active = True
        self._timer.start(0)

    def pause(self) -> None:
        """Look no more until `resume`."""
        self._active = False
        self._timer.stop()
        self._drop()
        self._shown = None

    def look_anew(self) -> None:
        """Another model is to see the place."""
        self._shown = None
        self.ask_soon()

    def ask_soon(self) -> None:
        """The place may have changed."""
        if self._active:
            self._stale = True
            self._drop()
            self._timer.start(DELAY_MS)

    def _look(self) -> None:
        self._drop()
        try:
            place = self._place()
        except RsvlmError as error:
            self._fail(error)
            return
        self._fetching = Fetching(place, self._canvas.mapSettings(), self, draw=self._chosen().server is not None)
        self._fetching.fetched.connect(self._ask)
        self._fetching.failed.connect(self._fail)

    def _ask(self, seen: Seen) -> None:
        if self._shown is not None and self._shown.raster == seen.raster:
            self._shown = seen
            self._stale = False
            self._end_fetching()
            return
        self._shown = None
        self._seen = seen
        chosen = self._chosen()
        if chosen.server is not None:
            self._show_picture(seen, chosen.server.name)
            return
        self.started.emit()
        self._reply = self._backend.view(seen.raster, chosen.model)
        self._reply.finished.connect(self._show)
        self._reply.failed.connect(self._fail)

    def _show_picture(self, seen: Seen, server: str) -> None:
        """What the server will be sent, with no backend needed."""
        try:
            preview = picture_of(seen.raster).preview()
        except RsvlmError as error:
            self._fail(error)
            return
        self._show({**preview, "server": server})

    def _show(self, preview: Dict[str, Any]) -> None:
        self._reply = None
        self._shown = self._seen
        self._stale = False
        self._end_fetching()
        self.looked.emit(self._seen, preview)

    def _fail(self, error: RsvlmError) -> None:
        self._reply = None
        self._shown = None
        self._end_fetching()
        self.failed.emit(error)

    def _drop(self) -> None:
        reply, self._reply = self._reply, None
        if reply is not None:
            reply.finished.disconnect(self._show)
            reply.failed.disconnect(self._fail)
            reply.cancel()
        if self._fetching is not None:
            self._fetching.cancel()
        self._end_fetching()

    def _end_fetching(self) -> None:
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.deleteLater()

"""The backend as the windows of QGIS see it: ask, and be told when it speaks. For the GUI thread."""

from __future__ import annotations

from typing import Optional, Set

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from ...protocol import DescribeRequest, Raster
from ..environment.process import shared_process
from .messages import BUNDLED_MODEL, Call, FindRequest, describe_call, find_call, models_call, view_call
from .reply import Reply, loopback_manager
from .state import BackendState
from .watch import StateWatch

SOON_MS = 300  # after a request was sent or answered


class Backend(QObject):
    """One per plugin. The process is started by the first request, and again by the next one after it died."""

    state_changed = pyqtSignal(object)  # BackendState

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._running: Set[Reply] = set()
        self._manager = loopback_manager()  # without a parent: replies that outlive this object still need it
        self._process = shared_process()
        self._watch = StateWatch(self._process, self._ask, self)
        self._watch.changed.connect(self.state_changed)

    @property
    def state(self) -> BackendState:
        """The state that was told last."""
        return self._watch.state

    def watch(self, visible: bool) -> None:
        """Somebody looks at the state, or does no more: only meanwhile a resting backend is asked for it."""
        self._watch.visible = visible
        if visible:
            self._watch.look()

    def describe(self, request: DescribeRequest) -> Reply:
        """Say what is at a place; `finished` carries an Answer."""
        return self._work(describe_call(request), request.model)

    def find(self, request: FindRequest) -> Reply:
        """Draw masks or boxes of what phrases name, or the outline of what a click means; `finished` carries an Answer."""
        return self._work(find_call(request), request.model)

    def _work(self, call: Call, model: Optional[str]) -> Reply:
        reply = self._ask(call)
        self._watch.model = model or BUNDLED_MODEL
        self._watch.look(SOON_MS)
        reply.finished.connect(self._look_soon)
        reply.failed.connect(self._look_soon)
        return reply

    def view(self, raster: Raster, model: Optional[str] = None) -> Reply:
        """What the model will see of a place; `finished` carries the preview as a dict."""
        return self._ask(view_call(raster, model))

    def models(self) -> Reply:
        """The models there are; `finished` carries the dict of `/v1/models`."""
        return self._ask(models_call())

    def log(self) -> str:
        """The backend's last lines, for "Details…"."""
        return self._process.log()

    def stop(self) -> None:
        """End the backend process; running replies end as cancelled. The next request starts a new one."""
        for reply in tuple(self._running):
            reply.cancel()
        self._process.stop()

    def _ask(self, call: Call) -> Reply:
        reply = Reply(call, self._process, self._manager)
        self._running.add(reply)
        reply.finished.connect(self._on_over)
        reply.failed.connect(self._on_over)
        return reply

    @pyqtSlot(object)
    def _on_over(self, _outcome: object) -> None:
        # Later, because an object must not go away while it is telling its listeners.
        QTimer.singleShot(0, self._sweep)

    @pyqtSlot()
    def _sweep(self) -> None:
        self._running = {reply for reply in self._running if not reply.over}

    @pyqtSlot(object)
    def _look_soon(self, _outcome: object) -> None:
        self._watch.look(SOON_MS)

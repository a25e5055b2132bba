"""Keeps an eye on the backend for the dock: asks it how it is, seldom, and never starts one to ask it."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from ...protocol import RsvlmError
from ..environment.endpoint import Endpoint
from ..environment.process import BackendProcess
from ..translation import tr
from .messages import BUNDLED_MODEL, Call, state_call
from .reply import Reply
from .state import BackendState, read_state

STARTING_MS = 500
BUSY_MS = 2_000
IDLE_MS = 5_000  # only while somebody looks at the dock


class StateWatch(QObject):
    """Tells the state whenever it is another one. Looks when asked to, while the backend starts, and while `visible`."""

    changed = pyqtSignal(object)  # BackendState

    def __init__(self, process: BackendProcess, ask: Callable[[Call], Reply], parent: QObject) -> None:
        super().__init__(parent)
        self.state = BackendState("stopped")
        self.visible = False
        self.model = BUNDLED_MODEL
        self._ask = ask
        self._endpoint: Optional[Endpoint] = None
        self._looking = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._look)
        process.starting.connect(self._on_starting)
        process.ready.connect(self._on_ready)
        process.failed.connect(self._on_failed)
        process.ended.connect(self._on_ended)

    def look(self, milliseconds: int = 0) -> None:
        """Ask how the backend is, after a while, if it runs by then. Many calls are one."""
        if not self._timer.isActive() or self._timer.remainingTime() > milliseconds:
            self._timer.start(milliseconds)

    @pyqtSlot()
    def _look(self) -> None:
        if self._endpoint is None or self._looking:
            return
        self._looking = True
        reply = self._ask(state_call())
        reply.finished.connect(self._on_told)
        reply.failed.connect(self._on_not_told)

    @pyqtSlot(object)
    def _on_told(self, told: Dict[str, Any]) -> None:
        self._looking = False
        if self._endpoint is None:
            return
        try:
            state = read_state(told, self.model, self._endpoint)
        except RsvlmError as error:
            self._on_failed(error)
            return
        self._set(state)
        if state.kind == "starting":
            self.look(STARTING_MS)
        elif self.visible:
            self.look(BUSY_MS if state.kind == "busy" else IDLE_MS)

    @pyqtSlot(object)
    def _on_not_told(self, error: RsvlmError) -> None:
        """A backend that is gone, or was stopped while it was asked, is told of by the process itself."""
        self._looking = False
        if self._endpoint is not None and error.code != "cancelled":
            self._on_failed(error)

    @pyqtSlot()
    def _on_starting(self) -> None:
        self._set(BackendState("starting", detail=tr("Starting the backend")))

    @pyqtSlot(object)
    def _on_ready(self, endpoint: Endpoint) -> None:
        if endpoint != self._endpoint:
            self._endpoint = endpoint
            self.look()

    @pyqtSlot(object)
    def _on_failed(self, error: RsvlmError) -> None:
        self._set(BackendState("failed", detail=error.message))

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._endpoint = None
        self._timer.stop()
        self._set(BackendState("stopped"))

    def _set(self, state: BackendState) -> None:
        if state != self.state:
            self.state = state
            self.changed.emit(state)

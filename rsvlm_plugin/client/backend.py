"""The backend as the windows of QGIS see it: ask, and be told when it speaks. For the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Set

from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from ...protocol import VERSION, DescribeRequest, Raster, RsvlmError
from ..environment.endpoint import Endpoint
from ..environment.process import shared_process
from ..translation import tr
from .messages import BUNDLED_MODEL, Call, describe_call, models_call, view_call
from .reply import Reply, loopback_manager

STARTING = "starting"  # what the backend names as its device until its models are there
LOOK_MS = 500


@dataclass(frozen=True)
class BackendState:
    """kind: "stopped" | "starting" | "ready" | "failed". device: "cpu" | "cuda". model: a title. detail: a sentence."""

    kind: str
    device: str = ""
    model: str = ""
    detail: str = ""


class Backend(QObject):
    """One per plugin. The process is started by the first request, and again by the next one after it died."""

    state_changed = pyqtSignal(object)  # BackendState

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.state = BackendState("stopped")
        self._endpoint: Optional[Endpoint] = None
        self._running: Set[Reply] = set()
        self._manager = loopback_manager()  # without a parent: replies that outlive this object still need it
        self._process = shared_process()
        self._process.starting.connect(self._on_starting)
        self._process.ready.connect(self._on_ready)
        self._process.failed.connect(self._on_failed)
        self._process.ended.connect(self._on_ended)

    def describe(self, request: DescribeRequest) -> Reply:
        """Say what is at a place; `finished` carries an Answer."""
        return self._ask(describe_call(request))

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

    def _set(self, state: BackendState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)

    @pyqtSlot()
    def _on_starting(self) -> None:
        self._set(BackendState("starting", detail=tr("Starting the backend")))

    @pyqtSlot(object)
    def _on_ready(self, endpoint: Endpoint) -> None:
        if endpoint == self._endpoint:
            return
        self._endpoint = endpoint
        self._ask_state()

    @pyqtSlot()
    def _ask_state(self) -> None:
        if self._endpoint is None:
            return
        reply = self.models()
        reply.finished.connect(self._on_models)
        reply.failed.connect(self._on_failed)

    @pyqtSlot(object)
    def _on_models(self, models: Dict[str, Any]) -> None:
        device = str(models.get("device", ""))
        if device == STARTING:
            self._set(BackendState("starting", detail=tr("Loading the model")))
            QTimer.singleShot(LOOK_MS, self._ask_state)
            return
        title = next((card.get("title", "") for card in models["data"] if card["id"] == BUNDLED_MODEL), "")
        detail = ""
        if self._endpoint is not None and self._endpoint.version != VERSION:
            detail = tr("The backend is version {backend}, the plugin {plugin}: press Update in the options.").format(
                backend=self._endpoint.version, plugin=VERSION
            )
        self._set(BackendState("ready", device, title, detail))

    @pyqtSlot(object)
    def _on_failed(self, error: RsvlmError) -> None:
        if error.code == "cancelled":  # by `stop`, while the state was asked for
            self._endpoint = None
            self._set(BackendState("stopped"))
            return
        self._set(BackendState("failed", detail=error.message))

    @pyqtSlot()
    def _on_ended(self) -> None:
        self._endpoint = None
        self._set(BackendState("stopped"))

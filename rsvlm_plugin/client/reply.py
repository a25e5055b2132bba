"""One request to the backend on its way: starts the backend if need be, sends, and tells what comes back.

Works in any thread that runs an event loop: the GUI's, or a worker's for as long as it waits. Only the process behind
it lives in the main thread.
"""

from __future__ import annotations

import json
import time
import uuid
from typing import List, Optional

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtCore import QByteArray, QMetaObject, QObject, Qt, QTimer, QUrl, pyqtSignal, pyqtSlot
from qgis.PyQt.QtNetwork import QNetworkProxy, QNetworkReply, QNetworkRequest

from ...protocol import Answer, Cancelled, Evidence, RsvlmError
from ..environment.endpoint import Endpoint
from ..environment.process import BackendProcess
from ..translation import tr
from .messages import DONE, Call, Update, nonsense, read_event, read_object
from .sse import EventStream

NOTHING = Update()  # a chunk that only opens the stream
# Nobody listens there, or by now another program, which does not know the token.
GONE = (QNetworkReply.NetworkError.ConnectionRefusedError, QNetworkReply.NetworkError.AuthenticationRequiredError)
# Pauses before the backend is looked for again where nobody answers: one that ends with the window that owned it keeps its
# place for a moment.
RETRY_MS = (0, 500, 1000, 2000)
STOP_MS = 2_000  # a batch of tiles may be under way
SILENCE_MS = 30_000  # in a stream the backend says something every 10 s, be it only a comment
WHOLE_MS = 300_000  # what comes in one piece is said once: a large file on a slow disk takes its time
TURN_S = 0.03  # for which QGIS waits at a time
PIECE = 16_384  # bytes: some twenty masks


def loopback_manager() -> QgsNetworkAccessManager:
    """A network manager for this machine only: past the user's proxy, without touching the user's settings."""
    manager = QgsNetworkAccessManager()
    manager.setProxy(QNetworkProxy(QNetworkProxy.ProxyType.NoProxy))
    return manager


class Reply(QObject):
    """What the backend says to one `call`. Exactly one of `finished` and `failed` is emitted, once.

    finished: an Answer for a streamed call, else a dict. failed: an RsvlmError, of code "cancelled" after `cancel`.
    gave_up: what was finished did not come in the time that `stop` gives.
    """

    progress = pyqtSignal(int, int, str)  # done, total (0 = unknown), what is being done
    text = pyqtSignal(str)
    sketch = pyqtSignal(object)  # GeoJSON: rough outlines of more that was found, for drawing only
    evidence = pyqtSignal(object)
    finished = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(self, call: Call, process: BackendProcess, manager: QgsNetworkAccessManager) -> None:
        super().__init__()
        self.over = False
        self.gave_up = False
        self._call = call
        self._process = process
        self._manager = manager
        self._id = uuid.uuid4().hex
        self._endpoint: Optional[Endpoint] = None
        self._network: Optional[QNetworkReply] = None
        self._events = EventStream()
        self._body = b""
        self._evidence: List[Evidence] = []
        self._answer: Optional[Answer] = None
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._go_on)
        self._tries = 0
        self._begun = False
        self._stopping = False
        # Queued, so that whoever asked has connected its slots before anything can happen.
        QMetaObject.invokeMethod(self, "_begin", Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Stop: the backend is told, the connection is closed, `failed` follows at once with the code "cancelled"."""
        if self.over:
            return
        self._say_goodbye()
        self._end_with(Cancelled())

    def stop(self, within_ms: int = STOP_MS) -> None:
        """Stop, but let the backend hand over what it has finished: `finished` follows, with a partial Answer, or `failed`.

        After `within_ms` without all of it, at the second call, and where nothing has been asked yet, this is `cancel`.
        """
        if self._stopping or self._network is None:
            self.cancel()
            return
        self._stopping = True
        self._say_goodbye()
        QTimer.singleShot(within_ms, self._wait_no_longer)

    @pyqtSlot()
    def _wait_no_longer(self) -> None:
        """What has come whole by then is heard to its end."""
        if self._network is None or not self._network.isFinished():
            self.gave_up = not self.over
            self.cancel()

    def _say_goodbye(self) -> None:
        if self._network is not None and self._endpoint is not None:
            request = self._request(f"/v1/requests/{self._id}", self._endpoint)
            farewell = self._manager.sendCustomRequest(request, QByteArray(b"DELETE"))
            farewell.finished.connect(farewell.deleteLater)

    @pyqtSlot()
    def _begin(self) -> None:
        if self.over:
            return
        if not self._call.starts:
            endpoint = self._process.endpoint
            if endpoint is None:
                self._end_with(_gone())
            else:
                self._on_ready(endpoint)
            return
        self._process.starting.connect(self._on_starting)
        self._process.ready.connect(self._on_ready)
        self._process.failed.connect(self._on_no_backend)
        self._process.ensure()

    @pyqtSlot()
    def _on_starting(self) -> None:
        self.progress.emit(0, 0, tr("Starting the backend"))

    @pyqtSlot(object)
    def _on_no_backend(self, error: RsvlmError) -> None:
        self._leave_process()
        self._end_with(error)

    @pyqtSlot(object)
    def _on_ready(self, endpoint: Endpoint) -> None:
        self._leave_process()
        if self.over or self._network is not None:
            return
        self._endpoint = endpoint
        self._body, self._events, self._evidence = b"", EventStream(), []
        request = self._request(self._call.path, endpoint)
        request.setRawHeader(b"Prefer", b"return=minimal")  # evidence comes once
        if self._call.body is None:
            network = self._manager.get(request)
        else:
            request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
            network = self._manager.post(request, QByteArray(json.dumps(self._call.body).encode("utf-8")))
        self._network = network
        # QGIS's own limit on silence may be shorter than the pauses of a thinking model: this request has its own.
        for timer in network.findChildren(QTimer, "timeoutTimer"):
            timer.start(self._patience_ms)
        network.readyRead.connect(self._turn.start)
        network.finished.connect(self._turn.start)

    @property
    def _patience_ms(self) -> int:
        return SILENCE_MS if self._call.streams else WHOLE_MS

    def _request(self, path: str, endpoint: Endpoint) -> QNetworkRequest:
        request = QNetworkRequest(QUrl(endpoint.url(path)))
        request.setRawHeader(b"Authorization", f"Bearer {endpoint.token}".encode("ascii"))
        request.setRawHeader(b"X-Request-Id", self._id.encode("ascii"))
        return request

    @pyqtSlot()
    def _go_on(self) -> None:
        """Hear what has come, a turn's worth at a time: QGIS goes on in between, however much there is."""
        network, until = self._network, time.monotonic() + TURN_S
        if network is None:
            return
        # Whoever cancels here has stopped listening before: this end comes from the limit on silence.
        if network.error() == QNetworkReply.NetworkError.OperationCanceledError:
            self._end_with(_silent(self._patience_ms))
            return
        while network.bytesAvailable():
            self._hear(network)
            if self._network is not network:  # it is over, or begins again
                return
            if time.monotonic() > until:
                self._turn.start()
                return
        if network.isFinished():
            self._on_end(network)

    def _hear(self, network: QNetworkReply) -> None:
        if not self._is_stream():
            self._body += bytes(network.readAll())
            return
        try:
            for data in self._events.feed(bytes(network.read(PIECE))):
                self._take(data)
        except RsvlmError as error:
            self._fail(error, error.code == "unavailable")

    def _is_stream(self) -> bool:
        kind = self._network.header(QNetworkRequest.KnownHeaders.ContentTypeHeader) or ""
        return self._call.streams and str(kind).startswith("text/event-stream")

    def _take(self, data: str) -> None:
        if self.over:
            return
        if data == DONE:
            if self._answer is None:
                raise nonsense()
            self._end_with(self._answer)
            return
        update = read_event(data, self._evidence)
        self._begun = self._begun or update != NOTHING
        if update.progress is not None:
            self.progress.emit(*update.progress)
        if update.text:
            self.text.emit(update.text)
        if update.sketch is not None:
            self.sketch.emit(update.sketch)
        self._evidence += update.evidence
        for item in update.evidence:
            self.evidence.emit(item)
        self._answer = update.answer or self._answer

    def _on_end(self, network: QNetworkReply) -> None:
        status = network.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        if network.error() in GONE:
            self._try_again(_gone())
            return
        if status is None:  # it was killed while the request was on its way: nothing of an answer had begun
            self._try_again(_broken_off())
            return
        if self._is_stream():
            self._fail(_broken_off(), True)
            return
        try:
            said = read_object(self._body)
            self._end_with(nonsense() if self._call.streams else said)
        except RsvlmError as error:
            self._fail(error, error.code == "unavailable")

    def _fail(self, error: RsvlmError, leaving: bool) -> None:
        """End with `error`. leaving: the backend is about to go; what one of another window has not begun costs nothing."""
        if leaving and self._endpoint.shared and not self._begun:
            self._try_again(error)
        else:
            self._end_with(error)

    def _try_again(self, error: RsvlmError) -> None:
        """The backend went away, with the window that owned it perhaps: have a new one."""
        self._process.forget(self._endpoint)
        if self._stopping or not self._call.starts or self._tries == len(RETRY_MS):
            self._end_with(error)
            return
        self._drop_network()
        QTimer.singleShot(RETRY_MS[self._tries], self._begin)
        self._tries += 1

    def _end_with(self, outcome: object) -> None:
        if self.over:
            return
        self.over = True
        self._leave_process()
        self._drop_network()
        if isinstance(outcome, RsvlmError):
            self.failed.emit(outcome)
        else:
            self.finished.emit(outcome)

    def _leave_process(self) -> None:
        for signal, slot in (
            (self._process.starting, self._on_starting),
            (self._process.ready, self._on_ready),
            (self._process.failed, self._on_no_backend),
        ):
            try:
                signal.disconnect(slot)
            except TypeError:  # PyQt's word for "was not connected"
                continue

    def _drop_network(self) -> None:
        network, self._network = self._network, None
        if network is None:
            return
        network.readyRead.disconnect(self._turn.start)
        network.finished.disconnect(self._turn.start)
        network.abort()
        network.deleteLater()


def _silent(milliseconds: int) -> RsvlmError:
    return RsvlmError(
        "unavailable",
        tr("The rsvlm backend has said nothing for {seconds} seconds.").format(seconds=milliseconds // 1000),
        tr("Ask again; if it stays so, restart the backend in Settings ▸ Options ▸ rsvlm."),
    )


def _gone() -> RsvlmError:
    return RsvlmError(
        "unavailable",
        tr("The rsvlm backend is not running any more."),
        tr("Ask again; if it stays so, restart the backend in Settings ▸ Options ▸ rsvlm."),
    )


def _broken_off() -> RsvlmError:
    return RsvlmError(
        "worker_died",
        tr("The rsvlm backend stopped in the middle of the answer."),
        tr("Ask again: it is started anew by itself."),
    )

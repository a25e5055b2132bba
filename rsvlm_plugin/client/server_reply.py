"""One request to an OpenAI-compatible server on its way. Has the signals of `reply.Reply`, and starts no process.

Works in any thread that runs an event loop.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Callable, Optional, Set

from qgis.core import QgsNetworkAccessManager
from qgis.PyQt.QtCore import QByteArray, QElapsedTimer, QMetaObject, QObject, Qt, QTimer, QUrl, pyqtSignal, pyqtSlot
from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest

from ...protocol import Cancelled, RsvlmError
from ..translation import tr
from .messages import DONE, Call
from .reply import loopback_manager
from .server import Server
from .server_errors import broken_off, refusal, silent, stranger, unreachable, wordless
from .server_key import read_key
from .server_messages import Chunk, Thoughts, error_words, read_chunk
from .sse import END, EventStream

SILENCE_MS = 300_000  # some servers load tens of gigabytes before their first word, and send nothing meanwhile
LONGEST_ANSWER = 16_000  # characters; a model that goes round in circles never ends by itself
LONGEST_BODY = 16_000_000  # bytes

_alive: Set["ServerReply"] = set()  # an object must not go away while it is telling its listeners


@dataclass(frozen=True)
class Said:
    """What the server said: `text` for the reader, or `body` as it came for a request that is no question.

    model: as the server calls the one that answered. seconds: from the question to the last word. cut: it ended at a
    limit of length, or without the server saying that it was through.
    """

    text: str
    body: bytes
    model: str
    seconds: float
    cut: bool


class ServerReply(QObject):
    """What `server` says to one `call`. Exactly one of `finished` and `failed` is emitted, once.

    finished: what `make` makes of a Said; an RsvlmError or ValueError that it raises becomes `failed`. key: tried
    instead of the one that is kept for the server.
    """

    progress = pyqtSignal(int, int, str)
    text = pyqtSignal(str)
    evidence = pyqtSignal(object)
    finished = pyqtSignal(object)
    failed = pyqtSignal(object)

    def __init__(self, server: Server, call: Call, make: Callable[[Said], object], key: Optional[str] = None) -> None:
        super().__init__()
        self.over = False
        self._server = server
        self._call = call
        self._make = make
        self._key = key
        self._manager: Optional[QgsNetworkAccessManager] = None
        self._network: Optional[QNetworkReply] = None
        self._clock = QElapsedTimer()
        self._events = EventStream()
        self._thoughts = Thoughts()
        self._body = b""
        self._text = ""
        self._model = ""
        self._cut = False
        self._complete = False
        self._untrusted = ""
        _alive.add(self)
        # Queued, so that whoever asked has connected its slots before anything can happen.
        QMetaObject.invokeMethod(self, "_begin", Qt.ConnectionType.QueuedConnection)

    @property
    def said(self) -> Said:
        """What has come until now."""
        seconds = self._clock.elapsed() / 1000 if self._clock.isValid() else 0.0
        return Said(self._text, self._body, self._model, seconds, self._cut)

    def cancel(self) -> None:
        """Stop: the connection is closed, which ends the server's work; `failed` follows with the code "cancelled"."""
        self._end_with(Cancelled())

    def stop(self) -> None:
        """As `cancel`: what has come until now is in `said`."""
        self.cancel()

    @pyqtSlot()
    def _begin(self) -> None:
        if self.over:
            return
        try:
            request = self._request()
        except RsvlmError as error:
            self._end_with(error)
            return
        # One of its own: the certificates that the user trusts and the user's proxy count, but no window asks whether
        # to overlook a certificate.
        self._manager = loopback_manager() if self._server.is_on_this_computer else QgsNetworkAccessManager()
        self._manager.setParent(self)
        self._clock.start()
        if self._call.body is None:
            network = self._manager.get(request)
        else:
            self.progress.emit(0, 0, tr("Asking {server}").format(server=self._server.name))
            network = self._manager.post(request, QByteArray(json.dumps(self._call.body).encode("utf-8")))
        self._network = network
        # QGIS's own limit on silence, a minute by default, is too short for a model that is being loaded.
        for timer in network.findChildren(QTimer, "timeoutTimer"):
            timer.start(SILENCE_MS)
        # QGIS would wait, in this thread, for a window of its main manager to judge the certificate.
        network.sslErrors.disconnect()
        network.readyRead.connect(self._on_bytes)
        network.sslErrors.connect(self._on_untrusted)
        network.finished.connect(self._on_end)

    def _request(self) -> QNetworkRequest:
        """Raises RsvlmError where the key cannot be had."""
        key = self._key
        if key is None:
            key = read_key(self._server.authcfg, self._server.name) if self._server.authcfg else ""
        request = QNetworkRequest(QUrl(self._server.url + self._call.path))
        if key:
            request.setRawHeader(b"Authorization", f"Bearer {key}".encode())
        if self._call.body is not None:
            request.setHeader(QNetworkRequest.KnownHeaders.ContentTypeHeader, "application/json")
        # Neither key nor picture goes to an address that the user has not entered.
        request.setAttribute(
            QNetworkRequest.Attribute.RedirectPolicyAttribute, QNetworkRequest.RedirectPolicy.ManualRedirectPolicy
        )
        return request

    @pyqtSlot("QList<QSslError>")
    def _on_untrusted(self, errors: list) -> None:
        self._untrusted = errors[0].errorString() if errors else ""

    @pyqtSlot()
    def _on_bytes(self) -> None:
        received = bytes(self._network.readAll())
        if self._is_stream():
            self._feed(received)
            return
        self._body += received
        if len(self._body) > LONGEST_BODY:
            self._end_with(stranger(self._server))

    def _feed(self, received: bytes) -> None:
        try:
            for data in self._events.feed(received):
                if not self.over:
                    self._take(data)
        except RsvlmError as error:
            self._end_with(error)
        except ValueError:
            self._end_with(broken_off(self._server) if self._text else stranger(self._server))

    def _status(self) -> Optional[int]:
        return self._network.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)

    def _is_stream(self) -> bool:
        kind = str(self._network.header(QNetworkRequest.KnownHeaders.ContentTypeHeader) or "")
        return self._status() == 200 and kind.startswith("text/event-stream")

    def _take(self, data: str) -> None:
        """Raises RsvlmError for an error of the server, ValueError for what cannot be understood."""
        if data.strip() == DONE:
            self._complete = True
            return
        self._hear(json.loads(data))

    def _hear(self, value: object) -> None:
        words = error_words(value)
        if words is not None:
            raise refusal(self._server, 0, json.dumps({"error": words}).encode("utf-8"))
        chunk: Chunk = read_chunk(value)
        self._model = chunk.model or self._model
        self._complete = self._complete or chunk.over
        self._cut = self._cut or chunk.cut
        if chunk.thinks:
            self.progress.emit(0, 0, tr("{server} is thinking").format(server=self._server.name))
        self._say(self._thoughts.feed(chunk.text))
        if len(self._text) > LONGEST_ANSWER:
            self._cut = True
            self._end_with_words()

    def _say(self, words: str) -> None:
        if words:
            self._text += words
            self.text.emit(words)

    @pyqtSlot()
    def _on_end(self) -> None:
        if self.over:
            return
        error, status = self._network.error(), self._status()
        # Whoever cancels here has stopped listening before: this end comes from the limit on silence.
        if error == QNetworkReply.NetworkError.OperationCanceledError:
            self._end_with(silent(self._server, SILENCE_MS // 60_000))
            return
        if status is None:
            self._end_with(unreachable(self._server, error, self._untrusted))
            return
        self._on_bytes()
        if self.over:
            return
        if not 200 <= status < 300:
            self._end_with(refusal(self._server, status, self._body))
        elif self._call.body is None:
            self._end_with_made()
        elif self._is_stream() or self._body.lstrip().startswith((b"data:", b":")):
            if not self._complete and error != QNetworkReply.NetworkError.NoError:
                self._end_with(broken_off(self._server))
                return
            self._feed(self._body + END)
            self._cut = self._cut or not self._complete
            self._end_with_words()
        else:
            self._read_whole()

    def _read_whole(self) -> None:
        """An answer of a server that does not stream."""
        try:
            self._hear(json.loads(self._body.decode("utf-8")))
            self._end_with_words()
        except RsvlmError as error:
            self._end_with(error)
        except ValueError:
            self._end_with(stranger(self._server))

    def _end_with_words(self) -> None:
        if self.over:
            return
        self._say(self._thoughts.end())
        if self._text.strip():
            self._end_with_made()
        else:
            self._end_with(wordless(self._server))

    def _end_with_made(self) -> None:
        try:
            self._end_with(self._make(self.said))
        except RsvlmError as error:
            self._end_with(error)
        except ValueError:
            self._end_with(stranger(self._server))

    def _end_with(self, outcome: object) -> None:
        if self.over:
            return
        self.over = True
        network, self._network = self._network, None
        if network is not None:
            network.readyRead.disconnect(self._on_bytes)
            network.sslErrors.disconnect(self._on_untrusted)
            network.finished.disconnect(self._on_end)
            network.abort()
            network.deleteLater()
        if isinstance(outcome, RsvlmError):
            self.failed.emit(outcome)
        else:
            self.finished.emit(outcome)
        QTimer.singleShot(0, partial(_alive.discard, self))

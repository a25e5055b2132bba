"""The backend for code that waits: Processing algorithms, in a worker thread or in the main thread of `qgis_process`.

The caller's thread runs its own event loop until the answer is there; a look at `feedback.isCanceled()` every 50 ms.
"""

from __future__ import annotations

from typing import Any, Optional, Union

from qgis.core import QgsProcessingFeedback
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop, QThread, QTimer

from ...protocol import Answer, Cancelled, DescribeRequest, Raster, RsvlmError
from ..environment.process import shared_process
from ..layers.picture import picture_of
from ..translation import tr
from . import server_describe
from .messages import Call, FindRequest, describe_call, find_call
from .reply import Reply, loopback_manager
from .server import Server
from .server_reply import ServerReply

LOOK_MS = 50
STOP_MS = 300_000  # a batch of a large model takes minutes, and what was found before it is worth them
FAREWELL_MS = 100  # time for the backend to hear that nobody waits any more


class _Wait:
    """One reply, waited for. Its slots are bound methods, so that no cycle keeps objects alive into another thread.

    keep: what the backend has finished when the user cancels.
    """

    def __init__(self, feedback: QgsProcessingFeedback, keep: bool) -> None:
        self.outcome: Any = None
        self._feedback = feedback
        self._keep = keep
        self._note = ""
        self._stopping = False
        self._loop = QEventLoop()
        self._reply: Optional[Union[Reply, ServerReply]] = None

    def run(self, reply: Union[Reply, ServerReply]) -> None:
        self._reply = reply
        self._reply.progress.connect(self._on_progress)
        self._reply.finished.connect(self._on_over)
        self._reply.failed.connect(self._on_over)
        look = QTimer()
        look.timeout.connect(self._look)
        look.start(LOOK_MS)
        self._loop.exec(self._flags())
        if isinstance(self.outcome, RsvlmError) and self.outcome.code == "cancelled":
            if self._keep and reply.gave_up:
                self._feedback.pushWarning(
                    tr(
                        "What was being looked at did not end within {minutes} minutes, and what was found is lost."
                    ).format(minutes=STOP_MS // 60_000)
                )
            QTimer.singleShot(FAREWELL_MS, self._loop.quit)
            self._loop.exec(self._flags())
        look.stop()
        self._loop.processEvents(self._flags())  # what the reply leaves for after its end
        # These belong to this thread and must go in it, now, whenever Python would collect them.
        for thing in (look, self._reply, self._loop):
            sip.delete(thing)

    @staticmethod
    def _flags() -> "QEventLoop.ProcessEventsFlags":
        in_main = QThread.currentThread() == QCoreApplication.instance().thread()
        every = QEventLoop.ProcessEventsFlag.AllEvents
        return QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents if in_main else every

    def _look(self) -> None:
        if not self._feedback.isCanceled():
            return
        if not self._keep:
            self._reply.cancel()
        elif not self._stopping:
            self._stopping = True
            self._feedback.pushInfo(
                tr("Cancelled: what is being looked at now is finished, and what was found is kept.")
            )
            self._reply.stop(STOP_MS)

    def _on_progress(self, done: int, total: int, note: str) -> None:
        if note and note != self._note:
            self._note = note
            self._feedback.pushInfo(note)
        if total > 0:
            self._feedback.setProgress(100 * done / total)

    def _on_over(self, outcome: object) -> None:
        self.outcome = outcome
        self._loop.quit()


def describe(request: DescribeRequest, feedback: QgsProcessingFeedback) -> Answer:
    """Say what is at a place. Raises RsvlmError; Cancelled's code within 200 ms of the user's cancel."""
    return _answer(describe_call(request), feedback)


def find(request: FindRequest, feedback: QgsProcessingFeedback) -> Answer:
    """Masks or boxes of what phrases name; a partial answer where the user cancels after something was looked at.

    Raises RsvlmError as `describe` does, Cancelled's code within STOP_MS of the user's cancel.
    """
    return _answer(find_call(request), feedback, keep=True)


def _answer(call: Call, feedback: QgsProcessingFeedback, keep: bool = False) -> Answer:
    _see_that_it_is_wanted(feedback)
    manager = loopback_manager()
    try:
        return _outcome(Reply(call, shared_process(), manager), feedback, keep)
    finally:
        sip.delete(manager)


def describe_by_server(server: Server, raster: Raster, style: str, feedback: QgsProcessingFeedback) -> Answer:
    """The same by a server; `raster` is a drawn one. Raises RsvlmError as `describe` does."""
    _see_that_it_is_wanted(feedback)
    return _outcome(server_describe.describe(server, picture_of(raster), style, raster.name), feedback)


def _see_that_it_is_wanted(feedback: QgsProcessingFeedback) -> None:
    """What was cancelled before it began is not asked at all. Raises Cancelled."""
    if feedback.isCanceled():
        raise Cancelled()


def _outcome(reply: Union[Reply, ServerReply], feedback: QgsProcessingFeedback, keep: bool = False) -> Any:
    wait = _Wait(feedback, keep)
    wait.run(reply)
    if isinstance(wait.outcome, RsvlmError):
        raise wait.outcome
    return wait.outcome

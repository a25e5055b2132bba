"""The one thread on which every model call runs, and where calls wait for their turn.

A call is rows in, one result per row out. Calls of one kind that wait together run as one batch; a call alone runs at
once. Devices keep state for a thread (CUDA graphs do), so it is always the same one. Knows nothing of models.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

from rsvlm.models.ladder import climb
from rsvlm.protocol import Cancelled

MOST_JOINED = 16  # rows of a batch made of several calls
POLL_S = 0.05  # how soon a waiting call notices that nobody wants it any more

Work = Callable[[Sequence[Any]], Iterable[Any]]


@dataclass(eq=False)
class _Call:
    kind: Hashable
    work: Work
    rows: Sequence[Any]
    stop: Callable[[], bool]
    results: Future[list[Any]] = field(default_factory=Future)


class Engine:
    """relieve: called when memory runs out, to give up what can be had again; device: what the models run on."""

    def __init__(self, relieve: Callable[[], None] = lambda: None, device: str = "cpu") -> None:
        self._relieve, self._device = relieve, device
        self._thread = ThreadPoolExecutor(1, "inference")
        self._waiting: deque[_Call] = deque()
        self._lock = Lock()

    def run(self, kind: Hashable, work: Work, rows: Sequence[Any], stop: Callable[[], bool]) -> list[Any]:
        """work(rows), perhaps in one batch with rows of other calls of the same kind; never call it from within `work`.

        Raises RsvlmError: cancelled when `stop` says so before its turn has come, out_of_memory; and what `work` raises.
        """
        call = _Call(kind, work, rows, stop)
        with self._lock:
            self._waiting.append(call)
        batch: list[_Call] = []
        self._thread.submit(self._take_turn, batch).add_done_callback(partial(_deliver, batch))
        while wait([call.results], POLL_S).not_done:
            if stop() and call.results.cancel():
                raise Cancelled()
        return call.results.result()

    def _take_turn(self, batch: list[_Call]) -> list[Any]:
        """Run the first waiting call and those that can join it; they are put into `batch`. One result per row."""
        with self._lock:
            batch += self._next_batch()
        if not batch:
            return []  # an earlier turn took this one's call along
        return climb(batch[0].work, [row for call in batch for row in call.rows], self._relieve, self._device)

    def _next_batch(self) -> list[_Call]:
        batch: list[_Call] = []
        rest: deque[_Call] = deque()
        rows = 0
        for call in self._waiting:
            joins = not batch or (call.kind == batch[0].kind and rows + len(call.rows) <= MOST_JOINED)
            if not joins:
                rest.append(call)
            elif not call.results.set_running_or_notify_cancel():
                continue  # its caller has left
            elif call.stop():
                call.results.set_exception(Cancelled())
            else:
                batch.append(call)
                rows += len(call.rows)
        self._waiting = rest
        return batch


def _deliver(batch: Sequence[_Call], turn: Future[list[Any]]) -> None:
    """Give each call its own rows' results, or the error that the whole batch ended with."""
    error = turn.exception()
    done = 0
    for call in batch:
        if error:
            call.results.set_exception(error)
        else:
            call.results.set_result(turn.result()[done : done + len(call.rows)])
            done += len(call.rows)

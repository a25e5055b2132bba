"""The process that runs the models: `python -m rsvlm.backend.worker`, started by the supervisor.

A line of JSON on standard input asks, lines of JSON on (a private copy of) standard output answer. Three threads: the
main one reads, one runs every call of a model, one prepares previews. Knows tasks by name only.

In: {"op": "task", "job", "request_id", "task", "request"}, {"op": "view", "job", "request_id", "raster", "model"},
{"op": "cancel", "job"}. Out: {"event": "ready", "device"}, and with "job": "started", "progress", "text", "evidence",
and at last "done" with "result", or "error" as the protocol writes errors.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rsvlm.backend.lifetime import die_with_parent
from rsvlm.protocol import Answer, Evidence, Raster, RsvlmError, Watch

if TYPE_CHECKING:
    from rsvlm.models.pool import Models

Message = dict[str, Any]

log = logging.getLogger(__name__)


class Pipe:
    """Lines of JSON to the supervisor, from any thread."""

    def __init__(self) -> None:
        # What libraries print must not end up between the lines: descriptor 1 becomes standard error.
        self._file = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, **message: Any) -> None:
        line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()


class PipeWatch(Watch):
    """Sends what a task tells to the supervisor; set `stop` to have the task end."""

    def __init__(self, pipe: Pipe, job: int) -> None:
        self._pipe = pipe
        self._job = job
        self.stop = threading.Event()

    def progress(self, done: int, total: int, note: str) -> None:
        self._pipe.send(event="progress", job=self._job, progress={"done": done, "total": total, "note": note})

    def text(self, delta: str) -> None:
        self._pipe.send(event="text", job=self._job, delta=delta)

    def evidence(self, item: Evidence) -> None:
        self._pipe.send(event="evidence", job=self._job, evidence=asdict(item))

    def cancelled(self) -> bool:
        return self.stop.is_set()


class Worker:
    """Jobs by number, each on the thread of its kind."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._watches: dict[int, PipeWatch] = {}
        self._inference = ThreadPoolExecutor(1, "inference")
        self._previews = ThreadPoolExecutor(1, "previews")
        self._models: Future[Models] = self._inference.submit(self._load)
        self._models.add_done_callback(self._report_load)

    def read(self) -> None:
        """Serve standard input until its end."""
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if message["op"] == "cancel":
                watch = self._watches.get(message["job"])
                if watch:
                    watch.stop.set()
            elif message["op"] == "view":
                self._submit(self._previews, _view, message)
            else:
                self._submit(self._inference, self._run_task, message)

    def _load(self) -> Models:
        """Import what is heavy and load the bundled model, so that the first click finds it warm."""
        from rsvlm.models.pool import Models

        models = Models()
        try:
            models.get(None)
        except RsvlmError as error:  # whoever asks for it will be told again
            log.warning("the bundled model cannot be loaded: %s", error.message)
        self._pipe.send(event="ready", device=models.device)
        return models

    def _report_load(self, models: Future[Models]) -> None:
        """Log an environment that cannot load; every request will say so. Restarting would not mend it."""
        error = models.exception()
        if error:
            log.error("the worker cannot load: every request will fail", exc_info=error)
            self._pipe.send(event="ready", device="failed")

    def _submit(self, thread: ThreadPoolExecutor, work: Callable[[Message, PipeWatch], Any], message: Message) -> None:
        job = message["job"]
        watch = self._watches[job] = PipeWatch(self._pipe, job)

        def run() -> None:
            watch.check()
            self._pipe.send(event="started", job=job)
            self._pipe.send(event="done", job=job, result=work(message, watch))

        thread.submit(run).add_done_callback(lambda future: self._report(message, future.exception()))

    def _report(self, message: Message, error: BaseException | None) -> None:
        """Say how a job failed, if it did: in words for the client, with the traceback in the log."""
        del self._watches[message["job"]]
        if error is None:
            return
        if not isinstance(error, RsvlmError):
            log.error("request %s failed", message["request_id"], exc_info=error)
            error = _explained(error, message["request_id"])
        self._pipe.send(event="error", job=message["job"], **error.to_json(message["request_id"]))

    def _run_task(self, message: Message, watch: PipeWatch) -> Message:
        from pydantic import TypeAdapter

        from rsvlm.tasks import TASKS

        spec = TASKS[message["task"]]
        request: Any = TypeAdapter(spec.request).validate_python(message["request"])
        answer: Answer = spec.run(request, self._models.result(), watch)
        return answer.to_json()


def _view(message: Message, watch: PipeWatch) -> Message:
    from rsvlm.tasks.preview import preview

    return preview(Raster(**message["raster"]), message["model"])


def _explained(error: BaseException, request_id: str) -> RsvlmError:
    torch = sys.modules.get("torch")
    if isinstance(error, MemoryError) or (torch and isinstance(error, torch.OutOfMemoryError)):
        return RsvlmError(
            "out_of_memory",
            "The model needs more memory than there is.",
            "Choose a smaller extent, or close other programs that use much memory.",
        )
    return RsvlmError(
        "model_failed",
        "The model failed because of a mistake in the program.",
        f"Look for the request {request_id} in the backend's log and report it.",
    )


def main() -> None:
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which ends this process
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    Worker(Pipe()).read()
    # A model may be in the middle of a step, and nobody is left to hear of it: do not wait for its thread.
    os._exit(0)


if __name__ == "__main__":
    main()

"""The process that runs the models: `python -m rsvlm.backend.worker`, started by the supervisor.

A line of JSON on standard input asks, lines of JSON on standard output answer (on private copies of them). The main thread reads;
a few threads work on tasks, each reading rasters and finding words while the models' own thread runs what they ask of it;
one prepares previews. Knows tasks by name only.

In: {"op": "task", "job", "request_id", "task", "request"}, {"op": "view", "job", "request_id", "raster", "model"},
{"op": "embed", "job", "request_id", "model", "inputs": [{"text"} or {"raster"}]}, {"op": "cancel", "job"}.
Out: {"event": "ready", "device", "note", "tasks"}, {"event": "status", "models", "used_bytes", "free_bytes", "device",
"note"} when a model or a cache came or went, and with "job": "started", "progress", "text", "sketch", "evidence", and at last
"done" with "result", or "error" as the protocol writes errors.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

from rsvlm.backend.lifetime import die_with_parent
from rsvlm.backend.pipe import Pipe, PipeWatch
from rsvlm.backend.standard_input import take_standard_input
from rsvlm.models.ladder import shortage  # at the top: what tells of failures must not fail itself
from rsvlm.protocol import Raster, RsvlmError

if TYPE_CHECKING:
    from rsvlm.models.pool import Models

Message = dict[str, Any]

# While one task reads its rasters or finds its words, another one's model call runs: there is only one thread for these,
# so that more tasks at once would hold more memory and make each answer wait for the others, but finish no sooner.
TASKS_AT_ONCE = 2
LIMITS = {"RSVLM_MEMORY": "memory_bytes", "RSVLM_CACHE": "cache_bytes", "RSVLM_KEEP_ALIVE": "keep_alive_s"}
POLL_S = 0.05  # how soon a task that waits for the first model notices that nobody wants it any more
GRACE_S = 1.0  # for what is running when nobody wants it any more

log = logging.getLogger(__name__)


class Worker:
    """Jobs by number, each on a thread of its kind."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._watches: dict[int, PipeWatch] = {}
        self._told: Message = {}
        self._telling = threading.Lock()
        self._tasks = ThreadPoolExecutor(TASKS_AT_ONCE, "tasks")
        self._previews = ThreadPoolExecutor(1, "previews")
        self._models: Future[Models] = self._tasks.submit(self._load)
        self._models.add_done_callback(self._report_load)

    def read(self, lines: Iterable[bytes]) -> None:
        """Serve what comes until its end; then stop what is running."""
        for line in lines:
            message = json.loads(line)
            if message["op"] == "cancel":
                watch = self._watches.get(message["job"])
                if watch:
                    watch.stop.set()
            elif message["op"] == "view":
                self._submit(self._previews, _view, message)
            else:
                self._submit(self._tasks, self._with_models, message)
        for watch in list(self._watches.values()):
            watch.stop.set()
        deadline = time.monotonic() + GRACE_S
        while self._watches and time.monotonic() < deadline:
            time.sleep(0.01)

    def _load(self) -> Models:
        """Import what is heavy and load the bundled model, so that the first click finds it warm."""
        device = os.environ.get("RSVLM_DEVICE", "auto")
        try:
            from rsvlm.models.pool import Models

            models = Models(device, changed=lambda: self._tell_status(models), **_limits())
        except (ImportError, OSError) as error:  # OSError: a library of torch that the system cannot load
            raise RsvlmError(
                "unavailable",
                "The model process cannot load the libraries that it needs.",
                "Set up the backend again in Settings ▸ Options ▸ rsvlm; “rsvlm doctor” tells what is missing.",
            ) from error
        try:
            models.get(None)
        except RsvlmError as error:  # whoever asks for it will be told again
            log.warning("the bundled model cannot be loaded: %s", error.message)
        return models

    def _report_load(self, future: Future[Models]) -> None:
        """Say that requests can come. In an environment that cannot load, every one will be told why."""
        error = future.exception()
        if error:
            log.error("the worker cannot load: every request will fail", exc_info=error)
            self._pipe.send(event="ready", device="failed", note=None, tasks=TASKS_AT_ONCE)
            return
        models = future.result()
        self._pipe.send(event="ready", device=models.device, note=models.note, tasks=TASKS_AT_ONCE)
        self._tell_status(models)

    def _tell_status(self, models: Models) -> None:
        """What is loaded, if that is news."""
        with self._telling:  # looked at within: two threads must not tell what they saw in another order
            usage = models.usage()
            news = {name: value for name, value in usage.items() if name != "free_bytes"}
            if news != self._told:
                self._told = news
                self._pipe.send(event="status", **usage)

    def _submit(self, threads: ThreadPoolExecutor, work: Callable[[Message, PipeWatch], Any], message: Message) -> None:
        job = message["job"]
        watch = self._watches[job] = PipeWatch(self._pipe, job)

        def run() -> None:
            watch.check()
            self._pipe.send(event="started", job=job)
            self._pipe.send(event="done", job=job, result=work(message, watch))

        threads.submit(run).add_done_callback(lambda future: self._report(message, future.exception()))

    def _report(self, message: Message, error: BaseException | None) -> None:
        """Say how a job failed, if it did: in words for the client, with the traceback in the log."""
        if error and not isinstance(error, RsvlmError):
            log.error("request %s failed", message["request_id"], exc_info=error)
            error = _explained(error, message["request_id"])
        if isinstance(error, RsvlmError):
            self._pipe.send(event="error", job=message["job"], **error.to_json(message["request_id"]))
        del self._watches[message["job"]]

    def _with_models(self, message: Message, watch: PipeWatch) -> Message:
        while wait([self._models], POLL_S).not_done:
            watch.check()
        models = self._models.result()
        try:
            return _task(message, models, watch) if message["op"] == "task" else _embed(message, models, watch)
        finally:
            self._tell_status(models)


def _limits() -> dict[str, int]:
    """What the user's settings allow, as arguments of Models."""
    limits: dict[str, int] = {}
    for name, argument in LIMITS.items():
        text = os.environ.get(name, "")
        try:
            limits |= {argument: int(text)} if text else {}
        except ValueError:
            log.warning("%s is no whole number: %s", name, text)
    return limits


def _task(message: Message, models: Models, watch: PipeWatch) -> Message:
    from pydantic import TypeAdapter

    from rsvlm.tasks import TASKS

    spec = TASKS[message["task"]]
    request: Any = TypeAdapter(spec.request).validate_python(message["request"])
    return spec.run(request, models, watch).to_json()


def _embed(message: Message, models: Models, watch: PipeWatch) -> Message:
    from rsvlm.tasks.embed import embed

    inputs = [item["text"] if "text" in item else Raster(**item["raster"]) for item in message["inputs"]]
    found = embed(inputs, message["model"], models, watch)
    return {"embeddings": found.vectors.tolist(), "tokens": found.tokens, "model": found.model}


def _view(message: Message, watch: PipeWatch) -> Message:
    from rsvlm.tasks.preview import preview

    return preview(Raster(**message["raster"]), message["model"])


def _explained(error: BaseException, request_id: str) -> RsvlmError:
    lacking = shortage(error, "cpu", "This request")
    if lacking:
        return lacking
    return RsvlmError(
        "model_failed",
        "The model failed because of a mistake in the program.",
        f"Look for the request {request_id} in the backend's log and report it.",
    )


def main() -> None:
    die_with_parent()
    faulthandler.enable(all_threads=False)  # a crash inside a library leaves its place among the last lines
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which ends this process
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    lines = os.fdopen(take_standard_input(), "rb")  # first: the worker loads libraries at once
    Worker(Pipe()).read(lines)
    # A model may be in the middle of a step, and nobody is left to hear of it: do not wait for its thread.
    os._exit(0)


if __name__ == "__main__":
    main()

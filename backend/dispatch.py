"""Keeps a worker running, hands it jobs in their order, and says what became of them when it dies."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.backend.connection import Connection
from rsvlm.backend.jobs import PRIORITIES, Event, Job, Lane, first_of
from rsvlm.protocol import RsvlmError

WORKER_COMMAND = (sys.executable, "-m", "rsvlm.backend.worker")
WAITING_LIMIT = 16  # per lane and priority
BACK_OFF_S = (0.0, 0.5, 1.0, 2.0)  # before the next start, by the deaths of workers within DEATH_WINDOW_S
MAX_DEATHS = len(BACK_OFF_S)  # then workers are left alone until the first of these deaths is DEATH_WINDOW_S ago
DEATH_WINDOW_S = 60.0
STDERR_LINES = 20

log = logging.getLogger(__name__)


class Dispatcher:
    """Jobs in, events out, whatever happens to the worker.

    Two lanes: "task" is for what runs a model, as many at once as the worker says; "view" prepares previews and never
    waits for a task.
    """

    def __init__(self, worker_command: Sequence[str] = WORKER_COMMAND) -> None:
        self._command = tuple(worker_command)
        self._lanes = {"task": Lane(WAITING_LIMIT), "view": Lane(WAITING_LIMIT)}
        self._jobs: dict[str, Job] = {}  # those that are not done, by the request's id
        self._worker: Connection | None = None
        self._alive = asyncio.Event()
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._keeper: asyncio.Task[None] | None = None
        self._runs: set[asyncio.Task[None]] = set()
        self._refusal: RsvlmError | None = None

    @property
    def device(self) -> str:
        """What models run on ("cpu", "cuda"), "starting" until that is known, "failed" while no worker can be kept."""
        if self._refusal:
            return "failed"
        ready = self._worker and self._worker.ready
        return str(ready["device"]) if ready else "starting"

    @property
    def note(self) -> str | None:
        """One sentence why the device is not the one that was wanted."""
        ready = self._worker and self._worker.ready
        return ready.get("note") if ready else None

    @property
    def state(self) -> str:
        """starting, ready, busy (a task is being worked on) or failed (every request will be refused)."""
        device = self.device
        if device in ("starting", "failed"):
            return device
        return "busy" if self._lanes["task"].running else "ready"

    @property
    def status(self) -> Event:
        """The worker's last word on models and memory: {"models": [{"id", "bytes"}], "used_bytes", "free_bytes"};
        empty before there is one."""
        return self._worker.status if self._worker else {}

    @property
    def queue(self) -> dict[str, int]:
        """How many tasks are being worked on, and how many wait for that."""
        lane = self._lanes["task"]
        return {"running": lane.running, "waiting": lane.waiting}

    @property
    def stderr_lines(self) -> list[str]:
        """The last STDERR_LINES lines that workers wrote for people, without the user's name in paths."""
        return list(self._stderr)

    def start(self) -> None:
        """Start the worker, and keep one running in the background."""
        self._keeper = asyncio.ensure_future(self._keep_worker())

    async def close(self) -> None:
        """Kill the worker; everything still waiting fails as unavailable."""
        self._refuse(RsvlmError("unavailable", "The backend is being stopped.", "Ask again to start a new one."))
        tasks = [*self._runs, *([self._keeper] if self._keeper else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def submit(self, lane: str, request_id: str, message: Mapping[str, Any], priority: str = PRIORITIES[0]) -> Job:
        """Line a request up. Raises RsvlmError: busy, unavailable, or bad_request for an id that is in use."""
        if self._refusal:
            raise self._refusal
        if request_id in self._jobs and not self._jobs[request_id].done.is_set():
            raise RsvlmError(
                "bad_request",
                f'A request with the id "{request_id}" is already being answered.',
                "Give each request an X-Request-Id of its own, or none.",
            )
        job = Job(request_id, message, priority)
        self._lanes[lane].put(job)
        self._jobs[request_id] = job
        self._begin(self._lanes[lane])
        return job

    async def cancel(self, request_id: str) -> bool:
        """Stop a request; False if there is none with this id (any more)."""
        job = self._jobs.get(request_id)
        if job is None or job.done.is_set():
            return False
        job.cancel()
        if job.done.is_set():
            del self._jobs[request_id]
        if self._worker:
            await self._worker.cancel(job)
        return True

    async def release(self, job: Job) -> None:
        """The client of a job has been answered or has gone: if it is not finished, stop it."""
        if not job.done.is_set():
            await self.cancel(job.request_id)

    def _begin(self, lane: Lane) -> None:
        """Have begun whatever may begin."""
        while job := lane.begin():
            run = asyncio.ensure_future(self._run(lane, job))
            self._runs.add(run)
            run.add_done_callback(self._runs.discard)

    async def _run(self, lane: Lane, job: Job) -> None:
        began = time.monotonic()
        try:
            # Begun by no worker yet: a death before that costs the request nothing.
            while not job.done.is_set():
                if self._worker:
                    await self._worker.run(job)
                else:
                    await first_of(self._alive, job.done)
        finally:
            lane.end(job, time.monotonic() - began)
            if self._jobs.get(job.request_id) is job:
                del self._jobs[job.request_id]
        self._begin(lane)

    async def _keep_worker(self) -> None:
        while True:
            try:
                await self._run_worker()
            except OSError:
                log.exception("the worker cannot be started: %s", " ".join(self._command))
            now = time.monotonic()
            self._deaths.append(now)
            recent = [death for death in self._deaths if now - death < DEATH_WINDOW_S]
            back_off_s = BACK_OFF_S[len(recent) - 1]
            if len(recent) == MAX_DEATHS:
                await self._rest(max(back_off_s, DEATH_WINDOW_S - (now - recent[0])))
            else:
                await asyncio.sleep(back_off_s)

    async def _run_worker(self) -> None:
        worker = await Connection.open(self._command, self._hear_ready, self._hear_stderr)
        self._worker = worker
        self._alive.set()
        try:
            await worker.listen()
        finally:
            self._alive.clear()
            self._worker = None
            worker.give_up()

    def _hear_ready(self, ready: Event) -> None:
        lane = self._lanes["task"]
        lane.slots = ready.get("tasks", 1)
        self._begin(lane)

    def _hear_stderr(self, line: str) -> None:
        self._stderr.append(line.replace(os.path.expanduser("~"), "~"))

    async def _rest(self, seconds: float) -> None:
        """Refuse everything for a while: a worker that dies again and again would only keep the machine busy."""
        log.error(
            "the worker died %d times within %.0f s; the next try is in %.0f s", MAX_DEATHS, DEATH_WINDOW_S, seconds
        )
        self._refuse(
            RsvlmError(
                "unavailable",
                f"The model process stopped {MAX_DEATHS} times within {DEATH_WINDOW_S:.0f} seconds.",
                "Look into the backend's log for the reason; it is started again in a minute.",
                {"retry_after_s": math.ceil(seconds)},
            )
        )
        await asyncio.sleep(seconds)
        self._refusal = None

    def _refuse(self, error: RsvlmError) -> None:
        self._refusal = error
        for job in self._jobs.values():
            job.fail(error)
        self._jobs.clear()

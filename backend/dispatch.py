"""The supervisor's side of the worker: keeps one running, hands it jobs, and says what became of them when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from rsvlm.backend.jobs import Event, Job, Lane
from rsvlm.protocol import RsvlmError

WORKER_COMMAND = (sys.executable, "-m", "rsvlm.backend.worker")
WAITING_LIMIT = 16  # per lane
MAX_DEATHS = 4  # of the worker, within DEATH_WINDOW_S; then it is left alone until the window has passed
DEATH_WINDOW_S = 60.0
LINE_BYTES = 64 * 2**20

log = logging.getLogger(__name__)


class _Worker:
    """One running worker process: jobs go in and events come out, a line of JSON each."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.device = "starting"
        self.gone = asyncio.Event()
        self._jobs: dict[int, Job] = {}

    async def run(self, job: Job) -> None:
        """Have a job done. Returns when it is, or when the worker is gone: what it had begun has failed by then."""
        self._jobs[job.number] = job
        await self._send(job.message)
        ends = [asyncio.ensure_future(event.wait()) for event in (job.done, self.gone)]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def cancel(self, job: Job) -> None:
        if job.number in self._jobs:
            await self._send({"op": "cancel", "job": job.number})

    async def listen(self) -> None:
        """Pass on what the worker says, until it says no more."""
        stdout = self.process.stdout
        try:
            while stdout and (line := await stdout.readline()):
                self._hear(json.loads(line))
        except ValueError:  # a line cut short by the worker's death, or longer than LINE_BYTES
            log.exception("worker %d does not speak JSON any more", self.process.pid)
        for job in self._jobs.values():
            if job.started:  # told here, before anybody else can refuse it for another reason
                job.fail(
                    RsvlmError(
                        "worker_died",
                        "The model process stopped while answering, perhaps for lack of memory.",
                        "Ask again: a new one is being started. If it happens again, choose a smaller extent.",
                    )
                )
        self.gone.set()

    async def bury(self) -> None:
        """Make sure that the process is gone, and leave none of its resources behind."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def _hear(self, event: Event) -> None:
        if event["event"] == "ready":
            self.device = event["device"]
            log.info("worker %d is ready on %s", self.process.pid, self.device)
            return
        job = self._jobs.get(event["job"])
        if job is None:
            return  # what was cancelled before it began may still say so
        job.tell(event)
        if event["event"] in ("done", "error"):
            del self._jobs[job.number]

    async def _send(self, message: Mapping[str, Any]) -> None:
        stdin = self.process.stdin
        # A worker that is gone cannot be written to; listen() notices, and run() draws the consequence.
        with contextlib.suppress(ConnectionError):
            if stdin:
                stdin.write(json.dumps(message).encode("ascii") + b"\n")
                await stdin.drain()

    async def log_stderr(self) -> None:
        stderr = self.process.stderr
        while stderr and (chunk := await stderr.read(65536)):
            for line in chunk.decode("utf-8", "replace").splitlines():
                log.info("worker %d: %s", self.process.pid, line)


class Dispatcher:
    """Jobs in, events out, whatever happens to the worker.

    Two lanes, one for each thread of the worker: "task" runs the model, "view" prepares previews and never waits.
    """

    def __init__(self, worker_command: Sequence[str] = WORKER_COMMAND) -> None:
        self._command = tuple(worker_command)
        self._lanes = {"task": Lane(WAITING_LIMIT), "view": Lane(WAITING_LIMIT)}
        self._jobs: dict[str, Job] = {}
        self._worker: _Worker | None = None
        self._alive = asyncio.Event()
        self._deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self._running: list[asyncio.Task[None]] = []
        self._refusal: RsvlmError | None = None

    @property
    def device(self) -> str:
        """What models run on ("cpu", "cuda"), "starting" until that is known, "failed" while no worker can be kept."""
        if self._refusal:
            return "failed"
        return self._worker.device if self._worker else "starting"

    def start(self) -> None:
        """Start the worker, and serve both lanes, in the background."""
        coroutines = [self._keep_worker(), *(self._serve(lane) for lane in self._lanes.values())]
        self._running = [asyncio.ensure_future(coroutine) for coroutine in coroutines]

    async def close(self) -> None:
        """Kill the worker; everything still waiting fails as unavailable."""
        self._refuse(RsvlmError("unavailable", "The backend is being stopped.", "Ask again to start a new one."))
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def submit(self, lane: str, request_id: str, message: Mapping[str, Any]) -> Job:
        """Line a request up. Raises RsvlmError: busy, unavailable, or bad_request for an id that is in use."""
        if self._refusal:
            raise self._refusal
        if request_id in self._jobs:
            raise RsvlmError(
                "bad_request",
                f'A request with the id "{request_id}" is already being answered.',
                "Give each request an X-Request-Id of its own, or none.",
            )
        job = Job(request_id, message)
        self._lanes[lane].put(job)
        self._jobs[request_id] = job
        return job

    async def cancel(self, request_id: str) -> bool:
        """Stop a request; False if there is none with this id (any more)."""
        job = self._jobs.get(request_id)
        if job is None or job.done.is_set():
            return False
        job.cancel()
        if self._worker:
            await self._worker.cancel(job)
        return True

    async def release(self, job: Job) -> None:
        """Forget a job whose client has been answered or has gone; if it is not finished, stop it."""
        await self.cancel(job.request_id)
        self._jobs.pop(job.request_id, None)

    async def _serve(self, lane: Lane) -> None:
        while True:
            job = await lane.take()
            # Begun by no worker yet: a death before that costs the request nothing.
            while not job.done.is_set():
                await self._alive.wait()
                if self._worker and not job.done.is_set():
                    await self._worker.run(job)

    async def _keep_worker(self) -> None:
        while True:
            try:
                await self._run_worker()
            except OSError:
                log.exception("the worker cannot be started: %s", " ".join(self._command))
            self._deaths.append(time.monotonic())
            if len(self._deaths) == MAX_DEATHS:
                rest_s = DEATH_WINDOW_S - (self._deaths[-1] - self._deaths[0])
                if rest_s > 0:
                    await self._rest(rest_s)

    async def _run_worker(self) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "RSVLM_TOKEN"}
        process = await asyncio.create_subprocess_exec(
            *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=LINE_BYTES, env=environment
        )
        log.info("worker %d started", process.pid)
        worker = _Worker(process)
        complaints = asyncio.ensure_future(worker.log_stderr())
        self._worker = worker
        self._alive.set()
        try:
            await worker.listen()
        finally:
            self._alive.clear()
            self._worker = None
            await worker.bury()
            complaints.cancel()
        log.warning("worker %d ended with code %s", process.pid, process.returncode)

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
            )
        )
        await asyncio.sleep(seconds)
        self._refusal = None

    def _refuse(self, error: RsvlmError) -> None:
        self._refusal = error
        for job in self._jobs.values():
            job.fail(error)

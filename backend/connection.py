"""The supervisor's end of the pipe to one worker process: jobs go in and events come out, a line of JSON each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rsvlm.backend.jobs import LAST, Event, Job, first_of
from rsvlm.protocol import RsvlmError

LINE_BYTES = 2**30  # an answer may hold hundreds of thousands of outlines

log = logging.getLogger(__name__)


class Connection:
    """One running worker.

    ready: its last word on itself ({"device", "note", "tasks"}), None until it has said so;
    status: its last word on models and memory ({"models", "used_bytes", "free_bytes"}).
    """

    def __init__(self, process: Process, on_ready: Callable[[Event], None], on_stderr: Callable[[str], None]) -> None:
        self.process = process
        self.ready: Event | None = None
        self.status: Event = {}
        self._on_ready = on_ready
        self._on_stderr = on_stderr
        self._gone = asyncio.Event()
        self._jobs: dict[int, Job] = {}
        self._writing = asyncio.Lock()  # one drain() at a time: two waiters are an error in Python 3.10

    @classmethod
    async def open(
        cls, command: Sequence[str], on_ready: Callable[[Event], None], on_stderr: Callable[[str], None]
    ) -> Connection:
        """Start a worker. Raises OSError if that is not possible."""
        environment = {name: value for name, value in os.environ.items() if name != "RSVLM_TOKEN"}
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=LINE_BYTES, env=environment
        )
        log.info("worker %d started", process.pid)
        return cls(process, on_ready, on_stderr)

    async def run(self, job: Job) -> None:
        """Have a job done. Returns when it is, or when the worker is gone: what it had begun has failed by then."""
        self._jobs[job.number] = job
        await self._send(job.message)
        await first_of(job.done, self._gone)

    async def cancel(self, job: Job) -> None:
        if job.number in self._jobs:
            await self._send({"op": "cancel", "job": job.number})

    async def listen(self) -> None:
        """Pass on what the worker says, until it says no more."""
        complaints = asyncio.ensure_future(self._listen_to_stderr())
        stdout = self.process.stdout
        try:
            while stdout and (line := await stdout.readline()):
                self._hear(json.loads(line))
        except (ValueError, KeyError, TypeError):  # a line cut short by its death, longer than LINE_BYTES, or not ours
            log.exception("worker %d does not speak as a worker any more", self.process.pid)
        finally:
            await self._bury()
            # Its last words are read to the end, unless a child of its own keeps the pipe open.
            await asyncio.wait([complaints], timeout=1)
            complaints.cancel()
        log.warning("worker %d ended with code %s", self.process.pid, self.process.returncode)

    def give_up(self) -> None:
        """The worker is gone: what it had begun fails, what it had not goes back to whoever waits in `run`."""
        for job in self._jobs.values():
            if job.started:
                job.fail(
                    RsvlmError(
                        "worker_died",
                        "The model process stopped while answering, perhaps for lack of memory.",
                        "Ask again: a new one is being started. If it happens again, choose a smaller extent.",
                    )
                )
        self._gone.set()

    async def _bury(self) -> None:
        """Make sure that the process is gone, and leave none of its resources behind."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()

    def _hear(self, event: Event) -> None:
        kind = event["event"]
        if kind == "ready":
            self.ready = event
            log.info("worker %d is ready on %s", self.process.pid, event["device"])
            self._on_ready(event)
        elif kind == "status":
            self.status = event
            if self.ready:
                self.ready = {**self.ready, "device": event["device"], "note": event["note"]}
        elif job := self._jobs.get(event["job"]):  # what was cancelled before it began may still say so
            job.tell(event)
            if kind in LAST:
                del self._jobs[job.number]

    async def _send(self, message: Mapping[str, Any]) -> None:
        stdin = self.process.stdin
        # A worker that is gone cannot be written to; listen() notices, and run() draws the consequence.
        async with self._writing:
            with contextlib.suppress(ConnectionError):
                if stdin:
                    stdin.write(json.dumps(message).encode("ascii") + b"\n")
                    await stdin.drain()

    async def _listen_to_stderr(self) -> None:
        stderr = self.process.stderr
        rest = b""
        while stderr and (chunk := await stderr.read(65536)):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self._complain(line)
            if len(rest) > 65536:  # a progress bar that never ends its line
                self._complain(rest)
                rest = b""
        self._complain(rest)

    def _complain(self, line: bytes) -> None:
        words = line.decode("utf-8", "replace").rstrip()
        if words:
            log.info("worker %d: %s", self.process.pid, words)
            self._on_stderr(words)

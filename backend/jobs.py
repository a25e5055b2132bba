"""Requests on their way through the service: a job, and the bounded lane in which jobs wait for the worker."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from rsvlm.protocol import Cancelled, RsvlmError

Event = dict[str, Any]  # what the worker says of a job; "event" is progress, text, sketch, evidence, done or error

PRIORITIES = ("interactive", "batch")  # first those that somebody waits for at the screen
LAST = ("done", "error")

_numbers = itertools.count(1)


async def first_of(*events: asyncio.Event) -> None:
    """Wait until one of them is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


class Job:
    """One thing that the worker is asked to do, and everything it says about it. Any number of readers may follow it.

    message: what the worker is sent ("op" and its arguments), empty once the job is done: it may hold whole pictures;
    created: seconds since 1970; started: the worker has begun; progress: the latest {"done", "total", "note"};
    done: set once the last event ("done" or "error") is there; ended_at: when that was, on the monotonic clock.
    """

    def __init__(self, request_id: str, message: Mapping[str, Any], priority: str = PRIORITIES[0]) -> None:
        self.request_id = request_id
        self.priority = priority
        self.number = next(_numbers)
        self.message = {**message, "job": self.number, "request_id": request_id}
        self.created = int(time.time())
        self.started = False
        self.progress: Event | None = None
        self.done = asyncio.Event()
        self.ended_at: float | None = None
        self._events: list[Event] = []
        self._more = asyncio.Event()  # replaced by a new one each time it is set

    @property
    def state(self) -> str:
        """queued, running, done, failed or cancelled."""
        if not self.done.is_set():
            return "running" if self.started else "queued"
        last = self._events[-1]
        if last["event"] == "done":
            return "done"
        return "cancelled" if last["error"]["code"] == "cancelled" else "failed"

    @property
    def outcome(self) -> Event | None:
        """The last event, once it is there."""
        return self._events[-1] if self.done.is_set() else None

    def tell(self, event: Event) -> None:
        """Pass an event on; what comes after the last one is dropped."""
        if self.done.is_set():
            return
        if event["event"] == "started":
            self.started = True
            return
        if event["event"] == "progress":
            self.progress = event["progress"]
        self._events.append(event)
        if event["event"] in LAST:
            self.message = {}
            self.ended_at = time.monotonic()
            self.done.set()
        self._more.set()
        self._more = asyncio.Event()

    def fail(self, error: RsvlmError) -> None:
        self.tell({"event": "error", **error.to_json(self.request_id)})

    def cancel(self) -> None:
        """End a job that the worker has not begun; the worker itself ends one that it has."""
        if not self.started:
            self.fail(Cancelled())

    async def events(self, silence_s: float) -> AsyncIterator[Event | None]:
        """Every event from the first to the last one, and None after each `silence_s` seconds without any."""
        told = 0
        while True:
            more = self._more
            for event in self._events[told:]:
                told += 1
                yield event
            if self.done.is_set() and told == len(self._events):
                return
            if more is not self._more:  # it went on while the reader was busy
                continue
            try:
                await asyncio.wait_for(more.wait(), silence_s)
            except asyncio.TimeoutError:
                yield None

    async def result(self) -> Any:
        """What the job came to. Raises the RsvlmError that it ended with."""
        await self.done.wait()
        last = self._events[-1]
        if last["event"] == "error":
            raise RsvlmError.from_json(last)
        return last["result"]


class Lane:
    """Jobs for one kind of thread of the worker: at most `slots` are worked on at once, at most `limit` of each
    priority wait for that.

    First come first served, the interactive before the batch, and of two slots or more one is kept free of batch.
    """

    def __init__(self, limit: int) -> None:
        self.slots = 1
        self._limit = limit
        self._waiting: dict[str, deque[Job]] = {priority: deque() for priority in PRIORITIES}
        self._running: list[Job] = []
        self._usual_s = 0.0  # how long the last job took

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return sum(self._count(priority) for priority in PRIORITIES)

    def put(self, job: Job) -> None:
        """Let a job wait. Raises RsvlmError (busy) if too many of its priority do."""
        waiting = self._count(job.priority)
        if waiting >= self._limit:
            raise RsvlmError(
                "busy",
                f"The model is busy and {waiting} requests are already waiting for it.",
                "Wait for an answer or stop a request, then ask again.",
                {"waiting": waiting, "retry_after_s": max(1, round(self._usual_s / self.slots))},
            )
        self._waiting[job.priority].append(job)

    def begin(self) -> Job | None:
        """The next job that may be worked on now, if there is one."""
        if len(self._running) >= self.slots:
            return None
        batches = sum(job.priority == "batch" for job in self._running)
        for priority in PRIORITIES:
            waiting = self._waiting[priority]
            if priority == "batch" and batches >= max(1, self.slots - 1):
                continue
            while waiting:
                job = waiting.popleft()
                if not job.done.is_set():  # nobody cancelled it
                    self._running.append(job)
                    return job
        return None

    def end(self, job: Job, seconds: float) -> None:
        """A job that was begun is over, `seconds` later."""
        self._running.remove(job)
        self._usual_s = seconds

    def _count(self, priority: str) -> int:
        return sum(not job.done.is_set() for job in self._waiting[priority])

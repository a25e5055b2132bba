"""Requests on their way through the service: a job, and the bounded lane in which jobs wait for the worker."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

from rsvlm.protocol import Cancelled, RsvlmError

Event = dict[str, Any]  # what the worker says of a job; "event" is progress, text, evidence, done or error

_numbers = itertools.count(1)


class Job:
    """One thing that the worker is asked to do, and everything it says about it.

    message: what the worker is sent ("op" and its arguments); started: the worker has begun;
    done: set once the last event ("done" or "error") is there.
    """

    def __init__(self, request_id: str, message: Mapping[str, Any]) -> None:
        self.request_id = request_id
        self.number = next(_numbers)
        self.message = {**message, "job": self.number, "request_id": request_id}
        self.started = False
        self.done = asyncio.Event()
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def tell(self, event: Event) -> None:
        """Pass an event on; what comes after the last one is dropped."""
        if self.done.is_set():
            return
        if event["event"] == "started":
            self.started = True
            return
        self._events.put_nowait(event)
        if event["event"] in ("done", "error"):
            self.done.set()

    def fail(self, error: RsvlmError) -> None:
        self.tell({"event": "error", **error.to_json(self.request_id)})

    def cancel(self) -> None:
        """End a job that the worker has not begun; the worker itself ends one that it has."""
        if not self.started:
            self.fail(Cancelled())

    async def events(self, silence_s: float) -> AsyncIterator[Event | None]:
        """Every event up to and with the last one, and None after each `silence_s` seconds without any."""
        while True:
            try:
                event = await asyncio.wait_for(self._events.get(), silence_s)
            except asyncio.TimeoutError:
                yield None
                continue
            yield event
            if event["event"] in ("done", "error"):
                return

    async def result(self) -> Any:
        """What the job came to. Raises the RsvlmError that it ended with."""
        await self.done.wait()
        event = self._events.get_nowait()
        while event["event"] not in ("done", "error"):
            event = self._events.get_nowait()
        if event["event"] == "error":
            raise RsvlmError.from_json(event)
        return event["result"]


class Lane:
    """Jobs waiting for one thread of the worker, first come first served, at most `limit` of them."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._waiting: deque[Job] = deque()
        self._filled = asyncio.Event()

    def put(self, job: Job) -> None:
        """Let a job wait. Raises RsvlmError (busy) if too many do."""
        waiting = sum(not other.done.is_set() for other in self._waiting)
        if waiting >= self._limit:
            raise RsvlmError(
                "busy",
                f"The model is busy and {waiting} requests are already waiting for it.",
                "Wait for an answer or stop a request, then ask again.",
            )
        self._waiting.append(job)
        self._filled.set()

    async def take(self) -> Job:
        """The next job that nobody has cancelled."""
        while True:
            while self._waiting:
                job = self._waiting.popleft()
                if not job.done.is_set():
                    return job
            self._filled.clear()
            await self._filled.wait()

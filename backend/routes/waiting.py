"""A job that one connection waits for: it is stopped if the client leaves before its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.jobs import Job
from rsvlm.protocol import Cancelled


class EventStream(StreamingResponse):
    """Server-sent events."""

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


class JobStream(EventStream):
    """Server-sent events of one job."""

    def __init__(self, dispatcher: Dispatcher, job: Job, content: AsyncIterator[bytes]) -> None:
        super().__init__(content)
        self._dispatcher = dispatcher
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._dispatcher.release(self._job)


async def result(dispatcher: Dispatcher, job: Job, request: Request) -> Any:
    """What a job came to. Raises the RsvlmError that it ended with."""
    ended = asyncio.ensure_future(job.result())
    left = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((ended, left), return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            raise Cancelled()
        return ended.result()
    finally:
        left.cancel()
        ended.cancel()
        await dispatcher.release(job)

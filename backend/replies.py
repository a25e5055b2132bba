"""What leaves the service: JSON documents, and jobs as they are told by server-sent events."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from pydantic import GetPydanticSchema
from starlette.responses import Response
from typing_extensions import NotRequired, TypedDict

from rsvlm.backend.jobs import Event, Job
from rsvlm.protocol import ERROR_CODES, Answer, Evidence

KEEP_ALIVE_S = 5.0
KEEP_ALIVE = b": keep-alive\n\n"
LAST_EVENTS = ("done", "error")

# JSON that a client reads as these dataclasses.
AnswerJson = Annotated[dict[str, Any], GetPydanticSchema(lambda _, handler: handler.generate_schema(Answer))]
EvidenceJson = Annotated[dict[str, Any], GetPydanticSchema(lambda _, handler: handler.generate_schema(Evidence))]


class Refusal(TypedDict):
    """details: figures for programs, such as the number of waiting requests, or bytes that are needed and free."""

    code: Literal[tuple(ERROR_CODES)]  # type: ignore[valid-type]
    message: str
    hint: str
    request_id: str
    details: NotRequired[dict[str, float]]


class RefusalReply(TypedDict):
    error: Refusal


class Progress(TypedDict):
    done: int
    total: int
    note: str


class JobEvent(TypedDict):
    """What is told of a job; the last one is "done" with the answer, or "error"."""

    event: Literal["progress", "text", "sketch", "evidence", "done", "error"]
    progress: NotRequired[Progress]
    sketch: NotRequired[dict[str, Any]]
    delta: NotRequired[str]
    evidence: NotRequired[EvidenceJson]
    answer: NotRequired[AnswerJson]
    error: NotRequired[Refusal]


class Document(Response):
    """JSON in ASCII: half a surrogate pair in a client's own words must not break the answer to them."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False).encode("ascii")


def sse(document: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(document).encode("ascii") + b"\n\n"


def told(event: Event) -> JobEvent:
    """An event of the worker as clients hear it."""
    kind = event["event"]
    if kind == "done":
        return {"event": kind, "answer": event["result"]}
    content = "delta" if kind == "text" else kind
    heard: JobEvent = {"event": kind, content: event[content]}  # type: ignore[misc]
    return heard


async def job_events(job: Job) -> AsyncIterator[bytes]:
    """A job as it goes on, with comment lines while nothing is to be said."""
    async for event in job.events(KEEP_ALIVE_S):
        yield KEEP_ALIVE if event is None else sse(told(event))

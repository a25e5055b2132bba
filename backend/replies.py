"""Answers in OpenAI's shapes: one chat completion, or its chunks as server-sent events. Ours travels under `rsvlm`."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response

from rsvlm.backend.jobs import Event, Job

KEEP_ALIVE_S = 5.0
KEEP_ALIVE = b": keep-alive\n\n"
DONE = b"data: [DONE]\n\n"


class Document(Response):
    """JSON in ASCII: half a surrogate pair in a client's own words must not break the answer to them."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return json.dumps(content, allow_nan=False).encode("ascii")


def completion(job: Job, model: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The whole answer at once."""
    message = {"role": "assistant", "content": answer["text"], "rsvlm": answer}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    return {**_head(job, model, "chat.completion"), "choices": [choice]}


async def server_sent(job: Job, model: str) -> AsyncIterator[bytes]:
    """The answer as it comes: chunks, comment lines while nothing is to be said, and [DONE] unless it failed."""
    head = _head(job, model, "chat.completion.chunk")
    yield _chunk(head, {"role": "assistant", "content": ""})
    async for event in job.events(KEEP_ALIVE_S):
        if event is None:
            yield KEEP_ALIVE
        elif event["event"] == "error":
            yield _data({"error": event["error"]})
        else:
            yield _event_chunk(head, event)
            if event["event"] == "done":
                yield DONE


def _event_chunk(head: dict[str, Any], event: Event) -> bytes:
    kind = event["event"]
    if kind == "text":
        return _chunk(head, {"content": event["delta"]})
    if kind == "done":
        return _chunk(head, {}, finish="stop", rsvlm={"answer": event["result"]})
    return _chunk(head, {}, rsvlm={kind: event[kind]})  # progress, evidence


def _head(job: Job, model: str, kind: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{job.request_id}", "object": kind, "created": int(time.time()), "model": model}


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None, **ours: Any) -> bytes:
    return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **ours})


def _data(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode("ascii") + b"\n\n"

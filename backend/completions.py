"""An answer in OpenAI's shapes: one completion, or its chunks as server-sent events. Ours travels under `rsvlm`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any, Literal, Union

from typing_extensions import NotRequired, TypedDict

from rsvlm.backend.jobs import Job
from rsvlm.backend.replies import KEEP_ALIVE, KEEP_ALIVE_S, AnswerJson, EvidenceJson, Progress, sse

DONE = b"data: [DONE]\n\n"


class Usage(TypedDict):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Message(TypedDict):
    role: Literal["assistant"]
    content: str
    rsvlm: AnswerJson


class Choice(TypedDict):
    index: int
    message: Message
    finish_reason: Literal["stop"]


class Completion(TypedDict):
    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[Choice]
    usage: NotRequired[Usage]


class Delta(TypedDict):
    role: NotRequired[Literal["assistant"]]
    content: NotRequired[str]


class ChunkChoice(TypedDict):
    index: int
    delta: Delta
    finish_reason: Union[Literal["stop"], None]


class Ours(TypedDict):
    progress: NotRequired[Progress]
    sketch: NotRequired[dict[str, Any]]
    evidence: NotRequired[EvidenceJson]
    answer: NotRequired[AnswerJson]


class Chunk(TypedDict):
    """Of a stream, which ends with [DONE] unless it ends with an error."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChunkChoice]
    usage: NotRequired[Union[Usage, None]]
    rsvlm: NotRequired[Ours]


def completion(job: Job, model: str, answer: dict[str, Any]) -> Completion:
    """The whole answer at once."""
    message: Message = {"role": "assistant", "content": answer["text"], "rsvlm": answer}
    reply: Completion = {
        "id": _id(job),
        "object": "chat.completion",
        "created": job.created,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    usage = _usage(answer)
    return {**reply, "usage": usage} if usage else reply


async def chunks(job: Job, model: str, wants_usage: bool, minimal: bool) -> AsyncIterator[bytes]:
    """The answer as it comes: chunks, comment lines while nothing is to be said, and [DONE] unless it failed.

    minimal: the answer at the end comes without its evidence where that is what was told on the way.
    """
    told: list[Any] = []

    def chunk(delta: Delta, finish: Literal["stop"] | None = None) -> Chunk:
        said: Chunk = {
            "id": _id(job),
            "object": "chat.completion.chunk",
            "created": job.created,
            "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        return {**said, "usage": None} if wants_usage else said

    yield sse(chunk({"role": "assistant", "content": ""}))
    async for event in job.events(KEEP_ALIVE_S):
        if event is None:
            yield KEEP_ALIVE
        elif event["event"] == "error":
            yield sse({"error": event["error"]})
        elif event["event"] == "text":
            yield sse(chunk({"content": event["delta"]}))
        elif event["event"] == "done":
            answer = event["result"]
            known = minimal and answer.get("evidence") == told
            rest = {name: value for name, value in answer.items() if not (known and name == "evidence")}
            yield sse({**chunk({}, finish="stop"), "rsvlm": {"answer": rest}})
            if wants_usage:
                yield sse({**chunk({}), "choices": [], "usage": _usage(answer)})
            yield DONE
        else:
            kind = event["event"]  # progress, sketch, evidence
            if kind == "evidence":
                told.append(event[kind])
            yield sse({**chunk({}), "rsvlm": {kind: event[kind]}})


def _id(job: Job) -> str:
    return f"chatcmpl-{job.request_id}"


def _usage(answer: Mapping[str, Any]) -> Usage | None:
    """Tokens of an answer; None where the task does not count them."""
    counted = answer.get("usage")
    if not counted:
        return None
    prompt, completion = counted["prompt_tokens"], counted["completion_tokens"]
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

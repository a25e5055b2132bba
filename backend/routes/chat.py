"""POST /v1/chat/completions: OpenAI's words for a task. What is ours travels under `rsvlm`, both ways."""

from __future__ import annotations

from typing import Any, Literal, Union

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, create_model
from starlette.responses import Response

from rsvlm.backend.bodies import DEFAULT_MODEL, Priority, Strict, fields_of, read, task_message
from rsvlm.backend.completions import Chunk, Completion, chunks, completion
from rsvlm.backend.conversation import FROM_MESSAGES, Turn, meant, task_of
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openai_fields import OpenAIFields, StreamOptions
from rsvlm.backend.openapi import OF_THE_WORKER, replies, takes
from rsvlm.backend.replies import (
    Document,
    RefusalReply,
)
from rsvlm.backend.routes.waiting import JobStream, result
from rsvlm.protocol import RsvlmError
from rsvlm.tasks import TASKS

OPEN = ("describe", "ask", "change")  # tasks that a chat need not name: what it shows and says tells them apart


class Options(Strict):
    """The task, and the fields of its request besides what the messages show."""

    task: str
    priority: Priority = "interactive"


class ChatBody(OpenAIFields):
    """OpenAI's request, as far as it is honoured. messages: one turn of the user that shows one place; two places for the
    task change; for the task ask, questions and answers in turn, the last one of which is asked.
    """

    model: str = DEFAULT_MODEL
    messages: list[Turn] = Field(min_length=1)
    stream: bool = False
    stream_options: Union[StreamOptions, None] = None
    rsvlm: Options


class _WantedTask(BaseModel):
    task: Union[Literal[tuple(TASKS)], None] = None  # type: ignore[valid-type]


class _Wanted(BaseModel):
    model: str = DEFAULT_MODEL
    messages: list[Turn] = Field(min_length=1)
    rsvlm: _WantedTask = _WantedTask()


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()
    kinds = {name: _body(name, spec.request) for name, spec in TASKS.items()}

    @router.post(
        "/v1/chat/completions",
        openapi_extra=takes(Union[tuple(kinds.values())]),
        responses=replies(Completion, *OF_THE_WORKER, events=Union[Chunk, RefusalReply]),
    )
    async def chat(request: Request) -> Response:
        """OpenAI's chat completion about one place or two dates; `rsvlm` may name the task, and carries the whole answer.

        To the header `Prefer: return=minimal`, a stream tells evidence once: an answer without it rests on what came before.
        """
        wanted = await read(request, _Wanted)
        task = wanted.rsvlm.task or task_of(wanted.messages, wanted.model)
        body = await read(request, kinds[task])
        if body.stream_options and not body.stream:
            raise RsvlmError(
                "bad_request", "stream_options without a stream mean nothing.", "Send stream: true with them."
            )
        fields = body.rsvlm.model_dump(mode="json", exclude_none=True, exclude=set(Options.model_fields))
        fields |= meant(body.messages, TASKS[task].request) | {"model": body.model}
        message = task_message(task, fields)
        model = message["request"]["model"]
        job = dispatcher.submit("task", request.state.request_id, message, body.rsvlm.priority)
        if body.stream:
            minimal = request.headers.get("prefer") == "return=minimal"
            wants_usage = body.stream_options is not None and body.stream_options.include_usage
            return JobStream(dispatcher, job, chunks(job, model, wants_usage, minimal))
        return Document(completion(job, model, await result(dispatcher, job, request)))

    return router


def _body(name: str, request: type) -> type[ChatBody]:
    """The body of a chat in which this task answers: what the task takes from the messages is no field of its own."""
    own = {field: kind for field, kind in fields_of(request).items() if field not in (*FROM_MESSAGES, "model")}
    only: Any = Literal[name]
    needed: Any = ...
    options = create_model(
        f"{name.title()}Options", __base__=Options, task=(only, name if name in OPEN else needed), **own
    )
    ours = Field(default_factory=options) if name in OPEN else needed
    return create_model(f"{name.title()}Chat", __base__=ChatBody, rsvlm=(options, ours))

"""POST /v1/chat/completions: OpenAI's words for a task. What is ours travels under `rsvlm`, both ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

from fastapi import APIRouter, Request
from pydantic import BaseModel, BeforeValidator, Field, create_model
from starlette.responses import Response

from rsvlm.backend.bodies import (
    DEFAULT_MODEL,
    Part,
    Priority,
    Strict,
    TextPart,
    fields_of,
    raster_of,
    read,
    task_message,
    text_part,
)
from rsvlm.backend.completions import Chunk, Completion, chunks, completion
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openai_fields import OpenAIFields, StreamOptions
from rsvlm.backend.openapi import OF_THE_WORKER, replies, takes
from rsvlm.backend.replies import (
    Document,
    RefusalReply,
)
from rsvlm.backend.routes.waiting import JobStream, result
from rsvlm.protocol import Raster, RsvlmError
from rsvlm.tasks import TASKS

DEFAULT_TASK = "describe"


def _as_parts(content: object) -> object:
    return [text_part(content)] if isinstance(content, str) else content


class Turn(Strict):
    role: Literal["system", "user", "assistant"]
    content: Annotated[list[Part], BeforeValidator(_as_parts, json_schema_input_type=Union[str, list[Part]])]


class Options(Strict):
    """The task, and the fields of its request besides what the messages show."""

    task: str
    priority: Priority = "interactive"


class ChatBody(OpenAIFields):
    """OpenAI's request, as far as it is honoured. messages: one turn of the user that shows one place."""

    model: str = DEFAULT_MODEL
    messages: list[Turn] = Field(min_length=1)
    stream: bool = False
    stream_options: Union[StreamOptions, None] = None
    rsvlm: Options


class _WantedTask(BaseModel):
    task: Literal[tuple(TASKS)] = DEFAULT_TASK  # type: ignore[valid-type]


class _Wanted(BaseModel):
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
        """OpenAI's chat completion about one place; `rsvlm` names the task and carries the whole answer."""
        body = await read(request, kinds[(await read(request, _Wanted)).rsvlm.task])
        if body.stream_options and not body.stream:
            raise RsvlmError(
                "bad_request", "stream_options without a stream mean nothing.", "Send stream: true with them."
            )
        fields = body.rsvlm.model_dump(mode="json", exclude_none=True, exclude=set(Options.model_fields))
        fields |= {"raster": _place(body.messages).to_json(), "model": body.model}
        message = task_message(body.rsvlm.task, fields)
        model = message["request"]["model"]
        job = dispatcher.submit("task", request.state.request_id, message, body.rsvlm.priority)
        if body.stream:
            wants_usage = body.stream_options is not None and body.stream_options.include_usage
            return JobStream(dispatcher, job, chunks(job, model, wants_usage))
        return Document(completion(job, model, await result(dispatcher, job, request)))

    return router


def _body(name: str, request: type) -> type[ChatBody]:
    """The body of a chat in which this task answers: what the task takes from the messages is no field of its own."""
    own = {field: kind for field, kind in fields_of(request).items() if field not in ("raster", "model")}
    only: Any = Literal[name]
    needed: Any = ...
    options = create_model(
        f"{name.title()}Options", __base__=Options, task=(only, name if name == DEFAULT_TASK else needed), **own
    )
    ours = Field(default_factory=options) if name == DEFAULT_TASK else needed
    return create_model(f"{name.title()}Chat", __base__=ChatBody, rsvlm=(options, ours))


def _place(messages: Sequence[Turn]) -> Raster:
    """The one place that the one user message is about."""
    if len(messages) != 1 or messages[0].role != "user":
        raise RsvlmError(
            "bad_request",
            "This version answers one turn, without earlier messages and without a system message.",
            "Send exactly one message with the role user.",
        )
    places = [part for part in messages[0].content if not isinstance(part, TextPart)]
    if len(places) != 1:
        raise RsvlmError(
            "bad_request",
            f"The message shows {len(places)} rasters or images, and this task looks at exactly one.",
            "Add one part of the type raster or image_url.",
        )
    return raster_of(places[0])

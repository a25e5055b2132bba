"""POST /v1/{task}: one route for each task that there is, made from the dataclass of its request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from pydantic import create_model
from starlette.responses import Response

from rsvlm.backend.bodies import Priority, Strict, fields_of, read, task_message
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openapi import OF_THE_WORKER, replies, takes
from rsvlm.backend.replies import AnswerJson, Document, JobEvent, job_events
from rsvlm.backend.routes.waiting import JobStream, result
from rsvlm.tasks import TASKS


class TaskBody(Strict):
    """The fields of the task's request, and how to answer: as a stream of events; before or behind others."""

    stream: bool = False
    priority: Priority = "interactive"


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()
    for name, spec in TASKS.items():
        body = create_model(f"{name.title()}Body", __base__=TaskBody, **fields_of(spec.request))
        router.add_api_route(
            f"/v1/{name}",
            _answering(dispatcher, name, body),
            methods=["POST"],
            name=name,
            description=spec.request.__doc__,
            openapi_extra=takes(body),
            responses=replies(AnswerJson, *OF_THE_WORKER, events=JobEvent),
        )
    return router


def _answering(dispatcher: Dispatcher, task: str, kind: type[TaskBody]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        body = await read(request, kind)
        fields = body.model_dump(mode="json", exclude_none=True, exclude=set(TaskBody.model_fields))
        message = task_message(task, fields)
        job = dispatcher.submit("task", request.state.request_id, message, body.priority)
        if body.stream:
            return JobStream(dispatcher, job, job_events(job))
        return Document(await result(dispatcher, job, request))

    return answer

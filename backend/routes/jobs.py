"""/v1/jobs: tasks that go on when nobody is connected. Made once; looked at, followed and stopped by their id."""

from __future__ import annotations

import asyncio
from typing import Any, Literal, Union, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, create_model
from starlette.responses import Response
from typing_extensions import TypedDict

from rsvlm.backend.bodies import Priority, Strict, read, task_message
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.kept_jobs import KeptJob, KeptJobs
from rsvlm.backend.openapi import replies, takes
from rsvlm.backend.replies import AnswerJson, Document, JobEvent, Progress, Refusal, job_events
from rsvlm.backend.routes.waiting import EventStream
from rsvlm.tasks import TASKS

END_S = 1.0  # how long a stopped job may take to end before it is told as it is


State = Literal["queued", "running", "done", "failed", "cancelled"]


class JobBody(Strict):
    task: str
    request: Any
    priority: Priority = "batch"


class _Wanted(BaseModel):
    task: Literal[tuple(TASKS)]  # type: ignore[valid-type]


class JobSummary(TypedDict):
    """created: seconds since 1970. progress: the latest."""

    id: str
    object: Literal["job"]
    task: str
    state: State
    created: int
    progress: Union[Progress, None]


class JobReply(JobSummary):
    answer: Union[AnswerJson, None]
    error: Union[Refusal, None]


class JobList(TypedDict):
    """The newest first."""

    object: Literal["list"]
    data: list[JobSummary]


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter(prefix="/v1/jobs")
    jobs = KeptJobs()
    kinds = {name: _body(name, spec.request) for name, spec in TASKS.items()}

    @router.post(
        "",
        status_code=202,
        openapi_extra=takes(Union[tuple(kinds.values())]),
        responses=replies(JobReply, "unknown_model", "busy", "unavailable", status=202),
    )
    async def create_job(request: Request) -> Response:
        """Have a task done, whoever stays connected. Finished jobs are kept for a while."""
        body = await read(request, kinds[(await read(request, _Wanted)).task])
        fields = body.model_dump(mode="json", exclude_none=True)["request"]
        message = task_message(body.task, fields)
        job = dispatcher.submit("task", request.state.request_id, message, body.priority)
        return Document(_reply(jobs.keep(body.task, job)), 202)

    @router.get("", responses=replies(JobList))
    async def list_jobs() -> Response:
        """The jobs that wait, run, or are finished and kept, without their answers."""
        listed: JobList = {"object": "list", "data": [_summary(kept) for kept in jobs]}
        return Document(listed)

    @router.get("/{job_id}", responses=replies(JobReply, "not_found"))
    async def get_job(job_id: str) -> Response:
        """A job as it is now, with its answer or error once it has ended."""
        return Document(_reply(jobs.get(job_id)))

    @router.get("/{job_id}/events", responses=replies(JobEvent, "not_found", media="text/event-stream"))
    async def follow_job(job_id: str) -> Response:
        """Every event of a job from its start to its end. Leaving does not stop it."""
        return EventStream(job_events(jobs.get(job_id).job))

    @router.delete("/{job_id}", responses=replies(JobReply, "not_found"))
    async def delete_job(job_id: str) -> Response:
        """Stop a job, which is then kept as a finished one; forget a job that has ended. The reply is what it was then."""
        kept = jobs.get(job_id)
        if kept.job.done.is_set():
            jobs.forget(kept)
        else:
            await dispatcher.release(kept.job)
            await asyncio.wait([asyncio.ensure_future(kept.job.done.wait())], timeout=END_S)
        return Document(_reply(kept))

    return router


def _body(name: str, request: type) -> type[JobBody]:
    only: Any = Literal[name]
    return create_model(f"{name.title()}Job", __base__=JobBody, task=(only, ...), request=(request, ...))


def _summary(kept: KeptJob) -> JobSummary:
    job = kept.job
    return {
        "id": kept.id,
        "object": "job",
        "task": kept.task,
        "state": cast(State, job.state),
        "created": job.created,
        "progress": cast("Progress | None", job.progress),
    }


def _reply(kept: KeptJob) -> JobReply:
    outcome = kept.job.outcome or {}
    return {**_summary(kept), "answer": outcome.get("result"), "error": outcome.get("error")}

"""The routes of the service. Every error leaves in one shape, and no exception's text ever does."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from rsvlm.backend.bodies import ChatBody, ViewBody, bad_request, model_id, task_request
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.jobs import Job
from rsvlm.backend.replies import Document, completion, server_sent
from rsvlm.protocol import PROTOCOL, VERSION, Cancelled, RsvlmError


def create_app(dispatcher: Dispatcher) -> FastAPI:
    """The application, without the gate around it."""
    app = FastAPI(openapi_url=None)
    app.add_exception_handler(RsvlmError, _refuse)
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.add_exception_handler(Exception, _apologise)

    @app.get("/health")
    async def health() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        return {**_models(), "version": VERSION, "protocol": PROTOCOL, "device": dispatcher.device}

    @app.post("/v1/view")
    async def view(body: ViewBody, request: Request) -> Document:
        message = {"op": "view", "raster": body.raster.to_json(), "model": model_id(body.model)}
        job = dispatcher.submit("view", request.state.request_id, message)
        return Document(await _result(dispatcher, job, request))

    @app.post("/v1/chat/completions", response_model=None)
    async def chat(body: ChatBody, request: Request) -> Document | _JobStream:
        task, fields = task_request(body)
        message = {"op": "task", "task": task, "request": fields}
        job = dispatcher.submit("task", request.state.request_id, message)
        if body.stream:
            return _JobStream(dispatcher, job, fields["model"])
        return Document(completion(job, fields["model"], await _result(dispatcher, job, request)))

    @app.delete("/v1/requests/{request_id}")
    async def cancel(request_id: str) -> dict[str, Any]:
        if not await dispatcher.cancel(request_id):
            raise RsvlmError(
                "not_found", f'No request with the id "{request_id}" is being answered.', "It may be finished already."
            )
        return {"id": request_id, "object": "request", "cancelled": True}

    return app


class _JobStream(StreamingResponse):
    """Server-sent events of one job, which is stopped if the client leaves before its end."""

    def __init__(self, dispatcher: Dispatcher, job: Job, model: str) -> None:
        super().__init__(server_sent(job, model), media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        self._dispatcher = dispatcher
        self._job = job

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._dispatcher.release(self._job)


async def _result(dispatcher: Dispatcher, job: Job, request: Request) -> Any:
    """What a job came to; it is stopped if the client leaves before. Raises the RsvlmError that it ended with."""
    result = asyncio.ensure_future(job.result())
    left = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((result, left), return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            raise Cancelled()
        return result.result()
    finally:
        left.cancel()
        result.cancel()
        await dispatcher.release(job)


def _models() -> dict[str, Any]:
    from rsvlm.models.cards import load_cards

    data = [
        {
            "id": card.id,
            "object": "model",
            "created": 0,
            "owned_by": "rsvlm",
            "title": card.title,
            "revision": card.revision,
            "tasks": list(card.tasks),
            "licence": card.licence,
        }
        for card in load_cards().values()
    ]
    return {"object": "list", "data": data}


def _response(request: Request, error: RsvlmError, status: int) -> Document:
    retry_after_s = error.details.get("retry_after_s")
    headers = None if retry_after_s is None else {"Retry-After": f"{retry_after_s:.0f}"}
    return Document(error.to_json(request.state.request_id), status, headers)


async def _refuse(request: Request, error: Exception) -> Document:
    if not isinstance(error, RsvlmError):
        raise error
    return _response(request, error, error.http_status)


async def _refuse_body(request: Request, error: Exception) -> Document:
    if not isinstance(error, RequestValidationError):
        raise error
    return _response(request, bad_request(error.errors()), 400)


async def _refuse_route(request: Request, error: Exception) -> Document:
    if not isinstance(error, HTTPException):
        raise error
    if error.status_code == 400:  # a body that is not even text
        return _response(request, bad_request([{"type": "json_invalid", "loc": ()}]), 400)
    missing = RsvlmError("not_found", f"There is no {request.method} {request.url.path}.", "Check address and method.")
    return _response(request, missing, error.status_code)


async def _apologise(request: Request, error: Exception) -> Document:
    """A programming error: the traceback goes to the log (uvicorn writes it there), the id to the client."""
    failed = RsvlmError(
        "model_failed",
        "The backend failed because of a mistake in its program.",
        f"Look for the request {request.state.request_id} in the backend's log and report it.",
    )
    return _response(request, failed, failed.http_status)

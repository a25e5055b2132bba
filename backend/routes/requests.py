"""DELETE /v1/requests/{request_id}: stop an answer. GET /health: whether anybody listens."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response
from typing_extensions import TypedDict

from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openapi import replies
from rsvlm.backend.refusals import shown
from rsvlm.backend.replies import Document
from rsvlm.protocol import RsvlmError


class CancelledRequest(TypedDict):
    id: str
    object: Literal["request"]
    cancelled: Literal[True]


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()

    @router.get("/health", responses=replies(str, media="text/plain"))
    async def health() -> Response:
        """Whether the service listens. Needs no token."""
        return PlainTextResponse("ok")

    @router.delete("/v1/requests/{request_id}", responses=replies(CancelledRequest, "not_found"))
    async def cancel_request(request_id: str) -> Response:
        """Stop the answer to the request that was sent with this X-Request-Id."""
        if not await dispatcher.cancel(request_id):
            raise RsvlmError(
                "not_found",
                f'No request with the id "{shown(request_id)}" is being answered.',
                "It may be finished already.",
            )
        reply: CancelledRequest = {"id": request_id, "object": "request", "cancelled": True}
        return Document(reply)

    return router

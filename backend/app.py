"""The application: every route, behind the same refusals. Every error leaves in one shape, and no exception's text does."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.responses import Response

from rsvlm.backend import openapi
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.refusals import answer_refusals, refuse_query
from rsvlm.backend.replies import Document
from rsvlm.backend.routes import chat, embeddings, jobs, models, requests, tasks, view


def create_app(dispatcher: Dispatcher) -> FastAPI:
    """The application, without the gate around it."""
    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        default_response_class=Response,
        generate_unique_id_function=lambda route: route.name,
        dependencies=[Depends(refuse_query)],
    )
    answer_refusals(app)
    for subject in (requests, models, view, chat, embeddings, jobs, tasks):
        app.include_router(subject.routes(dispatcher))
    app.include_router(_description(app))
    return app


def _description(app: FastAPI) -> APIRouter:
    router = APIRouter()

    @cache
    def document() -> dict[str, Any]:
        return openapi.document(app)

    @router.get("/openapi.json", responses=openapi.replies(dict[str, Any]))
    async def describe_service() -> Response:
        """This document."""
        return Document(document())

    return router

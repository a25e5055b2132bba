"""GET /v1/models: the models there are, and how the backend is."""

from __future__ import annotations

from typing import Literal, Union, cast

from fastapi import APIRouter
from starlette.responses import Response
from typing_extensions import TypedDict

from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openapi import replies
from rsvlm.backend.replies import Document
from rsvlm.protocol import PROTOCOL, VERSION

State = Literal["starting", "ready", "busy", "failed"]


class Model(TypedDict):
    """created: 0, cards do not say. memory_bytes: what it is predicted to need."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    title: str
    revision: str
    tasks: list[str]
    licence: str
    installed: bool
    loaded: bool
    memory_bytes: int


class Memory(TypedDict):
    """For models; null before the model process has said so."""

    used_bytes: Union[int, None]
    free_bytes: Union[int, None]


class Queue(TypedDict):
    running: int
    waiting: int


class ModelList(TypedDict):
    """note: why the device is not the one that was wanted. stderr: last lines of the model process."""

    object: Literal["list"]
    data: list[Model]
    version: str
    protocol: int
    device: str
    note: Union[str, None]
    state: State
    memory: Memory
    queue: Queue
    stderr: list[str]


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()

    @router.get("/v1/models", responses=replies(ModelList))
    async def models() -> Response:
        """The models there are, and how the backend is."""
        return Document(_told(dispatcher))

    return router


def _told(dispatcher: Dispatcher) -> ModelList:
    status = dispatcher.status
    return {
        "object": "list",
        "data": _models({model["id"] for model in status.get("models", ())}),
        "version": VERSION,
        "protocol": PROTOCOL,
        "device": dispatcher.device,
        "note": dispatcher.note,
        "state": cast(State, dispatcher.state),
        "memory": {"used_bytes": status.get("used_bytes"), "free_bytes": status.get("free_bytes")},
        "queue": cast(Queue, dispatcher.queue),
        "stderr": dispatcher.stderr_lines,
    }


def _models(loaded: set[str]) -> list[Model]:
    # Not at the top: the service listens before it knows any card.
    from rsvlm.models.cards import load_cards
    from rsvlm.models.memory import predicted_bytes

    return [
        {
            "id": card.id,
            "object": "model",
            "created": 0,
            "owned_by": "rsvlm",
            "title": card.title,
            "revision": card.revision,
            "tasks": list(card.tasks),
            "licence": card.licence,
            "installed": card.installed,
            "loaded": card.id in loaded,
            "memory_bytes": predicted_bytes(card),
        }
        for card in load_cards().values()
    ]

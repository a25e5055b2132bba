"""How the backend is, as its `/v1/models` tells it. Plain data; knows nothing of sockets or widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, Optional, Tuple

from ...protocol import VERSION
from ..environment.endpoint import Endpoint
from ..translation import tr
from .messages import nonsense

KINDS = ("stopped", "starting", "ready", "busy", "failed")


@dataclass(frozen=True)
class ModelState:
    """A model that the backend has in memory. memory_bytes: what it is expected to need."""

    title: str
    revision: str
    memory_bytes: int


@dataclass(frozen=True)
class BackendState:
    """What the status line and the details tell; empty or None = not known.

    kind: one of KINDS. device: "cpu" | "cuda" | "mps". model, revision: the model that answers. detail: a sentence for the
    user. note: why the device is the processor although a graphics card was wanted. used_bytes, free_bytes: memory for
    models. running, waiting: requests. loaded: every model in memory. said: the last lines of the model process. shared:
    another window owns the backend.
    """

    kind: str
    device: str = ""
    model: str = ""
    detail: str = ""
    revision: str = ""
    note: str = ""
    used_bytes: Optional[int] = None
    free_bytes: Optional[int] = None
    running: int = 0
    waiting: int = 0
    loaded: Tuple[ModelState, ...] = ()
    said: Tuple[str, ...] = ()
    version: str = ""
    shared: bool = False


def read_state(told: Dict[str, Any], model: str, endpoint: Endpoint) -> BackendState:
    """The state out of the body of `/v1/models`. model: id of the one that answers.

    Raises RsvlmError (version_mismatch) for a body in other words than this protocol's.
    """
    try:
        kind = str(told.get("state", "ready"))
        cards = {str(card["id"]): card for card in told["data"]}
        card = cards.get(model, {})
        memory, queue = told.get("memory") or {}, told.get("queue") or {}
        return BackendState(
            kind=kind if kind in KINDS else "ready",
            device="" if kind in ("starting", "failed") else str(told.get("device") or ""),
            model=str(card.get("title", "")),
            detail=_detail(kind, endpoint),
            revision=str(card.get("revision", "")),
            note=str(told.get("note") or ""),
            used_bytes=_whole(memory.get("used_bytes")),
            free_bytes=_whole(memory.get("free_bytes")),
            running=int(queue.get("running", 0)),
            waiting=int(queue.get("waiting", 0)),
            loaded=tuple(_model(item) for item in cards.values() if item.get("loaded")),
            said=tuple(str(line) for line in told.get("stderr") or ()),
            version=endpoint.version,
            shared=endpoint.shared,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise nonsense() from None


def _model(card: Dict[str, Any]) -> ModelState:
    return ModelState(str(card.get("title", "")), str(card.get("revision", "")), int(card.get("memory_bytes") or 0))


def _whole(value: Any) -> Optional[int]:
    return None if value is None else int(value)


def _detail(kind: str, endpoint: Endpoint) -> str:
    if kind == "failed":
        return tr("The model process does not work; its last lines stand in the details.")
    if kind == "starting":
        return tr("Loading the model")
    if endpoint.version != VERSION:
        return tr("The backend is version {backend}, the plugin {plugin}: press Update Backend in the options.").format(
            backend=endpoint.version, plugin=VERSION
        )
    return ""

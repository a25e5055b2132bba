"""What /openapi.json says: every route with what it takes, what it replies and how it refuses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from rsvlm.backend.gate import MAX_BODY_BYTES, OPEN_PATHS
from rsvlm.backend.replies import RefusalReply
from rsvlm.protocol import ERROR_CODES, VERSION

# What a request may meet that the worker answers, besides what every request may meet.
OF_THE_WORKER = (
    "unknown_model",
    "bad_raster",
    "bad_extent",
    "no_data",
    "cancelled",
    "worker_died",
    "busy",
    "unavailable",
    "out_of_memory",
)

_OF_EVERYBODY = ("bad_request", "unauthorized", "forbidden", "too_large")
_REF = "#/components/schemas/{model}"
_DESCRIPTION = f"""Answers about places on the ground, from models on this machine.

Every request carries the token of the backend, and every response the id of its request in X-Request-Id. Fields and
parameters that are not described here are refused. A body has at most {MAX_BODY_BYTES} bytes. Of a text/event-stream,
the schema is that of each `data:` line; lines that begin with a colon only say that the connection is alive."""
_REQUEST_ID = {
    "name": "X-Request-Id",
    "in": "header",
    "description": "The client's own name for the request, by which it can be stopped; the backend makes one otherwise.",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
}


def takes(body: Any) -> dict[str, Any]:
    """For a route's `openapi_extra`: the model of the JSON that it reads."""
    schema = TypeAdapter(body).json_schema(ref_template=_REF)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def replies(
    reply: Any, *codes: str, events: Any = None, media: str = "application/json", status: int = 200
) -> dict[int | str, dict[str, Any]]:
    """For a route's `responses`: types of its reply and of the events of its stream, codes of errors it may end with."""
    content = {kind: _schema(said) for kind, said in ((media, reply), ("text/event-stream", events)) if said}
    described: dict[int | str, dict[str, Any]] = {status: {"description": "The reply.", "content": content}}
    by_status = defaultdict(list)
    for code in (*_OF_EVERYBODY, *codes):
        by_status[ERROR_CODES[code][0]].append(code)
    refusal = {"application/json": _schema(RefusalReply)}
    for number, names in sorted(by_status.items()):
        described[number] = {"description": f"Refused: {', '.join(names)}.", "content": refusal}
        if number == 503:
            seconds = {"description": "Seconds after which to ask again.", "schema": {"type": "integer"}}
            described[number]["headers"] = {"Retry-After": seconds}
    described["default"] = {"description": "A mistake in the program: model_failed.", "content": refusal}
    return described


def document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application whose routes are described by `takes` and `replies`."""
    described = get_openapi(title="rsvlm", version=VERSION, description=_DESCRIPTION, routes=app.routes)
    schemas: dict[str, Any] = {}
    for path, operations in described["paths"].items():
        for operation in operations.values():
            operation.setdefault("parameters", []).append(_REQUEST_ID)
            for content in _contents(operation):
                content["schema"] = _named(content["schema"], schemas)
            if path in OPEN_PATHS:
                operation["security"] = []
    token = {"type": "http", "scheme": "bearer", "description": "The token is in the file that the backend named."}
    described["components"] = {"schemas": schemas, "securitySchemes": {"token": token}}
    described["security"] = [{"token": []}]
    return described


def _schema(said: Any) -> dict[str, Any]:
    return {"schema": TypeAdapter(said).json_schema(ref_template=_REF, mode="serialization")}


def _contents(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for part in (operation.get("requestBody", {}), *operation["responses"].values()):
        yield from part.get("content", {}).values()


def _named(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Move a schema's definitions, and itself if it is an object, to `schemas`; what stands in its place."""
    schemas.update(schema.pop("$defs", {}))
    if "properties" not in schema:
        return schema
    schemas[schema["title"]] = schema
    return {"$ref": _REF.format(model=schema["title"])}

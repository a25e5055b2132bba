"""POST /v1/embeddings: texts and pictures as vectors that can be compared with each other, as OpenAI words it."""

from __future__ import annotations

import base64
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal, Union

from fastapi import APIRouter, Request
from pydantic import BeforeValidator, Field
from starlette.responses import Response
from typing_extensions import TypedDict

from rsvlm.backend.bodies import DEFAULT_MODEL, Part, Priority, Strict, TextPart, model_id, raster_of, read, text_part
from rsvlm.backend.dispatch import Dispatcher
from rsvlm.backend.openai_fields import Only
from rsvlm.backend.openapi import OF_THE_WORKER, replies, takes
from rsvlm.backend.replies import Document
from rsvlm.backend.routes.waiting import result

MAX_INPUTS = 256


def _as_parts(inputs: object) -> object:
    if isinstance(inputs, list):
        return [text_part(item) for item in inputs]
    return [text_part(inputs)] if isinstance(inputs, str) else inputs


Text = Annotated[str, Field(min_length=1)]
Inputs = Annotated[
    list[Part],
    Field(min_length=1, max_length=MAX_INPUTS),
    BeforeValidator(
        _as_parts,
        json_schema_input_type=Union[
            Text, Annotated[list[Union[Text, Part]], Field(min_length=1, max_length=MAX_INPUTS)]
        ],
    ),
]


class EmbeddingsBody(Strict):
    """input: a text, or a list of texts and parts; each becomes one vector."""

    input: Inputs
    model: str = DEFAULT_MODEL
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[Any, Only(None, "A model's vectors have one length.")] = None
    user: Union[str, None] = Field(None, description="Any: whoever asks gets the same vectors.")
    priority: Priority = "interactive"


class Embedding(TypedDict):
    """embedding: numbers, or base64 of little-endian 32-bit floats."""

    object: Literal["embedding"]
    index: int
    embedding: Union[list[float], str]


class EmbeddingUsage(TypedDict):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(TypedDict):
    """In the order of the inputs."""

    object: Literal["list"]
    data: list[Embedding]
    model: str
    usage: EmbeddingUsage


def routes(dispatcher: Dispatcher) -> APIRouter:
    router = APIRouter()

    @router.post(
        "/v1/embeddings", openapi_extra=takes(EmbeddingsBody), responses=replies(EmbeddingList, *OF_THE_WORKER)
    )
    async def embed(request: Request) -> Response:
        """One vector for each text or picture."""
        body = await read(request, EmbeddingsBody)
        message = {"op": "embed", "model": model_id(body.model), "inputs": [_input(part) for part in body.input]}
        job = dispatcher.submit("task", request.state.request_id, message, body.priority)
        found = await result(dispatcher, job, request)
        write = _as_base64 if body.encoding_format == "base64" else list
        reply: EmbeddingList = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": index, "embedding": write(vector)}
                for index, vector in enumerate(found["embeddings"])
            ],
            "model": found["model"],
            "usage": {"prompt_tokens": found["tokens"], "total_tokens": found["tokens"]},
        }
        return Document(reply)

    return router


def _input(part: Part) -> dict[str, Any]:
    return {"text": part.text} if isinstance(part, TextPart) else {"raster": raster_of(part).to_json()}


def _as_base64(vector: Sequence[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode("ascii")

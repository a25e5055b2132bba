"""What clients may send, and how it becomes what a task takes. Whatever is not known is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, Any, Literal, TypeVar, Union, get_type_hints

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rsvlm.backend.refusals import bad_request
from rsvlm.protocol import Raster, RsvlmError

DEFAULT_MODEL = "default"

Priority = Literal["interactive", "batch"]
Body = TypeVar("Body", bound=BaseModel)

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)


class Strict(BaseModel):
    """A JSON object in which every field is known and has exactly the type it is said to have."""

    # The dataclasses of the protocol inside of these models are held to the same rules.
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, strict=True)


class TextPart(Strict):
    type: Literal["text"]
    text: str = Field(min_length=1)


class ImageUrl(Strict):
    url: str = Field(description="data:image/...;base64,...; other addresses are never fetched.")
    detail: Literal["auto"] = "auto"


class ImagePart(Strict):
    type: Literal["image_url"]
    image_url: ImageUrl


class RasterPart(Strict):
    type: Literal["raster"]
    raster: Raster


Part = Annotated[Union[TextPart, ImagePart, RasterPart], Field(discriminator="type")]


def text_part(text: object) -> object:
    """A text as the part that means the same; everything else as it is."""
    return {"type": "text", "text": text} if isinstance(text, str) else text


async def read(request: Request, kind: type[Body]) -> Body:
    """The body of a request. Raises RsvlmError (bad_request) naming the first field that is not as it should be."""
    try:
        return kind.model_validate_json(await request.body())
    except ValidationError as error:
        raise bad_request(error.errors(include_url=False, include_input=False)) from error


def fields_of(kind: type) -> dict[str, Any]:
    """The fields of a dataclass as create_model takes them: name -> (type, default)."""
    hints = get_type_hints(kind)
    found = {}
    for field in fields(kind):
        default = ... if field.default is MISSING else field.default
        if field.default_factory is not MISSING:
            default = Field(default_factory=field.default_factory)
        found[field.name] = (hints[field.name], default)
    return found


def model_id(name: str | None) -> str:
    """The id of the card that a client means. Raises RsvlmError (unknown_model)."""
    from rsvlm.models.cards import get_card  # not at the top: the service listens before it knows any card

    return get_card(name).id


def task_message(task: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """What the worker is told to do, with the id of the model that is meant. Raises RsvlmError (unknown_model)."""
    return {"op": "task", "task": task, "request": {**fields, "model": model_id(fields.get("model"))}}


def raster_of(part: ImagePart | RasterPart) -> Raster:
    """The raster that a part shows. Raises RsvlmError (bad_request) for an address that would have to be fetched."""
    if isinstance(part, RasterPart):
        return part.raster
    prefix = _DATA_URI.match(part.image_url.url)
    if prefix is None:
        raise RsvlmError(
            "bad_request",
            "An image_url must be a data: URI with a base64 image; other addresses are never fetched.",
            "Send data:image/png;base64,..., or a part of the type raster with its href.",
        )
    return Raster(data=part.image_url.url[prefix.end() :])

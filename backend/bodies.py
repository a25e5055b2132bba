"""What clients may send, and how it becomes a task's request. Whatever is not known is refused, never ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, create_model

from rsvlm.protocol import Raster, RsvlmError

DEFAULT_MODEL = "default"
DEFAULT_TASK = "describe"
NAME_SHOWN = 120  # characters of a name that a client made up, in an error

_DATA_URI = re.compile(r"data:image/[a-z0-9.+-]+;base64,", re.IGNORECASE)


class Strict(BaseModel):
    # The dataclasses of the protocol inside of these models are held to the same rules.
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class TextPart(Strict):
    type: Literal["text"]
    text: str


class ImageUrl(Strict):
    url: str
    detail: Literal["auto"] = "auto"


class ImagePart(Strict):
    type: Literal["image_url"]
    image_url: ImageUrl


class RasterPart(Strict):
    type: Literal["raster"]
    raster: Raster


Part = Annotated[Union[TextPart, ImagePart, RasterPart], Field(discriminator="type")]


def _as_parts(content: object) -> object:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


class Turn(Strict):
    role: Literal["system", "user", "assistant"]
    content: Annotated[list[Part], BeforeValidator(_as_parts)]


class ChatBody(Strict):
    """OpenAI's chat completion request, as far as it is honoured; `rsvlm`: the task and its own fields."""

    model: str = DEFAULT_MODEL
    messages: list[Turn] = Field(min_length=1)
    stream: bool = False
    rsvlm: dict[str, Any] = {}


class ViewBody(Strict):
    raster: Raster
    model: str = DEFAULT_MODEL


def model_id(name: str) -> str:
    """The id of the card that a client means. Raises RsvlmError (unknown_model)."""
    from rsvlm.models.cards import get_card  # not at the top: the service listens before it knows any card

    return get_card(name).id


def task_request(body: ChatBody) -> tuple[str, dict[str, Any]]:
    """The task's name and its request as JSON, checked against the task's dataclass. Raises RsvlmError."""
    from rsvlm.tasks import TASKS

    fields = dict(body.rsvlm)
    task = fields.pop("task", DEFAULT_TASK)
    if not isinstance(task, str) or task not in TASKS:
        raise RsvlmError(
            "bad_request",
            f'There is no task "{str(task)[:NAME_SHOWN]}".',
            f"Tasks of this version: {', '.join(TASKS)}.",
        )
    for name in ("raster", "model"):
        if name in fields:
            raise bad_request([{"type": "extra_forbidden", "loc": ("rsvlm", name)}])
    fields["raster"] = _raster(body.messages)
    fields["model"] = model_id(body.model)
    checked = create_model("TaskBody", __base__=Strict, rsvlm=(TASKS[task].request, ...))
    try:
        request = checked.model_validate({"rsvlm": fields})
    except ValidationError as error:
        raise bad_request(error.errors()) from error
    return task, request.model_dump(mode="json", exclude_none=True)["rsvlm"]


def _raster(messages: Sequence[Turn]) -> Raster:
    """The one place that the one user message is about."""
    if len(messages) != 1 or messages[0].role != "user":
        raise RsvlmError(
            "bad_request",
            "This version answers one turn, without earlier messages and without a system message.",
            "Send exactly one message with the role user.",
        )
    places = [part for part in messages[0].content if not isinstance(part, TextPart)]
    if len(places) != 1:
        raise RsvlmError(
            "bad_request",
            f"The message shows {len(places)} rasters or images, and this task looks at exactly one.",
            "Add one part of the type raster or image_url.",
        )
    place = places[0]
    if isinstance(place, RasterPart):
        return place.raster
    prefix = _DATA_URI.match(place.image_url.url)
    if prefix is None:
        raise RsvlmError(
            "bad_request",
            "An image_url must be a data: URI with a base64 image; other addresses are never fetched.",
            "Send data:image/png;base64,..., or a part of the type raster with its href.",
        )
    return Raster(data=place.image_url.url[prefix.end() :])


def bad_request(problems: Sequence[Mapping[str, Any]]) -> RsvlmError:
    """The first of pydantic's findings as an error that names the field, without pydantic's own words."""
    problem = problems[0]
    path = _path(problem["loc"])
    kind = problem["type"]
    expected = problem.get("ctx", {}).get("expected") or problem.get("ctx", {}).get("expected_tags")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return RsvlmError("bad_request", f'The field "{path}" is not known.', "Check its name, or leave it out.")
    if kind.startswith("missing") or kind == "union_tag_not_found":
        missing = f"{path}.type" if kind == "union_tag_not_found" else path
        return RsvlmError("bad_request", f'The field "{missing}" is missing.', "Add it and send the request again.")
    if kind == "json_invalid" or not path:
        return RsvlmError("bad_request", "The body of the request is not a JSON object.", "Send valid JSON, in UTF-8.")
    hint = f"Expected: {expected}." if expected else f"Expected: {kind.replace('_', ' ')}."
    return RsvlmError("bad_request", f'The field "{path}" has a value that cannot be used.', hint)


def _path(location: Sequence[str | int]) -> str:
    """messages[0].content[1].raster.colour, without the tag that pydantic puts behind the index of a part."""
    path = ""
    steps = [step for step in location if step != "body"]
    for position, step in enumerate(steps):
        if isinstance(step, int):
            path += f"[{step}]"
        elif not (position > 1 and steps[position - 2] == "content"):
            path += f".{step}" if path else step
    return path if len(path) <= NAME_SHOWN else path[:NAME_SHOWN] + "..."

"""What the messages of a chat mean to a task: the places it looks at, the question, and what was said before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any, Literal, Union

from pydantic import BeforeValidator

from rsvlm.backend.bodies import DEFAULT_MODEL, Part, Strict, TextPart, raster_of, text_part
from rsvlm.models.cards import get_card, load_cards
from rsvlm.protocol import Raster, RsvlmError, asks_for_all

FROM_MESSAGES = ("raster", "before", "after", "question", "history")  # fields of requests that messages fill


def _as_parts(content: object) -> object:
    return [text_part(content)] if isinstance(content, str) else content


class Turn(Strict):
    role: Literal["system", "user", "assistant"]
    content: Annotated[list[Part], BeforeValidator(_as_parts, json_schema_input_type=Union[str, list[Part]])]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.content if isinstance(part, TextPart))


def task_of(messages: Sequence[Turn], model: str) -> str:
    """The task of a chat that names none: two places are compared; words are a question to a model that answers any, unless
    all that they ask for is a description; else a place is described.
    """
    places = [part for turn in messages for part in turn.content if not isinstance(part, TextPart)]
    if len(places) == 2:
        return "change"
    card = get_card(None) if model == DEFAULT_MODEL else load_cards().get(model)
    asked = messages[-1].text.strip()
    asks = card is not None and "ask" in card.tasks and asked and not asks_for_all(asked)
    return "ask" if asks else "describe"


def meant(messages: Sequence[Turn], request: type) -> dict[str, Any]:
    """Fields of a task's request. Raises RsvlmError (bad_request) for messages that it cannot take."""
    names = {field.name for field in fields(request)}
    earlier = _earlier(messages, "history" in names)
    places = [raster_of(part) for turn in messages for part in turn.content if not isinstance(part, TextPart)]
    found: dict[str, Any] = {}
    if "raster" in names:
        found["raster"] = _only(places).to_json()
    if "before" in names:
        before, after = _two(places)
        found |= {"before": before.to_json(), "after": after.to_json()}
    if "question" in names and messages[-1].text.strip():
        found["question"] = messages[-1].text
    elif "history" in names:
        raise RsvlmError("bad_request", "The last message asks nothing.", "Add a part of the type text.")
    return found | ({"history": earlier} if earlier else {})


def _earlier(messages: Sequence[Turn], may: bool) -> list[tuple[str, str]]:
    """Questions and answers before the last message. may: whether the task reads any."""
    roles = [turn.role for turn in messages]
    if not may and roles != ["user"]:
        raise RsvlmError(
            "bad_request",
            "This version answers one turn, without earlier messages and without a system message.",
            "Send exactly one message with the role user.",
        )
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"]:
        raise RsvlmError(
            "bad_request",
            "Messages are questions and answers in turn, the last one a question, without a system message.",
            "Send them with the roles user, assistant, user and so on.",
        )
    if any(not isinstance(part, TextPart) for turn in messages[1::2] for part in turn.content):
        raise RsvlmError("bad_request", "An answer shows a raster.", "Show it in a message with the role user.")
    return [(asked.text, answered.text) for asked, answered in zip(messages[:-1:2], messages[1::2])]


def _only(places: Sequence[Raster]) -> Raster:
    if len(places) != 1:
        raise RsvlmError(
            "bad_request",
            f"The message shows {len(places)} rasters or images, and this task looks at exactly one.",
            "Add one part of the type raster or image_url.",
        )
    return places[0]


def _two(places: Sequence[Raster]) -> tuple[Raster, Raster]:
    """Before and after: by their roles where both say one, else in their order."""
    if len(places) != 2:
        raise RsvlmError(
            "bad_request",
            f"The message shows {len(places)} rasters or images, and this task compares two.",
            "Add two parts of the type raster or image_url: before, then after.",
        )
    first, second = places
    return (second, first) if (first.role, second.role) == ("after", "before") else (first, second)

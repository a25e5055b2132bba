"""Fields that OpenAI's clients send about how to answer. A value is taken where it is true here, and refused elsewhere."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from rsvlm.backend.bodies import Strict
from rsvlm.backend.refusals import NOT_OFFERED

_LIKELIEST = "The likeliest words are always taken."
_LENGTH = "A task decides by itself how long its answer is."
_TOOLS = "Models here call no tools."


@dataclass(frozen=True)
class Only:
    """Annotates a field that may have this one value, or null for the same. why: a sentence for who sends another."""

    value: Any
    why: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        allowed = [None] if self.value is None else [self.value, None]
        return {"enum": allowed, "description": self.why}

    def _check(self, value: Any) -> Any:
        # Python takes true for 1; JSON does not.
        same = value == self.value and isinstance(value, bool) == isinstance(self.value, bool)
        if same or value is None:
            return value
        instead = "Leave it out" if self.value is None else f"Send {json.dumps(self.value)} or leave it out"
        raise PydanticCustomError(NOT_OFFERED, "{why} {instead}.", {"why": self.why, "instead": instead})


class OpenAIFields(Strict):
    """What clients of OpenAI say of how to answer and whom for."""

    temperature: Annotated[Any, Only(0, _LIKELIEST)] = None
    top_p: Annotated[Any, Only(1, _LIKELIEST)] = None
    frequency_penalty: Annotated[Any, Only(0, _LIKELIEST)] = None
    presence_penalty: Annotated[Any, Only(0, _LIKELIEST)] = None
    seed: int | None = Field(None, description="Any: the same request has the same answer with every seed.")
    n: Annotated[Any, Only(1, "There is one answer to a question.")] = None
    max_tokens: Annotated[Any, Only(None, _LENGTH)] = None
    max_completion_tokens: Annotated[Any, Only(None, _LENGTH)] = None
    stop: Annotated[Any, Only(None, _LENGTH)] = None
    response_format: Annotated[Any, Only({"type": "text"}, "The style of the task says what the text is.")] = None
    logprobs: Annotated[Any, Only(False, "Probabilities of single words are not given.")] = None
    tools: Annotated[Any, Only([], _TOOLS)] = None
    tool_choice: Annotated[Any, Only("none", _TOOLS)] = None
    store: Annotated[Any, Only(False, "Nothing that is asked here is stored.")] = None
    user: str | None = Field(None, description="Any: whoever asks gets the same answer.")


class StreamOptions(Strict):
    include_usage: bool = Field(False, description="One more chunk before the end, without choices, tells the tokens.")
    include_obfuscation: Annotated[Any, Only(False, "Chunks are not padded.")] = None

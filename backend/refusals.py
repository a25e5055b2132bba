"""How a refusal is worded and leaves: one shape for all, and never an exception's text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException

from rsvlm.backend.replies import Document
from rsvlm.protocol import RsvlmError

NAME_SHOWN = 120  # characters of a name that a client made up, in an error
NOT_OFFERED = "not_offered"  # kind of finding of which the message is ours, and a hint

_LISTS_OF_PARTS = ("content", "input")  # below these, pydantic puts a part's type behind its index
_EXPECTED = (  # beginning of pydantic's kind of finding, what was expected; {} is filled from its context
    ("bool", "true or false"),
    ("int", "a whole number"),
    ("float", "a number"),
    ("finite", "a number that is not infinite"),
    ("string_too_short", "a text that is not empty"),
    ("string_too_long", "a text of at most {max_length} characters"),
    ("string", "a text"),
    ("too_short", "at least {min_length} of them"),
    ("too_long", "at most {max_length} of them"),
    ("list", "a list"),
    ("tuple", "a list"),
    ("dict", "an object"),
    ("model", "an object"),
    ("dataclass", "an object"),
    ("literal_error", "{expected}"),
    ("union_tag_invalid", "the type {expected_tags}"),
)


def answer_refusals(app: FastAPI) -> None:
    """Have every error of the application leave as the protocol writes errors."""
    app.add_exception_handler(RsvlmError, _refuse)
    app.add_exception_handler(HTTPException, _refuse_route)
    app.add_exception_handler(Exception, _apologise)


async def refuse_query(request: Request) -> None:
    """No route takes anything from the query. Raises RsvlmError (bad_request)."""
    for name in request.query_params:
        raise RsvlmError(
            "bad_request",
            f'The parameter "{shown(name)}" in the address is not known.',
            "Leave out everything behind the question mark; fields stand in the body.",
        )


def shown(name: str) -> str:
    """A name that a client made up, cut to a length that can be read."""
    return name if len(name) <= NAME_SHOWN else name[:NAME_SHOWN] + "..."


def bad_request(problems: Sequence[ErrorDetails]) -> RsvlmError:
    """The first of pydantic's findings as an error that names the field, without pydantic's own words."""
    problem = problems[0]
    path, kind = _path(problem["loc"]), problem["type"]
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return RsvlmError("bad_request", f'The field "{path}" is not known.', "Check its name, or leave it out.")
    if kind.startswith("missing") or kind == "union_tag_not_found":
        missing = f"{path}.type" if kind == "union_tag_not_found" else path
        return RsvlmError("bad_request", f'The field "{missing}" is missing.', "Add it and send the request again.")
    if kind == "json_invalid" or not path:
        return RsvlmError("bad_request", "The body of the request is not a JSON object.", "Send valid JSON, in UTF-8.")
    hint = problem["msg"] if kind == NOT_OFFERED else _expected(kind, problem.get("ctx", {}))
    return RsvlmError("bad_request", f'The field "{path}" has a value that cannot be used.', hint)


def _expected(kind: str, context: Mapping[str, Any]) -> str:
    for beginning, words in _EXPECTED:
        if kind.startswith(beginning):
            return f"Expected: {re.sub(chr(39), '', words.format_map(context))}."
    return "What can be sent is described at /openapi.json."


def _path(location: Sequence[str | int]) -> str:
    """messages[0].content[1].raster.colour, without the tag that pydantic puts behind the index of a part."""
    path = ""
    for position, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif not (position > 1 and location[position - 2] in _LISTS_OF_PARTS):
            path += f".{step}" if path else step
    return shown(path)


def _response(request: Request, error: RsvlmError, status: int, headers: Mapping[str, str] | None = None) -> Document:
    return Document(error.to_json(request.state.request_id), status, headers)


async def _refuse(request: Request, error: Exception) -> Document:
    if not isinstance(error, RsvlmError):
        raise error
    wait_s = error.details.get("retry_after_s")
    headers = {} if wait_s is None else {"Retry-After": f"{wait_s:.0f}"}
    return _response(request, error, error.http_status, headers)


async def _refuse_route(request: Request, error: Exception) -> Document:
    if not isinstance(error, HTTPException):
        raise error
    missing = RsvlmError(
        "not_found", f"There is no {request.method} {shown(request.url.path)}.", "Check address and method."
    )
    return _response(request, missing, error.status_code, error.headers)


async def _apologise(request: Request, error: Exception) -> Document:
    """A programming error: the traceback goes to the log (uvicorn writes it there), the id to the client."""
    failed = RsvlmError(
        "model_failed",
        "The backend failed because of a mistake in its program.",
        f"Look for the request {request.state.request_id} in the backend's log and report it.",
    )
    return _response(request, failed, failed.http_status)

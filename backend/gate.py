"""Who gets in: loopback names only, no web page, the right token, and no more bytes than allowed. Knows no route."""

from __future__ import annotations

import hmac
import re
import uuid
from collections.abc import Iterator

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rsvlm.backend.home import request_id
from rsvlm.backend.replies import Document
from rsvlm.protocol import RsvlmError

MAX_BODY_BYTES = 64 * 2**20
OPEN_PATHS = ("/health",)

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Gate:
    """An ASGI layer around the whole application. Gives every request its id, and every response X-Request-Id."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        wanted = headers.get("x-request-id", "")
        name = wanted if _ID.fullmatch(wanted) else uuid.uuid4().hex
        request_id.set(name)
        scope.setdefault("state", {})["request_id"] = name

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["X-Request-Id"] = name
            await send(message)

        try:
            self._check(scope["path"], headers)
            if wanted and name != wanted:
                raise RsvlmError(
                    "bad_request",
                    "The header X-Request-Id is not a valid id.",
                    "Use up to 64 letters, digits, dots, dashes and underscores.",
                )
            body = await _read_body(headers, receive)
        except RsvlmError as error:
            refusal = Document(error.to_json(name), error.http_status)
            await refusal(scope, receive, send_with_id)
            return
        await self._app(scope, _replay(body, receive), send_with_id)

    def _check(self, path: str, headers: Headers) -> None:
        """Raise RsvlmError (forbidden or unauthorized) for whom is not let in."""
        if headers.getlist("host") not in [[host] for host in self._hosts]:
            raise RsvlmError(
                "forbidden", "The backend answers only under its loopback address.", f"Ask for http://{self._hosts[0]}."
            )
        if "origin" in headers:
            raise RsvlmError(
                "forbidden", "The backend does not answer web pages.", "Ask from a program, without an Origin header."
            )
        if path in OPEN_PATHS:
            return
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), self._token):
            raise RsvlmError(
                "unauthorized",
                "The request carries no token, or not the one of this backend.",
                'Send "Authorization: Bearer TOKEN" with the token from the file that the backend named at its start.',
            )


async def _read_body(headers: Headers, receive: Receive) -> bytes:
    """The whole body. Raises RsvlmError (too_large) as soon as it is known to pass MAX_BODY_BYTES."""
    announced = headers.get("content-length", "")
    parts: list[bytes] = []
    size = int(announced) if announced.isdigit() else 0
    received = 0
    while size <= MAX_BODY_BYTES:
        message = await receive()
        parts.append(message.get("body", b""))
        received += len(parts[-1])
        size = max(size, received)
        if not message.get("more_body", False):
            return b"".join(parts)
    raise RsvlmError(
        "too_large",
        f"The request is larger than the {MAX_BODY_BYTES // 2**20} MB that the backend takes at once.",
        "Send a smaller picture, or name the file by its path.",
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    """A receive that hands out the body that was read, then whatever comes next (the client's leaving)."""
    first: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def replayed() -> Message:
        message = next(first, None)
        return await receive() if message is None else message

    return replayed

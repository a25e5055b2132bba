"""What a user reads when a server of other people refuses, fails or cannot be reached, and what to do about it."""

from __future__ import annotations

import json

from qgis.PyQt.QtNetwork import QNetworkReply

from ...protocol import RsvlmError
from ..translation import tr
from .server import Server
from .server_messages import error_words

LONGEST_QUOTE = 240


def refusal(server: Server, status: int, received: bytes) -> RsvlmError:
    """The sentence for an HTTP status and whatever body came with it. status 0: an error in the middle of a stream."""
    said = _quote(received)
    here = {"server": server.name, "model": server.model}
    options = tr("See Settings ▸ Options ▸ rsvlm ▸ Servers.")
    lower = said.lower()
    blind = any(word in lower for word in ("image", "multimodal", "vision", "mmproj"))
    if status in (401, 403):
        code, message = "unauthorized", tr("The server “{server}” does not accept the key.")
        hint = tr("Enter another key in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    elif status == 407:
        code, message = "unavailable", tr("The proxy on the way to “{server}” wants a login.")
        hint = tr("Enter it in Settings ▸ Options ▸ Network.")
    elif status == 404 and "model" in lower:
        code, message = "unknown_model", tr("The server “{server}” has no model called “{model}”.")
        hint = tr("Choose another one in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    elif status in (404, 405):
        return stranger(server)
    elif status == 413:
        code, message = "too_large", tr("The picture is too large for the server “{server}”.")
        hint = tr("Raise the server's limit on the size of requests.")
    elif status == 429:
        code, message = "busy", tr("The server “{server}” takes no more requests for now.")
        hint = tr("Wait a moment and ask again, or look at the limits of your account.")
    elif status in (502, 503, 504):
        code, message = "unavailable", tr("The server “{server}” is not ready: it is loading its model or is busy.")
        hint = tr("Ask again in a moment.")
    elif blind:
        code, message = "bad_request", tr("The model “{model}” of “{server}” cannot look at this picture.")
        hint = tr("Choose a model for pictures in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    elif 400 <= status < 500:
        code, message, hint = "bad_request", tr("The server “{server}” refused the question."), options
    elif 300 <= status < 400:
        code, message = "not_found", tr("The server “{server}” has moved to another address.")
        hint = tr("Enter its new URL in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    else:
        code, message = "model_failed", tr("The server “{server}” failed while it answered.")
        hint = tr("Ask again; if it stays so, look at the server's log.")
    if said:
        hint = " ".join([hint, tr("It said: {words}").format(words=said)])
    return RsvlmError(code, message.format(**here), hint)


def unreachable(server: Server, error: QNetworkReply.NetworkError, untrusted: str) -> RsvlmError:
    """For a request without any answer. untrusted: what is wrong with the certificate, empty = nothing."""
    kinds = QNetworkReply.NetworkError
    options = tr("Correct the URL in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    if untrusted or error == kinds.SslHandshakeFailedError:
        message = tr("The certificate of {host} cannot be trusted, so nothing was sent: {reason}.").format(
            host=server.host, reason=untrusted.rstrip(".") or tr("no secure connection came about")
        )
        hint = tr("If you know it, add it in Settings ▸ Options ▸ Authentication; else ask who runs the server.")
    elif error == kinds.HostNotFoundError:
        message = tr("There is no computer called {host}.").format(host=server.host)
        hint = options
    elif error in (
        kinds.ProxyConnectionRefusedError,
        kinds.ProxyConnectionClosedError,
        kinds.ProxyNotFoundError,
        kinds.ProxyTimeoutError,
        kinds.ProxyAuthenticationRequiredError,
        kinds.UnknownProxyError,
    ):
        message = tr("The proxy on the way to {host} does not let the request through.").format(host=server.host)
        hint = tr("Look at Settings ▸ Options ▸ Network.")
    else:
        message = tr("Nothing answers at {url}.").format(url=server.url)
        hint = tr("Start the server, or correct its URL in Settings ▸ Options ▸ rsvlm ▸ Servers.")
    return RsvlmError("unavailable", message, hint)


def silent(server: Server, minutes: int) -> RsvlmError:
    """For a server that says nothing for too long."""
    return RsvlmError(
        "unavailable",
        tr("The server “{server}” has said nothing for {minutes} minutes.").format(server=server.name, minutes=minutes),
        tr("Look at the server's log, or choose a smaller model."),
    )


def broken_off(server: Server) -> RsvlmError:
    """For an answer that does not come to its end."""
    return RsvlmError(
        "worker_died",
        tr("The server “{server}” stopped in the middle of the answer.").format(server=server.name),
        tr("Ask again; if it stays so, look at the server's log."),
    )


def wordless(server: Server) -> RsvlmError:
    """For an answer in which nothing is said."""
    return RsvlmError(
        "model_failed",
        tr("“{model}” of “{server}” answered without a word.").format(model=server.model, server=server.name),
        tr("Ask again, or choose another model in Settings ▸ Options ▸ rsvlm ▸ Servers."),
    )


def stranger(server: Server) -> RsvlmError:
    """For what is no OpenAI-compatible server."""
    return RsvlmError(
        "not_found",
        tr("What answers at the URL of “{server}” is no OpenAI-compatible server.").format(server=server.name),
        tr("Correct the URL in Settings ▸ Options ▸ rsvlm ▸ Servers; it usually ends with /v1."),
    )


def _quote(received: bytes) -> str:
    """The first words of an error body in one line; nothing of an HTML page."""
    text = received.decode("utf-8", errors="replace").strip()
    try:
        said = error_words(json.loads(text)) or ""
    except ValueError:
        said = "" if text.startswith("<") else text
    said = " ".join(said.split())
    return said if len(said) <= LONGEST_QUOTE else said[:LONGEST_QUOTE].rstrip() + "…"

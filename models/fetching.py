"""Bytes of a file over HTTP, from any byte on, through the proxies that the environment names.

Knows addresses and bytes; nothing of models. No torch.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from rsvlm.protocol import VERSION, RsvlmError

logger = logging.getLogger(__name__)

HUB = "https://huggingface.co"
SILENCE = 20.0  # seconds without a byte, after which a connection counts as broken
PAUSES = (1.0, 3.0, 9.0)  # seconds before each new try; as many tries again once bytes have come
PIECE = 1 << 20  # bytes at most that are read at once
PASSING = {408, 425, 429, 500, 502, 503, 504}  # answers of a server that may do better in a moment


def hub() -> str:
    """RSVLM_MIRROR, or the model hub. Raises RsvlmError (bad_request) if that is no address."""
    base = os.environ.get("RSVLM_MIRROR", "").rstrip("/") or HUB
    if urlsplit(base).scheme not in ("http", "https") or not urlsplit(base).netloc:
        raise RsvlmError(
            "bad_request",
            "The environment variable RSVLM_MIRROR names no mirror.",
            "Give it an address such as https://mirror.example.org, or remove it.",
        )
    return base


def on_hub(repository: str, revision: str, name: str) -> str:
    """The address of one file of a repository at a commit."""
    return f"{hub()}/{repository}/resolve/{revision}/{name}"


def pieces(url: str, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    """Offset and bytes of a file of `size` bytes, from `start` on; at offset 0 again where a server cannot go on.

    Connections that break are made anew. Raises RsvlmError: unavailable, forbidden, not_found.
    """
    furthest, pauses = start, iter(PAUSES)
    while True:
        try:
            for offset, piece in _connection(url, start, size):
                yield offset, piece
                start = offset + len(piece)
                if start > furthest:
                    furthest, pauses = start, iter(PAUSES)
            return
        except HTTPError as error:
            error.close()
            if error.code == 416 and start > 0:  # what is there is longer than what the server has
                start = 0
            elif error.code not in PASSING:
                raise _refused(url, error.code) from error
        except (OSError, HTTPException) as error:
            logger.info("connection to %s: %s", urlsplit(url).hostname, type(error).__name__)
        pause = next(pauses, None)
        if pause is None:
            raise RsvlmError(
                "unavailable",
                f"The download from {urlsplit(url).hostname} did not begin, or broke off, in spite of several tries.",
                "Check the network and its proxy (HTTPS_PROXY), then repeat the command: it goes on where it stopped.",
            )
        time.sleep(pause)


def _connection(url: str, start: int, size: int) -> Iterator[tuple[int, bytes]]:
    """One answer of the server. Raises OSError (HTTPError among them) and HTTPException, also for one that ends early."""
    request = Request(url, headers={"User-Agent": f"rsvlm/{VERSION}", "Accept-Encoding": "identity"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    _sign(request)
    response: HTTPResponse
    with _opener().open(request, timeout=SILENCE) as response:
        goes_on = response.status == 206 and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        offset = first = start if goes_on else 0
        while piece := response.read1(PIECE):
            yield offset, piece
            offset += len(piece)
        length = response.headers.get("Content-Length")
        if offset < (size if length is None else first + int(length)):
            raise ConnectionError("ended early")


def _sign(request: Request) -> None:
    """With the user's token if it goes to the hub: the server that it sends us on to for the bytes must not see it."""
    token = os.environ.get("HF_TOKEN")
    if token and urlsplit(request.full_url)[:2] == urlsplit(hub())[:2]:
        request.add_unredirected_header("Authorization", f"Bearer {token}")


class _Redirects(HTTPRedirectHandler):
    """The hub also sends on to other addresses of its own, which ask who comes."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        if request is not None:
            _sign(request)
        return request


def _opener() -> OpenerDirector:
    """HTTP and HTTPS only: urllib's own would follow file: and ftp: as well."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPErrorProcessor(),
        HTTPDefaultErrorHandler(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener


def _refused(url: str, status: int) -> RsvlmError:
    host = urlsplit(url).hostname
    if status in (401, 403):
        return RsvlmError(
            "forbidden",
            f"{host} gives this model only to users whom it knows.",
            "Accept its terms on its page there, and set the environment variable HF_TOKEN to your access token.",
        )
    if status in (404, 410):
        return RsvlmError(
            "not_found",
            f"{host} has no file {urlsplit(url).path.rpartition('/')[2]} of this model any more.",
            "Look for a newer rsvlm, or download from a folder with --from.",
        )
    return RsvlmError(
        "unavailable", f"{host} refused the download (HTTP {status}).", "Try again later, or set RSVLM_MIRROR."
    )

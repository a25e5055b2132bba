"""A question with a picture to a server that speaks as OpenAI's does: Ollama, vLLM, llama.cpp, the backend of rsvlm, or OpenAI.

Knows addresses, text and pictures; nothing of records.
"""

from __future__ import annotations

import base64
import io
import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from rsvlm.protocol import RsvlmError

SECONDS = 300  # for an answer
_LOCAL = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 2**22  # of an answer


class Server:
    """url: of its API, such as http://127.0.0.1:11434/v1. model: what it calls the model. key: where it wants one.

    A picture is sent to where the address says; a JSON schema as well, unless the server refuses that once.
    """

    def __init__(self, url: str, model: str, key: str) -> None:
        """Raises RsvlmError (bad_request) for what is no address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise RsvlmError(
                "bad_request", f"“{url}” is no address of a server.", "Give one such as http://127.0.0.1:11434/v1."
            )
        self._url, self.model, self._key = url.rstrip("/") + "/chat/completions", model, key
        self._where = parts.hostname
        proxies = urllib.request.ProxyHandler({} if parts.hostname in _LOCAL else None)
        self._opener = urllib.request.build_opener(proxies)
        self._takes_schema = True

    def ask(self, prompt: str, pixels: np.ndarray, schema: dict[str, Any]) -> str:
        """The answer's text to a prompt and (H, W, 3) uint8. Raises RsvlmError: unavailable, unauthorized, bad_request."""
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        picture = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
        parts = [{"type": "text", "text": prompt}, {"type": "image_url", "image_url": {"url": picture}}]
        body: dict[str, Any] = {"model": self.model, "temperature": 0, "messages": [{"role": "user", "content": parts}]}
        strict = {"name": "picture", "strict": True, "schema": schema}
        if self._takes_schema:
            try:
                return self._send({**body, "response_format": {"type": "json_schema", "json_schema": strict}})
            except urllib.error.HTTPError as error:
                error.close()
                if error.code not in (400, 422):
                    raise self._refused(error.code) from error
                self._takes_schema = False
        try:
            return self._send(body)
        except urllib.error.HTTPError as error:
            error.close()
            raise self._refused(error.code) from error

    def _send(self, body: dict[str, Any]) -> str:
        headers = {
            "Content-Type": "application/json",
            **({"Authorization": f"Bearer {self._key}"} if self._key else {}),
        }
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)  # its scheme is checked
        try:
            with self._opener.open(request, timeout=SECONDS) as reply:
                told = json.loads(reply.read(MOST_BYTES))
            text = told["choices"][0]["message"]["content"]
        except urllib.error.HTTPError:
            raise
        except (OSError, HTTPException) as error:
            raise RsvlmError(
                "unavailable", f"The server {self._where} does not answer.", "Start it, or check the address."
            ) from error
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise RsvlmError(
                "unavailable",
                f"The server {self._where} answers in another way than OpenAI's does.",
                "Check the address.",
            ) from error
        return text if isinstance(text, str) else ""

    def _refused(self, code: int) -> RsvlmError:
        if code in (401, 403):
            return RsvlmError(
                "unauthorized",
                f"The server {self._where} wants a key.",
                "Put it into the environment variable RSVLM_CHAT_KEY.",
            )
        if code == 404:
            return RsvlmError(
                "bad_request",
                f"The server {self._where} has no model “{self.model}”, or no such address.",
                "Check both.",
            )
        return RsvlmError("unavailable", f"The server {self._where} refuses with status {code}.", "Look at its log.")

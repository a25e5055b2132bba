"""A backend as QGIS starts it, asked over HTTP; every answer comes with the moments at which its parts arrived."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any

from rsvlm.protocol import Answer, RsvlmError

LIMIT_S = 300
REQUEST_ID, ASKED = "X-Request-Id", "benchmark"

Chunks = Generator[dict[str, Any], None, None]


@dataclass
class Reply:
    """Seconds after the click: when the connection had taken the request, of each piece of text, of the end."""

    sent_s: float = 0.0
    evidence_s: list[float] = field(default_factory=list)
    pieces_s: list[float] = field(default_factory=list)
    total_s: float = 0.0
    answer: Answer = field(default_factory=lambda: Answer(""))

    @property
    def first_word_s(self) -> float:
        return self.pieces_s[0]


class Service:
    """Runs from `with` to its end. health_s: seconds from launch until /health said ok."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __enter__(self) -> Service:
        self._home.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "RSVLM_HOME": str(self._home)}
        command = [sys.executable, "-m", "rsvlm.cli.main", "serve"]
        self.launched = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=self._home, env=environment
        )
        try:
            self._find()
        except BaseException:
            self._stop()
            raise
        self.health_s = time.perf_counter() - self.launched
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _find(self) -> None:
        output = self._process.stdout
        line = output.readline() if output else b""
        if not line:
            raise RsvlmError("unavailable", "The backend ended before it said where it is.", "Run `rsvlm doctor`.")
        said = json.loads(line)
        self.pid: int = said["pid"]
        self.address = (said["host"], said["port"])
        token = Path(said["token_file"]).read_text(encoding="ascii")
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        connection = self._connection()
        connection.request("GET", "/health")
        if connection.getresponse().read() != b"ok":
            raise RsvlmError("unavailable", "The backend does not say that it is well.", "Run `rsvlm doctor`.")
        connection.close()

    def _stop(self) -> None:
        """By the end of its standard input, as when QGIS goes."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _connection(self) -> HTTPConnection:
        return HTTPConnection(*self.address, timeout=LIMIT_S)

    def stream(self, raster: dict[str, Any], style: str = "brief", sent: Callable[[], None] = lambda: None) -> Chunks:
        """The chunks of one description; closing the iterator hangs up. `sent` is called once the request is out.

        Raises the RsvlmError that the backend answers with.
        """
        parts = [{"type": "text", "text": "Describe this place."}, {"type": "raster", "raster": raster}]
        body: dict[str, Any] = {"stream": True, "messages": [{"role": "user", "content": parts}]}
        body["rsvlm"] = {"task": "describe", "style": style}
        connection = self._connection()
        with closing(connection):
            connection.request("POST", "/v1/chat/completions", json.dumps(body), {**self.headers, REQUEST_ID: ASKED})
            sent()
            response = connection.getresponse()
            with closing(response):
                if response.status != 200:
                    raise RsvlmError.from_json(json.loads(response.read()))
                for line in response:
                    if line.startswith(b"data: {"):
                        chunk = json.loads(line[len(b"data: ") :])
                        if "error" in chunk:
                            raise RsvlmError.from_json(chunk)
                        yield chunk

    def describe(self, raster: dict[str, Any], style: str = "brief") -> Reply:
        """One click. Raises the RsvlmError that the backend answers with."""
        reply = Reply()
        click = time.perf_counter()

        def sent() -> None:
            reply.sent_s = time.perf_counter() - click

        for chunk in self.stream(raster, style, sent):
            _take(chunk, time.perf_counter() - click, reply)
        reply.total_s = time.perf_counter() - click
        if not reply.pieces_s:
            raise RsvlmError("model_failed", "The answer has no words.", "Look into the backend's log.")
        return reply

    def cancel(self) -> None:
        """Stop what `stream` has asked for."""
        self._ask("DELETE", f"/v1/requests/{ASKED}")

    def models(self) -> dict[str, Any]:
        """Models, device, memory and queue."""
        return self._ask("GET", "/v1/models")

    def view(self, raster: dict[str, Any]) -> float:
        """Seconds until the preview of a place was there."""
        begin = time.perf_counter()
        self._ask("POST", "/v1/view", {"raster": raster})
        return time.perf_counter() - begin

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        with closing(self._connection()) as connection:
            connection.request(method, path, json.dumps(body) if body else None, self.headers)
            response = connection.getresponse()
            said = json.loads(response.read())
        if response.status != 200:
            raise RsvlmError.from_json(said)
        return said

    def worker_pid(self) -> int:
        """The process of the model. Raises RsvlmError where it cannot be found (not on Linux, or it has died)."""
        for thread in Path(f"/proc/{self.pid}/task").glob("*/children"):
            children = thread.read_text(encoding="ascii").split()
            if children:
                return int(children[0])
        raise RsvlmError("worker_died", "The worker of the backend is not to be found.", "Look into the backend's log.")


def _take(chunk: dict[str, Any], now: float, reply: Reply) -> None:
    ours = chunk.get("rsvlm", {})
    if "evidence" in ours:
        reply.evidence_s.append(now)
    if "answer" in ours:
        reply.answer = Answer.from_json(ours["answer"])
    if any(choice["delta"].get("content") for choice in chunk.get("choices", [])):
        reply.pieces_s.append(now)

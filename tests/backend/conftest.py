"""A backend as QGIS starts it: a child process, found by the line of JSON that it prints."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

SERVE = [sys.executable, "-m", "rsvlm.cli.main", "serve"]
SERVE_WITH_DOUBLE = [sys.executable, str(Path(__file__).with_name("serve_with_double.py"))]


def wait_until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for something that has to happen within some seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


class Backend:
    """One running service and a client that knows its token."""

    def __init__(self, command: list[str], home: Path, more: Mapping[str, str] = MappingProxyType({})) -> None:
        self.home = home
        environment = {**os.environ, "RSVLM_HOME": str(home), "OMP_NUM_THREADS": "1", **more}
        self.launched = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, "the backend printed nothing"
        self.info: dict[str, Any] = json.loads(line)
        self.token = Path(self.info["token_file"]).read_text()
        self.url = f"http://{self.info['host']}:{self.info['port']}"
        self.client = httpx.Client(
            base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, trust_env=False, timeout=120
        )

    def worker(self) -> psutil.Process:
        """The process of the model, once there is one."""
        found: list[psutil.Process] = []
        wait_until(lambda: bool(found.extend(psutil.Process(self.info["pid"]).children()) or found), 20)
        return found[0]

    def queue(self) -> dict[str, int]:
        """How many tasks are being worked on and how many wait."""
        figures: dict[str, int] = self.client.get("/v1/models").json()["queue"]
        return figures

    def chat(self, raster: dict[str, Any], *, stream: bool = False, **more: Any) -> dict[str, Any]:
        """The body of a chat request about one raster."""
        parts = [{"type": "text", "text": "Describe this place."}, {"type": "raster", "raster": raster}]
        return {"messages": [{"role": "user", "content": parts}], "stream": stream, **more}

    def ask(self, raster: dict[str, Any], **headers: str) -> httpx.Response:
        return self.client.post("/v1/chat/completions", json=self.chat(raster), headers=headers)

    def log(self) -> str:
        return (self.home / "logs" / "backend.log").read_text()

    def stop(self) -> None:
        self.client.close()
        if self.process.poll() is None:
            assert self.process.stdin
            self.process.stdin.close()
            self.process.wait(10)
        assert self.process.stdout
        self.process.stdout.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Backend]]:
    """Start a backend of one's own, to be mistreated."""
    running: list[Backend] = []

    def start_one(command: list[str], home: Path | None = None, **environment: str) -> Backend:
        running.append(Backend(command, home or tmp_path / f"home{len(running)}", environment))
        return running[-1]

    yield start_one
    for backend in running:
        backend.stop()


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The whole product: real supervisor, real worker, bundled model."""
    running = Backend(SERVE, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """The real supervisor with a worker that does as it is told, to see queue, crash and cancelling from outside."""
    running = Backend(SERVE_WITH_DOUBLE, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


@pytest.fixture
def serve() -> list[str]:
    return SERVE


@pytest.fixture
def serve_with_double() -> list[str]:
    return SERVE_WITH_DOUBLE


@pytest.fixture(scope="session")
def picture() -> str:
    """Base64 of a 256 x 256 PNG: green fields of two shades, a grey road across, four white roofs."""
    pixels = np.full((256, 256, 3), (70, 110, 60), np.uint8)
    pixels[:, 128:] = (110, 140, 80)
    pixels += np.random.default_rng(0).integers(0, 12, pixels.shape, dtype=np.uint8)
    pixels[120:132] = (120, 120, 118)
    for row, column in ((40, 40), (40, 90), (180, 60), (190, 200)):
        pixels[row : row + 22, column : column + 30] = (225, 220, 210)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def events(response: httpx.Response) -> Iterator[Any]:
    """What a stream of server-sent events says: each document, "[DONE]", and each comment as ":..."."""
    for line in response.iter_lines():
        if line.startswith("data: "):
            data = line[len("data: ") :]
            yield data if data == "[DONE]" else json.loads(data)
        elif line.startswith(":"):
            yield line


@pytest.fixture(scope="session")
def until() -> Callable[..., None]:
    return wait_until


@pytest.fixture(scope="session")
def read_events() -> Callable[[httpx.Response], Iterator[Any]]:
    return events

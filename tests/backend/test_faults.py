"""What goes wrong on a desktop costs one answer with a reason, and the service lives on.

Deaths of the worker are in test_dispatch.py and test_worker.py, deaths of the service and its owner in test_lifetime.py
and test_sharing.py.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from rsvlm.models.cards import BUNDLED, RESOURCES

CHAT = "/v1/chat/completions"
MB = 2**20


@pytest.fixture(scope="module")
def raster(picture: str) -> dict[str, Any]:
    return {"data": picture, "transform": [1, 0, 500000, 0, -1, 5400256], "crs": "EPSG:32632"}


@pytest.mark.parametrize("times", [1, 5])
def test_killed_client_frees_its_places(double: Any, until: Callable[..., None], times: int) -> None:
    client = (
        "import json, sys, urllib.request\n"
        "asked = urllib.request.Request(sys.argv[1], sys.argv[2].encode(), json.loads(sys.argv[3]))\n"
        "urllib.request.urlopen(asked).read()\n"
    )
    body = json.dumps(double.chat({"href": "/wait"}, stream=True))
    headers = json.dumps({"Authorization": f"Bearer {double.token}", "Content-Type": "application/json"})
    command = [sys.executable, "-c", client, f"{double.url}{CHAT}", body, headers]
    clients = [subprocess.Popen(command) for _ in range(times)]
    until(lambda: double.queue() == {"running": 1, "waiting": times - 1}, 20)
    for process in clients:
        process.kill()
        process.wait()
    until(lambda: double.queue() == {"running": 0, "waiting": 0})
    assert double.ask({"href": "/say"}).status_code == 200


def test_crash_inside_a_library_leaves_its_traceback_among_the_last_lines(
    backend: Any, until: Callable[..., None], raster: dict[str, Any]
) -> None:
    assert backend.ask(raster).status_code == 200
    backend.worker().send_signal(signal.SIGSEGV)
    until(lambda: "Segmentation fault" in "\n".join(backend.client.get("/v1/models").json()["stderr"]))
    assert backend.ask(raster).status_code == 200


def _limited(command: list[str], home: Path, file_bytes: int) -> subprocess.Popen[str]:
    """A service that cannot make any file larger than this: as on a full disk, writing fails in the middle."""
    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "RSVLM_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes)),
    )


@pytest.mark.parametrize("file_bytes", [0, 100])
def test_full_disk_at_the_start_is_said_in_one_sentence(tmp_path: Path, serve: list[str], file_bytes: int) -> None:
    """Too little for the token, and enough for the token alone."""
    out, told = _limited(serve, tmp_path, file_bytes).communicate(timeout=20)
    assert out == ""
    *before, last = told.splitlines()
    assert before in ([], [f"rsvlm: the log {tmp_path / 'logs' / 'backend.log'} cannot be written."])
    assert last == (
        f"rsvlm: The folder {tmp_path} cannot be written, because its disk is full. Make room or make it writable, or "
        "name another folder in the environment variable RSVLM_HOME."
    )
    assert list(tmp_path.glob("backend-*")) == []


def test_disk_that_fills_up_costs_the_log_and_nothing_else(tmp_path: Path, serve_with_double: list[str]) -> None:
    process = _limited(serve_with_double, tmp_path, 1500)
    assert process.stdout
    place = json.loads(process.stdout.readline())
    headers = {"Authorization": f"Bearer {Path(place['token_file']).read_text()}"}
    parts = [{"type": "raster", "raster": {"href": "/mutter"}}]
    for _ in range(20):
        response = httpx.post(
            f"http://127.0.0.1:{place['port']}{CHAT}",
            json={"messages": [{"role": "user", "content": parts}]},
            headers=headers,
            trust_env=False,
        )
        assert response.json()["choices"][0]["message"]["content"] == "Two houses."
    assert (tmp_path / "logs" / "backend.log").stat().st_size == 1500
    _, told = process.communicate(timeout=20)
    assert told == f"rsvlm: the log {tmp_path / 'logs' / 'backend.log'} cannot be written.\n"
    assert process.returncode == 0 and list(tmp_path.glob("backend-*")) == []


def _damaged(folder: Path, name: str, damage: Callable[[Path], object]) -> None:
    """A copy of the bundled model as a user's own one, with something wrong in one of its files."""
    shutil.copytree(RESOURCES / BUNDLED, folder / name)
    card = (RESOURCES / f"{BUNDLED}.toml").read_text()
    card = card.replace(f'id = "{BUNDLED}"', f'id = "{name}"', 1).replace(f'path = "{BUNDLED}"\n', "", 1)
    (folder / name / "card.toml").write_text(card)
    damage(folder / name)


def _overwrite(path: Path, start: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(data)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "truncated": lambda folder: os.truncate(folder / "model.safetensors", 7_000_000),
    "empty": lambda folder: os.truncate(folder / "model.safetensors", 0),
    "corrupted": lambda folder: _overwrite(folder / "model.safetensors", 8, b"\xff" * 512),
    "huge": lambda folder: _overwrite(folder / "model.safetensors", 0, b"\xff" * 8),
    "unworded": lambda folder: (folder / "tokenizer.json").write_text('{"model": '),
    "unknown": lambda folder: (folder / "config.json").write_text("[]"),
}


def test_damaged_model_is_told_and_the_others_answer(
    start: Any, serve: list[str], tmp_path: Path, raster: dict[str, Any]
) -> None:
    for name, damage in DAMAGES.items():
        _damaged(tmp_path / "models", name, damage)
    backend = start(serve, RSVLM_MODELS=str(tmp_path / "models"))
    assert backend.ask(raster).status_code == 200
    worker = backend.worker().pid
    for name in DAMAGES:
        response = backend.client.post(CHAT, json=backend.chat(raster, model=name))
        error = response.json()["error"]
        assert (name, response.status_code, error["code"]) == (name, 500, "model_failed")
        assert name in error["message"] and error["message"].count(".") == 1 and error["hint"]
    assert backend.ask(raster).status_code == 200
    assert backend.worker().pid == worker, "damaged files must not cost the worker"


def test_image_of_thirty_thousand_pixels_is_described_in_bounded_memory(
    backend: Any, tmp_path: Path, raster: dict[str, Any]
) -> None:
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    path = tmp_path / "huge.tif"
    layout = {"driver": "GTiff", "width": 30_000, "height": 30_000, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(
        path, "w", crs="EPSG:32632", transform=from_origin(5e5, 5.4e6, 1, 1), SPARSE_OK=True, **layout
    ) as file:
        noise = np.random.default_rng(0).integers(40, 200, (3, 2048, 2048), dtype=np.uint8)
        file.write(noise, window=rasterio.windows.Window(14_000, 14_000, 2048, 2048))
    assert path.stat().st_size < 100 * MB
    assert backend.ask(raster).status_code == 200
    worker = backend.worker()
    before = worker.memory_info().rss
    Path(f"/proc/{worker.pid}/clear_refs").write_text("5")
    response = backend.ask({"href": str(path)})
    answer = response.json()["choices"][0]["message"]["rsvlm"]
    assert response.status_code == 200 and answer["text"]
    assert answer["provenance"]["extent"] == [500000, 5370000, 530000, 5400000]
    status = Path(f"/proc/{worker.pid}/status").read_text()
    peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
    print(f"{(peak - before) / MB:.0f} MB more at the peak; the whole raster has {3 * 30_000**2 / MB:.0f} MB")
    assert peak - before < 600 * MB


def test_crowd_of_clients_gets_answers_or_typed_errors_and_leaves_nothing(
    backend: Any, root: Path, until: Callable[..., None], monkeypatch: Any, raster: dict[str, Any]
) -> None:
    """The same for 200 clients and a minute is the part "load" of benchmarks/backend.py."""
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    from measuring.load import KEPT_MB, Held, flood

    address = (backend.info["host"], backend.info["port"])
    headers = {"Authorization": f"Bearer {backend.token}", "Content-Type": "application/json"}
    processes = [psutil.Process(backend.info["pid"]), backend.worker()]
    flood(address, headers, raster, clients=8, seconds=1)
    until(lambda: backend.queue() == {"running": 0, "waiting": 0}, 30)
    before = [Held.by(process.pid) for process in processes]
    tally = flood(address, headers, raster, clients=50, seconds=5)
    print(tally)
    assert tally.broken == [] and tally.answers > 0
    assert set(tally.refusals) <= {"busy"}
    until(lambda: backend.queue() == {"running": 0, "waiting": 0}, 30)
    until(lambda: Held.by(processes[0].pid).descriptors <= before[0].descriptors, 15)
    after = [Held.by(process.pid) for process in processes]
    assert after[1].descriptors <= before[1].descriptors
    assert all(now.megabytes - then.megabytes < KEPT_MB for now, then in zip(after, before))
    assert [backend.worker().pid] == [child.pid for child in processes[0].children()] == [processes[1].pid]
    assert len(list(backend.home.glob("backend-*"))) == 3

"""The whole service with the bundled model: what a client that nobody here wrote gets from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

CHAT = "/v1/chat/completions"
UTM = "EPSG:32632"


@pytest.fixture(scope="session")
def raster(picture: str) -> dict[str, Any]:
    """A rendered picture of 256 m x 256 m at 1 m."""
    return {"data": picture, "transform": [1, 0, 500000, 0, -1, 5400256], "crs": UTM}


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A file of 6 km x 6 km at 1 m, enough for many tiles."""
    import numpy as np
    import rasterio
    from rasterio.transform import from_origin

    path = tmp_path_factory.mktemp("large") / "large.tif"
    noise = np.random.default_rng(1).integers(40, 200, (3, 375, 375), dtype=np.uint8)
    pixels = noise.repeat(16, axis=1).repeat(16, axis=2)
    layout = {"driver": "GTiff", "width": 6000, "height": 6000, "count": 3, "dtype": "uint8", "tiled": True}
    with rasterio.open(path, "w", crs=UTM, transform=from_origin(500000, 5406000, 1, 1), **layout) as file:
        file.write(pixels)
    return {"href": str(path)}


@pytest.fixture(scope="session")
def client(backend: Any) -> openai.OpenAI:
    http = httpx.Client(trust_env=False)
    return openai.OpenAI(base_url=f"{backend.url}/v1", api_key=backend.token, http_client=http, max_retries=0)


def _messages(*parts: dict[str, Any]) -> Any:
    return [{"role": "user", "content": [{"type": "text", "text": "Describe this place."}, *parts]}]


def test_openai_client_lists_the_bundled_model(client: openai.OpenAI) -> None:
    assert "compact" in [model.id for model in client.models.list()]


def test_openai_client_gets_an_answer_with_its_evidence(client: openai.OpenAI, raster: dict[str, Any]) -> None:
    reply = client.chat.completions.create(
        model="compact",
        messages=_messages({"type": "raster", "raster": raster}),
        extra_body={"rsvlm": {"task": "describe", "style": "brief"}},
    )
    message = reply.choices[0].message
    answer: dict[str, Any] = message.model_dump()["rsvlm"]
    assert reply.choices[0].finish_reason == "stop" and reply.model == "compact"
    assert message.content == answer["text"] and len(message.content.split()) >= 4
    assert answer["provenance"]["model"] == "compact"
    assert answer["provenance"]["extent"] == [500000, 5400000, 500256, 5400256]


def test_openai_client_reads_the_same_words_as_a_stream(client: openai.OpenAI, raster: dict[str, Any]) -> None:
    parts = _messages({"type": "raster", "raster": raster})
    whole = client.chat.completions.create(model="default", messages=parts).choices[0].message.content
    chunks = list(client.chat.completions.create(model="default", messages=parts, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    assert chunks[-1].choices[0].finish_reason == "stop" and chunks[-1].model == "compact"
    assert chunks[-1].model_dump()["rsvlm"]["answer"]["text"] == whole


def test_plain_image_is_described_without_a_place(client: openai.OpenAI, picture: str) -> None:
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{picture}"}}
    reply = client.chat.completions.create(model="default", messages=_messages(image))
    answer: dict[str, Any] = reply.choices[0].message.model_dump()["rsvlm"]
    assert answer["text"] and answer["provenance"]["crs"] is None
    assert all(evidence["area_m2"] is None for evidence in answer["evidence"])


@pytest.mark.parametrize(
    ("data", "status", "code"), [("!!!not base64!!!", 400, "bad_request"), ("AAAA", 422, "bad_raster")]
)
def test_broken_picture_is_said_in_one_sentence(client: openai.OpenAI, data: str, status: int, code: str) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(
            model="default", messages=_messages({"type": "raster", "raster": {"data": data}})
        )
    error = caught.value.response.json()["error"]
    assert (caught.value.status_code, error["code"]) == (status, code)
    assert error["message"].count(".") == 1 and error["hint"]
    assert "rasterio" not in str(error).lower() and "/vsimem" not in str(error)


def test_openai_client_raises_for_an_error_in_the_stream(client: openai.OpenAI) -> None:
    parts = _messages({"type": "raster", "raster": {"href": "/nowhere/at/all.tif"}})
    with pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(model="default", messages=parts, stream=True))
    assert isinstance(caught.value.body, dict) and caught.value.body["code"] == "not_found"
    assert "/nowhere/at/all.tif" in caught.value.body["message"]


def test_view_tells_what_the_model_will_see(backend: Any, raster: dict[str, Any]) -> None:
    view = backend.client.post("/v1/view", json={"raster": raster}).json()
    assert view["native_gsd_m"] == pytest.approx(1.0, rel=0.01)
    assert view["crs"] == UTM and view["bands"] == [1, 2, 3]
    assert view["ground_m"] == pytest.approx([256, 256], rel=0.01)
    assert view["tiles"] >= 1 and view["thumbnail"]


def test_missing_file_is_said_by_the_view_in_words(backend: Any) -> None:
    response = backend.client.post("/v1/view", json={"raster": {"href": "/nowhere/at/all.tif"}})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")


def test_device_is_told_once_the_model_is_loaded(backend: Any, raster: dict[str, Any]) -> None:
    assert backend.ask(raster).status_code == 200
    assert backend.client.get("/v1/models").json()["device"] in ("cpu", "cuda")


def _begin(backend: Any, large: dict[str, Any], name: str) -> httpx.Request:
    body = backend.chat(large, stream=True, rsvlm={"style": "detailed"})
    request: httpx.Request = backend.client.build_request("POST", CHAT, json=body, headers={"X-Request-Id": name})
    return request


def test_stop_ends_a_long_answer_soon(backend: Any, large: dict[str, Any], read_events: Any) -> None:
    response = backend.client.send(_begin(backend, large, "long"), stream=True)
    events = read_events(response)
    next(events), next(events)
    asked = time.monotonic()
    assert backend.client.delete("/v1/requests/long").status_code == 200
    *_, last = events
    print(f"stopped after {time.monotonic() - asked:.3f} s")
    assert time.monotonic() - asked < 2.0
    assert last == "[DONE]" or last["error"]["code"] == "cancelled"


def test_view_is_shown_while_an_answer_is_being_written(
    backend: Any, large: dict[str, Any], raster: dict[str, Any], read_events: Any
) -> None:
    response = backend.client.send(_begin(backend, large, "written"), stream=True)
    events = read_events(response)
    next(events), next(events)
    assert backend.client.post("/v1/view", json={"raster": raster}).json()["crs"] == UTM
    assert backend.client.delete("/v1/requests/written").status_code == 200, "the answer was there first"
    *_, last = events
    assert last["error"]["code"] == "cancelled"


def test_killed_worker_is_told_and_the_next_click_works(
    backend: Any, large: dict[str, Any], raster: dict[str, Any], read_events: Any
) -> None:
    response = backend.client.send(_begin(backend, large, "doomed"), stream=True)
    events = read_events(response)
    next(events), next(events)
    backend.worker().kill()
    *_, last = events
    assert last["error"]["code"] == "worker_died"
    began = time.monotonic()
    assert backend.ask(raster).json()["choices"][0]["message"]["content"]
    print(f"answered by a fresh worker after {time.monotonic() - began:.1f} s")


class Lines:
    """A worker without a supervisor: lines in, lines out."""

    def __init__(self, **environment: str) -> None:
        settings = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rsvlm.backend.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=settings,
        )

    def send(self, job: int, **message: Any) -> None:
        assert self.process.stdin
        line = {"job": job, "request_id": f"r{job}", **message}
        self.process.stdin.write(json.dumps(line).encode() + b"\n")
        self.process.stdin.flush()

    def describe(self, job: int, raster: dict[str, Any], style: str = "brief") -> None:
        self.send(job, op="task", task="describe", request={"raster": raster, "style": style})

    def hear(self, *wanted: tuple[str, int]) -> list[dict[str, Any]]:
        """All that is said until each event of each job in `wanted` was."""
        said: list[dict[str, Any]] = []
        left = set(wanted)
        while left:
            assert self.process.stdout
            line = self.process.stdout.readline()
            assert line, self.process.stderr and self.process.stderr.read().decode()
            said.append(json.loads(line))
            heard = said[-1]["event"], said[-1].get("job", 0)
            assert heard[0] != "error" or heard in left or heard[1] not in [job for _, job in left], said[-1]
            left.discard(heard)
        return said

    def end(self) -> tuple[int, str]:
        """Close its standard input; its exit code and what it wrote to standard error."""
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors.decode()


@pytest.fixture
def lines() -> Iterator[Callable[..., Lines]]:
    """Start a worker with some environment of its own."""
    started: list[Lines] = []

    def start(**environment: str) -> Lines:
        started.append(Lines(**environment))
        return started[-1]

    yield start
    for worker in started:
        if worker.process.poll() is None:
            worker.process.kill()
            worker.process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="looks at the descriptors of another process")
def test_worker_reads_its_input_where_no_library_looks_and_ends_with_it(lines: Callable[..., Lines]) -> None:
    worker = lines()
    deadline = time.monotonic() + 20
    while not os.path.samefile(f"/proc/{worker.process.pid}/fd/0", os.devnull):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert worker.end()[0] == 0


def test_worker_says_what_it_runs_on_and_tells_memory_only_when_it_changes(
    lines: Callable[..., Lines], raster: dict[str, Any]
) -> None:
    worker = lines()
    said = worker.hear(("ready", 0))
    ready = said[-1]
    assert ready["device"] in ("cpu", "cuda") and ready["tasks"] == 2 and "note" in ready
    worker.describe(1, raster)
    said += worker.hear(("done", 1))
    worker.describe(2, raster)
    said += worker.hear(("done", 2))
    reports = [event for event in said if event["event"] == "status"]
    assert [report["models"][0]["id"] for report in reports] == ["compact"] * len(reports)
    assert set(reports[0]) == {"event", "models", "used_bytes", "free_bytes", "device", "note"}
    assert reports[0]["used_bytes"] == reports[0]["models"][0]["bytes"] > 20e6 and reports[0]["free_bytes"] > 0
    used = [report["used_bytes"] for report in reports]
    assert used == sorted(set(used)) and len(used) == 2, "loaded; the place was seen; the second time nothing is new"


def test_texts_and_places_are_embedded(lines: Callable[..., Lines], raster: dict[str, Any]) -> None:
    worker = lines()
    worker.send(1, op="embed", model=None, inputs=[{"text": "many houses"}, {"raster": raster}])
    result = worker.hear(("done", 1))[-1]["result"]
    assert result["model"] == "compact" and result["tokens"] > 64
    assert [round(sum(number**2 for number in row), 3) for row in result["embeddings"]] == [1.0, 1.0]
    worker.send(2, op="embed", model="nothing", inputs=[{"text": "many houses"}])
    assert worker.hear(("error", 2))[-1]["error"]["code"] == "unknown_model"


def test_second_task_is_answered_while_the_first_still_runs_and_a_third_can_leave(
    lines: Callable[..., Lines], raster: dict[str, Any], large: dict[str, Any]
) -> None:
    worker = lines()
    worker.describe(1, large, "detailed")
    worker.hear(("evidence", 1))
    worker.describe(2, raster)
    said = worker.hear(("done", 2))
    assert ("done", 1) not in [(event["event"], event.get("job")) for event in said]
    for job in (3, 4):
        worker.describe(job, large, "detailed")
    worker.hear(("started", 3))
    worker.send(4, op="cancel"), worker.send(3, op="cancel"), worker.send(1, op="cancel")
    said = worker.hear(("error", 4))
    assert said[-1]["error"]["code"] == "cancelled"
    assert not any(event["event"] == "started" and event["job"] == 4 for event in said)


def test_task_that_waits_for_the_model_to_load_can_leave(lines: Callable[..., Lines], raster: dict[str, Any]) -> None:
    worker = lines()
    worker.describe(1, raster)
    worker.hear(("started", 1))
    worker.send(1, op="cancel")
    said = worker.hear(("error", 1))
    assert said[-1]["error"]["code"] == "cancelled"
    assert not any(event["event"] == "ready" for event in said)


def test_too_little_memory_is_said_with_figures(lines: Callable[..., Lines], raster: dict[str, Any]) -> None:
    worker = lines(RSVLM_MEMORY="1000000", RSVLM_CACHE="nonsense")
    worker.describe(1, raster)
    error = worker.hear(("error", 1))[-1]["error"]
    assert error["code"] == "out_of_memory" and "compact" in error["message"]
    assert error["details"]["needed_bytes"] > error["details"]["free_bytes"] == 1000000
    code, log = worker.end()
    assert code == 0 and "RSVLM_CACHE is no whole number" in log


def test_end_of_input_stops_everything_in_flight(lines: Callable[..., Lines], large: dict[str, Any]) -> None:
    worker = lines()
    for job in (1, 2, 3):
        worker.describe(job, large, "detailed")
    worker.hear(("evidence", 1))
    began = time.monotonic()
    code, log = worker.end()
    assert code == 0 and time.monotonic() - began < 10
    assert "Traceback" not in log


def test_worker_that_cannot_load_its_libraries_says_so_and_lives(
    start: Callable[[list[str]], Any],
    serve: list[str],
    picture: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    until: Any,
):
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch is not there')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    backend = start(serve)
    worker = backend.worker().pid
    for _attempt in range(2):
        refused = backend.ask({"data": picture})
        assert refused.status_code == 503
        error = refused.json()["error"]
        assert error["code"] == "unavailable" and "libraries" in error["message"] and "libtorch" not in refused.text
    until(
        lambda: backend.client.get("/v1/models").json()["state"] == "failed"
    )  # told by another thread than the refusals
    assert backend.worker().pid == worker

"""The whole service with the bundled model: what a client that nobody here wrote gets from it."""

from __future__ import annotations

import time
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

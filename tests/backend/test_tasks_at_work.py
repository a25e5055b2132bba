"""The service with small models of two families: questions, outlines, boxes and change, by route, by chat and as a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import box, shape

from rsvlm.models.families.geopix.words import SEGS


@pytest.fixture
def service(add_family: Callable[..., Any], start: Any, serve: list[str], tmp_path: Path) -> Any:
    add_family("geopix", ["at", "{<25><50><75><100>}", *SEGS])
    add_family("deltavlm", ["yes"])
    return start(serve, RSVLM_MODELS=str(tmp_path / "models")).client


def test_every_task_is_answered(service: Any, picture: str, read_events: Any):
    place = {"data": picture, "transform": [1, 0, 500000, 0, -1, 5500000], "crs": "EPSG:32632"}

    reply = service.post("/v1/ground", json={"raster": place, "phrases": ["roof"], "model": "geopix"}, timeout=60)
    assert reply.status_code == 200, reply.text
    (found,) = reply.json()["evidence"]
    wanted = box(500064, 5499744, 500192, 5499872)
    assert found["kind"] == "box" and shape(found["geometry"]).symmetric_difference(wanted).area < 1e-3

    body = {"raster": place, "phrases": ["roof", "road"], "model": "geopix", "stream": True}
    with service.stream("POST", "/v1/segment", json=body, timeout=60) as response:
        told = list(read_events(response))
    answer = told[-1]["answer"]
    assert [item["evidence"] for item in told if item.get("event") == "evidence"] == answer["evidence"]
    assert {item["label"] for item in answer["evidence"]} == {"roof", "road"}

    parts = [{"type": "raster", "raster": place}, {"type": "text", "text": "Where?"}]
    chat = {"model": "geopix", "messages": [{"role": "user", "content": parts}], "rsvlm": {"task": "ask"}}
    message = service.post("/v1/chat/completions", json=chat, timeout=60).json()["choices"][0]["message"]
    assert message["content"].startswith("At [1]") and message["rsvlm"]["provenance"]["task"] == "ask"

    chat["stream"] = True
    ways: tuple[dict[str, str], ...] = ({}, {"Prefer": "return=minimal"})
    for headers in ways:
        with service.stream("POST", "/v1/chat/completions", json=chat, headers=headers, timeout=60) as response:
            ours = [chunk["rsvlm"] for chunk in list(read_events(response))[:-1] if "rsvlm" in chunk]
        streamed = [said["evidence"] for said in ours if "evidence" in said]
        assert len(streamed) == len(message["rsvlm"]["evidence"]) > 0
        assert ours[-1]["answer"].get("evidence") == (None if headers else streamed)

    request = {"before": place, "after": place, "question": "Has anything changed", "model": "deltavlm"}
    job = service.post("/v1/jobs", json={"task": "change", "request": request}).json()["id"]
    with service.stream("GET", f"/v1/jobs/{job}/events", timeout=60) as response:
        last = list(read_events(response))[-1]
    assert last["event"] == "done" and last["answer"]["text"] == "Yes."

    request = {"raster": place, "labels": ["houses", "lake", "forest"], "top": 2}
    answer = service.post("/v1/classify", json=request, timeout=60).json()
    assert len(answer["structured"]["classes"]) == 2 and answer["provenance"]["model"] == "compact"
    assert answer["evidence"][0]["label"] == answer["structured"]["classes"][0]["label"]

    answer = service.post("/v1/localize", json={"raster": place, "phrase": "houses"}, timeout=60).json()
    assert answer["evidence"][0]["score"] == 1.0 and answer["structured"]["points"][0][2] == 1.0

    answer = service.post("/v1/change", json={"before": place, "after": place}, timeout=60).json()
    assert answer["provenance"]["model"] == "compact" and answer["text"] == "No change is to be seen."
    refused = service.post("/v1/classify", json={"raster": place, "labels": ["houses", "lake"], "model": "deltavlm"})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["hint"]) == (400, "bad_request", "Choose one that can: compact.")

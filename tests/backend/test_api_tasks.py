"""One route for each task, made from its request: the whole answer, or its events, or neither if the client leaves."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest

from rsvlm.tasks import TASKS


@pytest.mark.parametrize("task", TASKS)
def test_every_task_has_a_route_with_the_fields_of_its_request(double: Any, task: str) -> None:
    document = double.client.get("/openapi.json").json()
    operation = document["paths"][f"/v1/{task}"]["post"]
    name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    fields = {field.name for field in dataclasses.fields(TASKS[task].request)}
    assert set(document["components"]["schemas"][name]["properties"]) == fields | {"stream", "priority"}


def test_task_is_answered_with_the_whole_answer(double: Any) -> None:
    response = double.client.post("/v1/describe", json={"raster": {"href": "/say"}, "style": "detailed"})
    assert response.status_code == 200
    assert response.json() == {"text": "Two houses.", "warnings": ["seen by a double"]}


def test_task_is_told_as_events_in_the_words_of_jobs(double: Any, read_events: Any) -> None:
    body = {"raster": {"href": "/say"}, "stream": True, "priority": "batch"}
    with double.client.stream("POST", "/v1/describe", json=body) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        told = list(read_events(response))
    assert [event["event"] for event in told] == ["text", "text", "evidence", "done"]
    assert told[0] == {"event": "text", "delta": "Two "}
    assert told[2]["evidence"]["label"] == "house"
    assert told[3] == {"event": "done", "answer": {"text": "Two houses.", "warnings": ["seen by a double"]}}


def test_failure_in_a_stream_is_its_last_event(double: Any, read_events: Any) -> None:
    headers = {"X-Request-Id": "failing"}
    body = {"raster": {"href": "/nowhere"}, "stream": True}
    with double.client.stream("POST", "/v1/describe", json=body, headers=headers) as response:
        told = list(read_events(response))
    assert [event["event"] for event in told] == ["error"]
    assert told[0]["error"]["code"] == "bad_raster"


def test_failure_of_a_whole_answer_has_the_status_of_its_code(double: Any) -> None:
    response = double.client.post("/v1/describe", json={"raster": {"href": "/nowhere"}})
    assert (response.status_code, response.json()["error"]["code"]) == (422, "bad_raster")
    assert response.json()["error"]["request_id"] == response.headers["X-Request-Id"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({}, '"raster" is missing'),
        ({"raster": {"href": "/say"}, "colour": 1}, '"colour" is not known'),
        ({"raster": {"href": "/say", "colour": 1}}, '"raster.colour" is not known'),
        ({"raster": {"href": "/say"}, "style": None}, '"style" has a value'),
        ({"raster": {"href": "/say"}, "priority": "now"}, '"priority" has a value'),
        ({"raster": {"href": "/say", "bands": ["1"]}}, '"raster.bands[0]" has a value'),
    ],
)
def test_unusable_field_of_a_task_is_named(double: Any, body: dict[str, Any], named: str) -> None:
    response = double.client.post("/v1/describe", json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert named in response.json()["error"]["message"]


def test_task_with_an_unknown_model_is_refused_before_it_waits(double: Any) -> None:
    response = double.client.post("/v1/describe", json={"raster": {"href": "/wait"}, "model": "gpt-99"})
    assert (response.status_code, response.json()["error"]["code"]) == (404, "unknown_model")


@pytest.mark.parametrize("stream", [True, False])
def test_client_that_leaves_stops_its_task(double: Any, stream: bool) -> None:
    body = {"raster": {"href": "/wait"}, "stream": stream}
    with pytest.raises(httpx.ReadTimeout):
        double.client.post("/v1/describe", json=body, timeout=0.3)
    # Its one place is free again: nobody else would be answered otherwise.
    assert double.client.post("/v1/describe", json={"raster": {"href": "/say"}}).status_code == 200
    assert double.queue() == {"running": 0, "waiting": 0}

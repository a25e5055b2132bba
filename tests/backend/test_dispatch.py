"""A worker that dies costs the request that it was answering, and nothing else."""

from __future__ import annotations

import time
from typing import Any

from rsvlm.backend.dispatch import MAX_DEATHS

CHAT = "/v1/chat/completions"


def test_killed_worker_gives_a_typed_error_and_the_next_request_is_answered(
    start: Any, serve_with_double: list[str], read_events: Any
) -> None:
    backend = start(serve_with_double)
    with backend.client.stream("POST", CHAT, json=backend.chat({"href": "/wait"}, stream=True)) as response:
        stream = read_events(response)
        next(stream), next(stream)
        backend.worker().kill()
        error = next(stream)["error"]
        assert error["code"] == "worker_died"
        assert "stopped while answering" in error["message"] and "Ask again" in error["hint"]
        assert error["request_id"] == response.headers["X-Request-Id"]
        assert list(stream) == []
    assert backend.ask({"href": "/say"}).json()["choices"][0]["message"]["content"] == "Two houses."


def test_idle_worker_that_is_killed_costs_nothing(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    first = backend.worker()
    first.kill()
    assert backend.ask({"href": "/say"}).json()["choices"][0]["message"]["content"] == "Two houses."
    assert backend.worker().pid != first.pid


def test_worker_that_no_longer_speaks_json_is_replaced(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    response = backend.ask({"href": "/odd"})
    assert (response.status_code, response.json()["error"]["code"]) == (502, "worker_died")
    assert backend.ask({"href": "/say"}).status_code == 200


def test_worker_that_dies_again_and_again_is_left_alone_for_a_while(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    codes = [backend.ask({"href": "/die"}).json()["error"]["code"] for _ in range(MAX_DEATHS)]
    assert codes == ["worker_died"] * MAX_DEATHS
    time.sleep(0.1)
    response = backend.ask({"href": "/say"})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "unavailable")
    assert f"stopped {MAX_DEATHS} times" in response.json()["error"]["message"]
    assert backend.client.get("/v1/models").json()["device"] == "failed"
    assert backend.client.get("/health").text == "ok"


def test_stopping_the_service_ends_what_is_waiting_with_words(
    start: Any, serve_with_double: list[str], read_events: Any
) -> None:
    backend = start(serve_with_double)
    with backend.client.stream("POST", CHAT, json=backend.chat({"href": "/wait"}, stream=True)) as response:
        events = read_events(response)
        next(events), next(events)
        backend.process.terminate()
        assert next(events)["error"]["code"] == "unavailable"
    assert backend.process.wait(3) is not None

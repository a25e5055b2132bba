"""Waiting, being served in order, streaming and stopping, seen from a client. The worker here is a double."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from rsvlm.backend.completions import chunks
from rsvlm.backend.dispatch import WAITING_LIMIT
from rsvlm.backend.jobs import Job
from rsvlm.backend.replies import KEEP_ALIVE_S

CHAT = "/v1/chat/completions"


def _until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def _open_stream(backend: Any, href: str, name: str) -> httpx.Response:
    """A stream that is open: the service has taken the request."""
    body = backend.chat({"href": href}, stream=True)
    request = backend.client.build_request("POST", CHAT, json=body, headers={"X-Request-Id": name})
    response: httpx.Response = backend.client.send(request, stream=True)
    assert response.status_code == 200
    return response


def _stop(backend: Any, name: str) -> int:
    status: int = backend.client.delete(f"/v1/requests/{name}").status_code
    return status


def test_stream_has_the_shape_of_openai_with_ours_beside_it(double: Any, read_events: Any) -> None:
    with double.client.stream("POST", CHAT, json=double.chat({"href": "/say"}, stream=True)) as response:
        assert response.headers["Content-Type"].startswith("text/event-stream")
        *chunks, last, done = read_events(response)
    assert done == "[DONE]"
    assert {chunk["object"] for chunk in [*chunks, last]} == {"chat.completion.chunk"}
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == "Two houses."
    assert [chunk["rsvlm"]["evidence"]["label"] for chunk in chunks if "rsvlm" in chunk] == ["house"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in [*chunks, last]] == [None] * len(chunks) + ["stop"]
    assert last["choices"][0]["delta"] == {}
    assert last["rsvlm"]["answer"] == {"text": "Two houses.", "warnings": ["seen by a double"]}


def test_a_sketch_travels_ahead_of_what_it_is_of(double: Any, read_events: Any) -> None:
    drawn = {"type": "MultiPolygon", "coordinates": []}
    with double.client.stream("POST", CHAT, json=double.chat({"href": "/draw"}, stream=True)) as response:
        chunks = list(read_events(response))[:-1]
    ours = [chunk["rsvlm"] for chunk in chunks if "rsvlm" in chunk]
    assert ours[0] == {"sketch": drawn} and list(ours[1]) == ["evidence"]
    body = {"raster": {"href": "/draw"}, "phrases": ["house"], "stream": True}
    with double.client.stream("POST", "/v1/segment", json=body) as response:
        assert next(iter(read_events(response))) == {"event": "sketch", "sketch": drawn}


def test_evidence_is_told_once_only_if_it_is_that_of_the_answer() -> None:
    async def last(evidence: list[dict[str, str]]) -> dict[str, Any]:
        job = Job("1", {})
        job.tell({"event": "evidence", "evidence": {"label": "house"}})
        job.tell({"event": "done", "result": {"text": "Houses.", "evidence": evidence}})
        said = [chunk async for chunk in chunks(job, "double", wants_usage=False, minimal=True)]
        answer: dict[str, Any] = json.loads(said[-2][len("data: ") :])["rsvlm"]["answer"]
        return answer

    assert asyncio.run(last([{"label": "house"}])) == {"text": "Houses."}
    for other in ([], [{"label": "shed"}], [{"label": "house"}] * 2):
        assert asyncio.run(last(other)) == {"text": "Houses.", "evidence": other}


def test_progress_travels_in_chunks_without_words(double: Any, read_events: Any) -> None:
    response = _open_stream(double, "/wait", "watched")
    stream = read_events(response)
    chunks = [next(stream), next(stream)]
    assert chunks[1]["choices"][0]["delta"] == {}
    assert chunks[1]["rsvlm"]["progress"] == {"done": 1, "total": 9, "note": "waiting"}
    assert _stop(double, "watched") == 200
    assert [next(stream)["error"]["code"], *stream] == ["cancelled"]


def test_silence_is_filled_with_comments(double: Any, read_events: Any) -> None:
    response = _open_stream(double, "/wait", "silent")
    stream = read_events(response)
    next(stream), next(stream)
    began = time.monotonic()
    assert next(stream) == ": keep-alive"
    assert KEEP_ALIVE_S - 0.5 < time.monotonic() - began < KEEP_ALIVE_S + 1
    _stop(double, "silent")
    response.close()


def test_full_queue_is_busy_and_says_how_long_it_is(double: Any) -> None:
    streams = [_open_stream(double, "/wait", f"queued-{number}") for number in range(WAITING_LIMIT + 1)]
    refused = double.ask({"href": "/say"})
    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (503, "busy")
    assert f"{WAITING_LIMIT} requests" in error["message"] and error["hint"]
    assert error["details"]["waiting"] == WAITING_LIMIT and int(refused.headers["Retry-After"]) >= 1
    assert double.client.post("/v1/view", json={"raster": {"href": "/say"}}).status_code == 200

    assert _stop(double, "queued-5") == 200  # one that waits: its place is free at once
    with ThreadPoolExecutor(1) as client:
        served = client.submit(double.ask, {"href": "/say"})
        for number in range(WAITING_LIMIT + 1):
            if number != 5:
                _until(lambda number=number: _stop(double, f"queued-{number}") == 200)
        assert served.result(10).json()["choices"][0]["message"]["content"] == "Two houses."
    for stream in streams:
        stream.close()


def test_stop_ends_a_waiting_answer_with_a_typed_error(double: Any) -> None:
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(double.ask, {"href": "/wait"}, **{"X-Request-Id": "stopped"})
        _until(lambda: _stop(double, "stopped") == 200)
        response = waiting.result(5)
    assert (response.status_code, response.json()["error"]["code"]) == (499, "cancelled")


def test_stopping_what_is_not_running_is_not_found(double: Any) -> None:
    response = double.client.delete("/v1/requests/never-seen")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
    assert "never-seen" in response.json()["error"]["message"]


def test_id_in_use_is_refused(double: Any) -> None:
    stream = _open_stream(double, "/wait", "twice")
    response = double.ask({"href": "/say"}, **{"X-Request-Id": "twice"})
    assert response.status_code == 400 and '"twice"' in response.json()["error"]["message"]
    _stop(double, "twice")
    stream.close()


@pytest.mark.parametrize("stream", [True, False])
def test_dropped_connection_stops_its_request(double: Any, stream: bool) -> None:
    body = httpx.Request("POST", double.url, json=double.chat({"href": "/wait"}, stream=stream)).content
    with socket.create_connection(("127.0.0.1", double.info["port"])) as connection:
        head = (
            f"POST {CHAT} HTTP/1.1\r\nHost: 127.0.0.1:{double.info['port']}\r\nX-Request-Id: dropped-{stream}\r\n"
            f"Authorization: Bearer {double.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body)
        time.sleep(0.3)
        taken = double.ask({"href": "/say"}, **{"X-Request-Id": f"dropped-{stream}"})
        assert taken.status_code == 400, "the request is not being answered"
    # The one inference thread is free again, although nobody asked to stop.
    assert double.ask({"href": "/say"}).json()["choices"][0]["message"]["content"] == "Two houses."
    assert _stop(double, f"dropped-{stream}") == 404


def test_previews_do_not_wait_for_a_running_answer(double: Any) -> None:
    stream = _open_stream(double, "/wait", "long")
    began = time.monotonic()
    view = double.client.post("/v1/view", json={"raster": {"href": "/say"}})
    assert view.json()["text"] == "Two houses." and time.monotonic() - began < 1
    _stop(double, "long")
    stream.close()

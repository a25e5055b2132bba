"""Jobs: made by one connection, followed by any other, kept for a while after their end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from rsvlm.backend.dispatch import WAITING_LIMIT
from rsvlm.backend.jobs import Job
from rsvlm.backend.kept_jobs import FINISHED_KEPT, KEPT_S, KeptJobs
from rsvlm.protocol import RsvlmError

JOBS = "/v1/jobs"


def _make(backend: Any, href: str, **more: Any) -> dict[str, Any]:
    response = backend.client.post(JOBS, json={"task": "describe", "request": {"raster": {"href": href}}, **more})
    assert response.status_code == 202, response.text
    job: dict[str, Any] = response.json()
    return job


def _get(backend: Any, job: dict[str, Any]) -> dict[str, Any]:
    response = backend.client.get(f"{JOBS}/{job['id']}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def _until(backend: Any, job: dict[str, Any], wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 10
    while not wanted(found := _get(backend, job)):
        assert time.monotonic() < deadline, f"it did not come to that: {found}"
        time.sleep(0.01)
    return found


def _delete(backend: Any, job: dict[str, Any]) -> Any:
    return backend.client.delete(f"{JOBS}/{job['id']}")


def test_job_goes_on_after_the_connection_that_made_it(double: Any) -> None:
    made = _make(double, "/say")
    assert (made["object"], made["task"], made["answer"], made["error"]) == ("job", "describe", None, None)
    assert made["state"] in ("queued", "running") and abs(made["created"] - time.time()) < 60
    done = _until(double, made, lambda job: job["state"] == "done")
    assert done["answer"] == {"text": "Two houses.", "warnings": ["seen by a double"]} and done["error"] is None


def test_who_comes_late_hears_every_event_from_the_start(double: Any, read_events: Any) -> None:
    made = _make(double, "/say")
    _until(double, made, lambda job: job["state"] == "done")
    for _ in range(2):
        with double.client.stream("GET", f"{JOBS}/{made['id']}/events") as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            told = list(read_events(response))
        assert [event["event"] for event in told] == ["text", "text", "evidence", "done"]
        assert told[-1]["answer"]["text"] == "Two houses."


def test_follower_who_leaves_does_not_stop_the_job(double: Any, read_events: Any) -> None:
    made = _make(double, "/wait")
    for _ in range(2):
        with double.client.stream("GET", f"{JOBS}/{made['id']}/events") as response:
            first = next(read_events(response))
            assert first == {"event": "progress", "progress": {"done": 1, "total": 9, "note": "waiting"}}
    running = _get(double, made)
    assert (running["state"], running["progress"]) == ("running", first["progress"])
    _delete(double, made)


def test_running_job_is_stopped_and_says_so(double: Any, read_events: Any) -> None:
    made = _make(double, "/wait")
    _until(double, made, lambda job: job["state"] == "running")
    response = _delete(double, made)
    assert response.status_code == 200
    assert (response.json()["state"], response.json()["error"]["code"]) == ("cancelled", "cancelled")
    with double.client.stream("GET", f"{JOBS}/{made['id']}/events") as events:
        assert list(read_events(events))[-1]["error"]["code"] == "cancelled"


def test_waiting_job_is_stopped_before_it_begins(double: Any) -> None:
    first, second = _make(double, "/wait"), _make(double, "/say")
    assert _get(double, second)["state"] == "queued"
    assert _delete(double, second).json()["state"] == "cancelled"
    assert _delete(double, first).json()["state"] == "cancelled"


def test_finished_job_is_forgotten_when_it_is_deleted(double: Any) -> None:
    made = _make(double, "/say")
    _until(double, made, lambda job: job["state"] == "done")
    assert _delete(double, made).json()["answer"]["text"] == "Two houses."
    gone = double.client.get(f"{JOBS}/{made['id']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "not_found")
    assert made["id"] in gone.json()["error"]["message"] and "an hour" in gone.json()["error"]["hint"]
    assert _delete(double, made).status_code == 404


def test_failed_job_keeps_its_error(double: Any) -> None:
    made = double.client.post(
        JOBS,
        json={"task": "describe", "request": {"raster": {"href": "/nowhere"}}},
        headers={"X-Request-Id": "nowhere-to-be-found"},
    ).json()
    failed = _until(double, made, lambda job: job["state"] not in ("queued", "running"))
    assert (failed["state"], failed["answer"], failed["error"]["code"]) == ("failed", None, "bad_raster")


def test_list_shows_the_newest_first_and_leaves_answers_out(double: Any) -> None:
    first, second = _make(double, "/say"), _make(double, "/say")
    _until(double, second, lambda job: job["state"] == "done")
    listed = double.client.get(JOBS).json()
    assert listed["object"] == "list"
    assert [job["id"] for job in listed["data"][:2]] == [second["id"], first["id"]]
    assert set(listed["data"][0]) == {"id", "object", "task", "state", "created", "progress"}


def test_finished_jobs_are_kept_up_to_a_number(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    made = []
    for _ in range(FINISHED_KEPT + 3):
        made.append(_make(backend, "/say"))
        _until(backend, made[-1], lambda job: job["state"] == "done")
    kept = {job["id"] for job in backend.client.get(JOBS).json()["data"]}
    assert kept == {job["id"] for job in made[3:]}
    assert backend.client.get(f"{JOBS}/{made[0]['id']}").status_code == 404


def test_finished_jobs_are_kept_for_an_hour() -> None:
    jobs = KeptJobs()
    job = Job("one", {})
    kept = jobs.keep("describe", job)
    job.fail(RsvlmError("no_data", "Nothing there."))
    job.ended_at = time.monotonic() - KEPT_S + 60
    assert jobs.get(kept.id) is kept
    job.ended_at = time.monotonic() - KEPT_S - 1
    with pytest.raises(RsvlmError, match="There is no job"):
        jobs.get(kept.id)


def test_jobs_let_clients_at_the_screen_go_first(double: Any) -> None:
    blocking = _make(double, "/wait")
    waiting = _make(double, "/wait")
    with double.client.stream("POST", "/v1/describe", json={"raster": {"href": "/say"}, "stream": True}) as response:
        _delete(double, blocking)
        assert "Two " in response.read().decode()
    _delete(double, waiting)


def test_too_many_waiting_jobs_are_refused_with_the_time_to_come_back(double: Any) -> None:
    made = [_make(double, "/wait") for _ in range(WAITING_LIMIT + 1)]
    response = double.client.post(JOBS, json={"task": "describe", "request": {"raster": {"href": "/say"}}})
    assert (response.status_code, response.json()["error"]["code"]) == (503, "busy")
    assert int(response.headers["Retry-After"]) >= 1
    assert response.json()["error"]["details"]["waiting"] == WAITING_LIMIT
    for job in reversed(made):
        _delete(double, job)


def test_job_of_a_worker_that_dies_has_failed(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    made = _make(backend, "/die")
    failed = _until(backend, made, lambda job: job["state"] == "failed")
    assert failed["error"]["code"] == "worker_died"
    assert _until(backend, _make(backend, "/say"), lambda job: job["state"] == "done")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"request": {}}, '"task" is missing'),
        ({"task": "conquer", "request": {}}, '"task" has a value'),
        ({"task": "describe"}, '"request" is missing'),
        ({"task": "describe", "request": {}}, '"request.raster" is missing'),
        ({"task": "describe", "request": {"raster": {}, "colour": 1}}, '"request.colour" is not known'),
        ({"task": "describe", "request": {"raster": {}}, "stream": True}, '"stream" is not known'),
    ],
)
def test_unusable_field_of_a_job_is_named(double: Any, body: dict[str, Any], named: str) -> None:
    response = double.client.post(JOBS, json=body)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "bad_request")
    assert named in response.json()["error"]["message"]

"""What the list of models tells of the backend: enough for one line in the dock, and for its details."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any


def test_list_tells_device_memory_queue_and_last_words(start: Any, serve_with_double: list[str]) -> None:
    backend = start(serve_with_double)
    assert backend.ask({"href": "/say"}).status_code == 200
    listed = backend.client.get("/v1/models").json()
    assert (listed["device"], listed["note"], listed["state"]) == ("double", None, "ready")
    assert listed["memory"] == {"used_bytes": None, "free_bytes": None}
    assert (listed["queue"], listed["stderr"]) == ({"running": 0, "waiting": 0}, [])

    assert backend.ask({"href": "/mutter"}).status_code == 200
    listed = backend.client.get("/v1/models").json()
    assert listed["memory"] == {"used_bytes": 7, "free_bytes": 9}
    assert listed["stderr"][0] == "looking at ~/a.tif"
    assert str(Path.home()) not in "".join(listed["stderr"])


def test_bundled_model_is_installed_and_loaded_once_the_worker_says_so(backend: Any, picture: str) -> None:
    assert backend.ask({"data": picture}).status_code == 200
    listed = backend.client.get("/v1/models").json()
    (compact,) = (model for model in listed["data"] if model["id"] == "compact")
    assert compact["installed"] and compact["loaded"] and compact["memory_bytes"] > 1_000_000
    assert listed["memory"]["used_bytes"] > 0 and listed["memory"]["free_bytes"] > 0
    assert listed["state"] == "ready" and listed["device"] in ("cpu", "cuda")


def test_running_task_makes_the_backend_busy(double: Any, read_events: Any) -> None:
    body = {"raster": {"href": "/wait"}, "stream": True}
    with double.client.stream("POST", "/v1/describe", json=body) as response:
        # On a busy machine comments may come before the worker has begun. Kept: an iterator let go of closes the connection.
        kept = read_events(response)
        next(event for event in kept if isinstance(event, dict))
        listed = double.client.get("/v1/models").json()
        assert (listed["state"], listed["queue"]["running"]) == ("busy", 1)


def test_small_replies_are_not_held_back_by_the_network(double: Any) -> None:
    """Where small pieces wait to be sent together, each reply on an open connection takes 40 ms."""
    seconds = []
    for _ in range(40):
        began = time.perf_counter()
        double.client.get("/health")
        seconds.append(time.perf_counter() - began)
    assert sorted(seconds)[10] < 0.03

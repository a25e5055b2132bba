"""The client and the real service, over a real socket; the models behind it are the service tests' double."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def backend(qgis_app, tmp_path, monkeypatch):
    """A Backend whose process is the real supervisor; what happens is asked for by the raster's href."""
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    python = os.environ["RSVLM_PYTHON"]
    if not Path(python).is_file():
        pytest.skip("the backend's environment is not there; run make setup")
    start = tmp_path / "python"
    start.write_text(f'#!/bin/sh\nexec "{python}" "{ROOT}/tests/backend/serve_with_double.py"\n')
    start.chmod(0o755)
    monkeypatch.setenv("RSVLM_PYTHON", str(start))
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    shared_process().stop()
    yield Backend()
    shared_process().stop()


def request(href: str):
    from rsvlm.protocol import DescribeRequest, Raster

    return DescribeRequest(Raster(href=href))


def test_words_evidence_and_answer_arrive(backend, hear, wait) -> None:
    heard = hear(backend.describe(request("/say")))
    wait(lambda: heard.over, 30)
    assert heard.errors == []
    assert heard.text == ["Two ", "houses."]
    assert heard.evidence[0].label == "house"
    assert heard.answers[0].warnings == ["seen by a double"]
    assert backend._process._endpoint.version


def test_cancelled_answer_leaves_the_service_ready_for_the_next(backend, hear, wait) -> None:
    waiting = hear(backend.describe(request("/wait")))
    wait(lambda: (1, 9, "waiting") in waiting.progress, 30)
    waiting.reply.cancel()
    assert waiting.errors[0].code == "cancelled"
    heard = hear(backend.describe(request("/say")))
    wait(lambda: heard.over)
    assert heard.answers[0].text == "Two houses."


def test_dead_worker_is_said_and_the_service_goes_on(backend, hear, wait) -> None:
    heard = hear(backend.describe(request("/die")))
    wait(lambda: heard.over, 30)
    assert heard.errors[0].code == "worker_died"
    again = hear(backend.describe(request("/say")))
    wait(lambda: again.over, 30)
    assert again.answers[0].text == "Two houses."


def test_killed_service_is_said_and_the_next_request_starts_another(backend, hear, wait) -> None:
    heard = hear(backend.describe(request("/wait")))
    wait(lambda: heard.progress and heard.progress[-1][0] == 1, 30)
    os.kill(backend._process._endpoint.pid, 9)
    wait(lambda: heard.over)
    assert heard.errors[0].message == "The rsvlm backend stopped in the middle of the answer."
    again = hear(backend.describe(request("/say")))
    wait(lambda: again.over, 30)
    assert again.answers[0].text == "Two houses."


def test_stopped_service_leaves_no_process_behind(backend, hear, wait) -> None:
    heard = hear(backend.describe(request("/say")))
    wait(lambda: heard.over, 30)
    pid = backend._process._endpoint.pid
    backend.stop()
    wait(lambda: not Path(f"/proc/{pid}").exists(), 5)


def test_request_hears_of_a_service_that_is_stopped_while_it_starts(backend, hear, wait) -> None:
    heard = hear(backend.describe(request("/say")))
    wait(lambda: heard.progress)
    assert not heard.over
    backend._process.stop()  # as the options do
    wait(lambda: heard.over, 5)
    assert heard.errors[0].message == "The rsvlm backend was stopped before it was ready."
    again = hear(backend.describe(request("/say")))
    wait(lambda: again.over, 30)
    assert again.answers[0].text == "Two houses."


def test_event_loop_is_never_held_up_while_the_service_starts_and_answers(backend, hear, wait) -> None:
    import time

    from qgis.PyQt.QtCore import QTimer

    beats = [time.monotonic()]
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.monotonic()))
    heart.start(10)
    heard = hear(backend.describe(request("/say")))
    wait(lambda: heard.over, 30)
    heart.stop()
    longest = max(after - before for before, after in zip(beats, beats[1:]))
    assert longest < 0.25, f"{longest * 1000:.0f} ms"

"""The status line and the details tell how the backend is, at every width, and no more than may be passed on."""

from __future__ import annotations

import gc
import json
import time
from pathlib import Path

import pytest

STAND_IN = Path(__file__).with_name("misbehaving_backend.py")
CARD = {
    "id": "compact",
    "title": "compact (bundled)",
    "revision": "7fa7b76d8158",
    "loaded": True,
    "memory_bytes": 400_000_000,
}
READY = {
    "data": [CARD, {"id": "big", "title": "Big one", "revision": "abc", "loaded": False}],
    "device": "cpu",
    "note": None,
    "state": "ready",
    "memory": {"used_bytes": 400_000_000, "free_bytes": 3_000_000_000},
    "queue": {"running": 0, "waiting": 0},
    "stderr": [],
}


def state(**told):
    from rsvlm.protocol import VERSION
    from rsvlm.rsvlm_plugin.client.state import read_state
    from rsvlm.rsvlm_plugin.environment.endpoint import Endpoint

    return read_state({**READY, **told}, "compact", Endpoint("127.0.0.1", 1, 2, "t", VERSION))


@pytest.fixture
def line(qgis_app):
    from rsvlm.rsvlm_plugin.dock.status_line import StatusLine

    widget = StatusLine()
    yield widget
    widget.deleteLater()


def words(line) -> str:
    return line.text().replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "● CPU · compact (bundled) 7fa7b76 · 381 MB · ready"),
        ({"device": "cuda"}, "● GPU · compact (bundled) 7fa7b76 · 381 MB · ready"),
        ({"note": "The card is full."}, "● ⚠ CPU · compact (bundled) 7fa7b76 · 381 MB · ready"),
        ({"state": "busy"}, "◉ CPU · compact (bundled) 7fa7b76 · 381 MB · busy"),
        (
            {"state": "busy", "queue": {"running": 1, "waiting": 2}},
            "◉ CPU · compact (bundled) 7fa7b76 · 381 MB · 2 waiting",
        ),
        ({"state": "starting", "device": "starting"}, "◐ starting…"),
        ({"state": "failed", "device": "failed"}, "✕ not available, click for details"),
    ],
)
def test_every_state_is_one_line_with_the_device_first(line, told, said) -> None:
    line.show_state(state(**told))
    assert words(line) == said
    assert line.accessibleDescription() == line.text()


def test_reason_for_the_processor_stands_in_the_tooltip(line) -> None:
    line.show_state(state(note="The graphics card has no free memory."))
    assert "The graphics card has no free memory." in line.toolTip()


def test_where_it_is_narrow_only_the_model_gives_way(line) -> None:
    line.show_state(state(state="busy", queue={"running": 1, "waiting": 12}, note="The card is full."))
    line.resize(line.sizeHint())
    assert line.shown() == line.text()
    line.resize(line.width() - line.fontMetrics().horizontalAdvance(" (bundled)"), line.height())
    shown = line.shown().replace("\u00a0", " ")
    assert shown.startswith("◉ ⚠ CPU · comp") and shown.endswith("… 7fa7b76 · 381 MB · 12 waiting")
    assert line.fontMetrics().horizontalAdvance(shown) < line.width()


def test_long_names_of_a_server_and_its_model_give_way_as_well(line) -> None:
    line.show_server("gpu.example.org", "Qwen/Qwen3-VL-235B-A22B-Instruct")
    line.resize(320, line.height())
    assert line.shown().startswith("⇄ gpu.example.org · Qwen/Q") and line.shown().endswith("…")
    line.resize(100, line.height())
    assert line.shown().startswith("⇄ gpu") and line.shown().endswith("…")
    assert line.fontMetrics().horizontalAdvance(line.shown()) <= line.width()


def test_reply_in_other_words_is_a_version_mismatch(qgis_app) -> None:
    from rsvlm.protocol import RsvlmError

    for told in ({"data": [1]}, {"memory": 5}, {"queue": {"running": "many"}}):
        with pytest.raises(RsvlmError) as caught:
            state(**told)
        assert caught.value.code == "version_mismatch"


def test_details_tell_every_fact_that_is_known(qgis_app) -> None:
    from rsvlm.rsvlm_plugin.client import BackendState
    from rsvlm.rsvlm_plugin.dock.report import backend_facts

    told = state(state="busy", queue={"running": 1, "waiting": 2}, note="The card is full.")
    assert [fact.replace("\u00a0", " ") for fact in backend_facts(told)] == [
        "Backend: busy",
        "Backend's version: 0.1.0",
        "Device: CPU",
        "The card is full.",
        "Memory for models: 381 MB used, 2.8 GB free",
        "Loaded: compact (bundled) 7fa7b76d8158, 381 MB",
        "Requests: 1 running, 2 waiting",
    ]
    assert backend_facts(BackendState("stopped")) == ["Backend: not running"]


def test_text_to_be_passed_on_has_no_personal_path(qgis_app, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.dock.report import impersonal

    monkeypatch.setenv("HOME", "/home/anna")
    said = "File /home/anna/.local/x.py\n/media/anna/disk/a.tif, /media/anna\nannals of /annapurna"
    assert impersonal(said) == "File ~/.local/x.py\n/media/user/disk/a.tif, /media/user\nannals of /annapurna"


@pytest.fixture
def backend(qgis_app, tmp_path, monkeypatch):
    """A Backend whose process tells what `backend.tell(...)` says; `backend.looks()` counts how often it was asked."""
    from rsvlm.protocol import PROTOCOL
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    monkeypatch.setenv("RSVLM_MISBEHAVE", "one byte at a time")
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    monkeypatch.setenv("RSVLM_PYTHON", str(STAND_IN))
    monkeypatch.setenv("RSVLM_TEST_PROTOCOL", str(PROTOCOL))
    shared_process().stop()
    gc.collect()  # Backends of other tests, which would look at the same process as well
    made = Backend()

    def tell(**told) -> None:
        beside = tmp_path / "state.new"
        beside.write_text(json.dumps({**READY, **told}))
        beside.replace(tmp_path / "state.json")  # it may be read at any moment

    made.tell = tell
    made.looks = lambda: len((tmp_path / "looks.txt").read_text().splitlines())
    yield made
    shared_process().stop()


@pytest.fixture
def rhythm(monkeypatch):
    """Everything ten times as fast."""
    from rsvlm.rsvlm_plugin.client import watch

    for name in ("STARTING_MS", "BUSY_MS", "IDLE_MS"):
        monkeypatch.setattr(watch, name, getattr(watch, name) // 10)


def pause(wait, seconds: float) -> None:
    until = time.monotonic() + seconds
    wait(lambda: time.monotonic() > until)


def test_nobody_looks_and_a_resting_backend_is_left_alone(backend, hear, wait, rhythm) -> None:
    backend.tell()
    hear(backend.models())
    wait(lambda: backend.state.kind == "ready")
    before = backend.looks()
    pause(wait, 1.2)
    assert backend.looks() == before


def test_while_somebody_looks_it_is_asked_seldom_and_news_are_told(backend, hear, wait, rhythm) -> None:
    backend.tell(state="starting", device="starting")
    hear(backend.models())
    wait(lambda: backend.state.kind == "starting" and backend.state.detail == "Loading the model")
    backend.tell(state="busy", queue={"running": 1, "waiting": 3})
    wait(lambda: backend.state.kind == "busy")
    assert backend.state.waiting == 3
    backend.watch(True)
    backend.watch(True)
    before, begin = backend.looks(), time.monotonic()
    pause(wait, 1.1)
    assert 2 <= backend.looks() - before <= 3 + (time.monotonic() - begin) / 0.2
    backend.tell(stderr=["Killed"])
    wait(lambda: backend.state.kind == "ready")
    assert backend.state.said == ("Killed",)
    backend.watch(False)


def test_answer_is_followed_by_one_look(backend, hear, wait) -> None:
    from rsvlm.protocol import DescribeRequest, Raster

    backend.tell()
    hear(backend.models())
    wait(lambda: backend.state.kind == "ready")
    backend.tell(memory={"used_bytes": 500_000_000, "free_bytes": 1})
    heard = hear(backend.describe(DescribeRequest(Raster(href="/data/a.tif"))))
    wait(lambda: heard.over and backend.state.used_bytes == 500_000_000)


def test_backend_that_is_gone_is_not_started_by_looking(backend, hear, wait) -> None:
    import os
    import signal

    backend.tell()
    hear(backend.models())
    wait(lambda: backend.state.kind == "ready")
    os.kill(backend._process.endpoint.pid, signal.SIGKILL)
    backend.watch(True)
    wait(lambda: backend.state.kind == "stopped")
    pause(wait, 0.5)
    assert backend._process.endpoint is None and backend._process._process is None
    backend.watch(False)

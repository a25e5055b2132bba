"""Thousands of masks come while QGIS goes on, and nothing of them is lost."""

from __future__ import annotations

import gc
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any, Callable, Dict, List

import pytest
from found_record import record
from qgis.PyQt.QtCore import QTimer

MANY = 8_000
STAND_IN = Path(__file__).with_name("misbehaving_backend.py")
DONE = b"data: [DONE]\n\n"


def event(rsvlm: Dict[str, Any]) -> bytes:
    return b"data: " + json.dumps({"choices": [{"delta": {}}], "rsvlm": rsvlm}).encode() + b"\n\n"


def as_json(items: List[Any]) -> List[Any]:
    return json.loads(json.dumps([asdict(item) for item in items]))


@pytest.fixture
def masks() -> List[Any]:
    return as_json(record(MANY).answer.evidence)


@pytest.fixture
def told(qgis_app, tmp_path, monkeypatch, hear) -> Callable[[bytes], Any]:
    """`told(stream)` asks a backend that says these bytes."""
    from rsvlm.protocol import PROTOCOL, Raster, SegmentRequest
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    monkeypatch.setenv("RSVLM_PYTHON", str(STAND_IN))
    monkeypatch.setenv("RSVLM_TEST_PROTOCOL", str(PROTOCOL))
    monkeypatch.setenv("RSVLM_MISBEHAVE", "says what a file holds")
    shared_process().stop()
    backend = Backend()

    def ask(stream: bytes) -> Any:
        (tmp_path / "stream.txt").write_bytes(stream)
        return hear(backend.find(SegmentRequest(Raster("/data/a.tif"), ["buildings"])))

    yield ask
    shared_process().stop()


def test_many_masks_hold_nobody_up(told, masks, wait) -> None:
    """Processor time of the main thread between two beats of a timer, so that a busy machine does not count."""
    stream = b"".join([event({"evidence": item}) for item in masks] + [event({"answer": {"text": "Many."}}), DONE])
    gc.collect()  # of the tests before
    heard, beats = told(stream), [time.thread_time()]
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append(time.thread_time()))
    timer.start(10)
    wait(lambda: heard.over, 60)
    timer.stop()
    beats.append(time.thread_time())
    pauses = [1000 * (after - before) for before, after in zip(beats, beats[1:])]
    spent = 1000 * (beats[-1] - beats[0])
    print(f"{MANY} masks: {spent:.0f} ms of the main thread, the longest pause of {len(pauses)} {max(pauses):.0f} ms")
    assert as_json(heard.evidence) == masks and heard.answers[0].evidence == heard.evidence
    assert max(pauses) < min(250, spent / 2)  # in turns, however fast the machine


def test_a_cancel_between_many_masks_is_the_last_that_is_heard(told, masks, wait) -> None:
    heard = told(b"".join(event({"evidence": item}) for item in masks) + DONE)
    wait(lambda: heard.evidence, 30)
    heard.reply.cancel()
    so_far, until = len(heard.evidence), time.monotonic() + 0.3
    wait(lambda: time.monotonic() > until)
    assert len(heard.evidence) == so_far < MANY
    assert [error.code for error in heard.errors] == ["cancelled"] and heard.answers == []


def test_what_has_come_when_the_user_stops_is_heard_to_its_end(told, masks, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.client import reply

    monkeypatch.setattr(reply, "TURN_S", 0)
    monkeypatch.setattr(reply, "PIECE", 1024)
    heard = told(b"".join([event({"evidence": item}) for item in masks] + [event({"answer": {"text": "Many."}}), DONE]))
    wait(lambda: heard.evidence, 30)
    network = heard.reply._network
    if network.isFinished():
        heard.reply.stop(1)
    else:
        network.finished.connect(lambda: heard.reply.stop(1))
    wait(lambda: heard.over, 30)
    assert heard.errors == [] and len(heard.answers[0].evidence) == len(masks)


def test_a_stream_that_breaks_off_is_heard_to_its_end_first(told, masks, wait) -> None:
    heard = told(b"".join(event({"evidence": item}) for item in masks))
    wait(lambda: heard.over, 30)
    assert len(heard.evidence) == len(masks)
    assert [error.code for error in heard.errors] == ["worker_died"]

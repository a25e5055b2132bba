"""A backend that fails in every way it can: one clear sentence each, nothing hangs, the next request works."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

STAND_IN = Path(__file__).with_name("misbehaving_backend.py")


@pytest.fixture
def misbehave(qgis_app, tmp_path, monkeypatch):
    """`misbehave(how)` returns a Backend whose process does that; `.heard()` is what the process was sent."""
    from rsvlm.protocol import PROTOCOL
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    def start(how: str) -> Backend:
        monkeypatch.setenv("RSVLM_MISBEHAVE", how)
        return backend

    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    monkeypatch.setenv("RSVLM_PYTHON", str(STAND_IN))
    monkeypatch.setenv("RSVLM_TEST_PROTOCOL", str(PROTOCOL))
    shared_process().stop()
    backend = Backend()
    backend.heard = lambda: (tmp_path / "heard.txt").read_text().splitlines()
    yield start
    shared_process().stop()


def request():
    from rsvlm.protocol import DescribeRequest, Raster

    return DescribeRequest(Raster(href="/data/a.tif"))


def test_answer_streams_even_byte_by_byte(misbehave, hear, wait) -> None:
    backend = misbehave("one byte at a time")
    states = []
    backend.state_changed.connect(states.append)
    heard = hear(backend.describe(request()))
    wait(lambda: heard.over)
    assert heard.errors == []
    assert "".join(heard.text) == "Fünf Boote." == heard.answers[0].text
    assert heard.evidence[0].label == "harbour"
    assert heard.progress[-1] == (1, 2, "Looking")
    wait(lambda: backend.state.kind == "ready")
    assert (backend.state.device, backend.state.model) == ("cpu", "Compact 0.1")
    assert [state.kind for state in states] == ["starting", "ready"]
    backend.stop()
    assert backend.state.kind == "stopped"


@pytest.mark.parametrize("how", ["dies in the middle", "ends in the middle"])
def test_backend_that_breaks_off_is_said_and_the_next_request_starts_a_new_one(how, misbehave, hear, wait) -> None:
    backend = misbehave(how)
    heard = hear(backend.describe(request()))
    wait(lambda: heard.over)
    assert heard.errors[0].code == "worker_died"
    assert heard.errors[0].message == "The rsvlm backend stopped in the middle of the answer."
    assert "".join(heard.text) == "Fünf "
    if how.startswith("dies"):
        misbehave("one byte at a time")
        again = hear(backend.describe(request()))
        wait(lambda: again.over)
        assert again.answers[0].text == "Fünf Boote."


def test_silence_is_told_from_a_cancel(misbehave, hear, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.client import reply

    monkeypatch.setattr(reply, "SILENCE_MS", 400)
    heard = hear(misbehave("falls silent").describe(request()))
    wait(lambda: heard.over)
    assert heard.errors[0].code == "unavailable"
    assert heard.errors[0].message.startswith("The rsvlm backend has said nothing for")


def test_comments_keep_a_slow_answer_alive_beyond_the_limit_on_silence(misbehave, hear, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.client import reply

    monkeypatch.setattr(reply, "SILENCE_MS", 400)
    heard = hear(misbehave("talks slowly").describe(request()))
    wait(lambda: heard.text)
    until = time.monotonic() + 1.5
    wait(lambda: time.monotonic() > until)
    assert not heard.over
    heard.reply.cancel()


def test_cancel_tells_the_backend_and_ends_at_once(misbehave, hear, wait) -> None:
    backend = misbehave("talks slowly")
    heard = hear(backend.describe(request()))
    wait(lambda: heard.text)
    begin = time.monotonic()
    heard.reply.cancel()
    assert heard.errors[0].code == "cancelled"
    assert time.monotonic() - begin < 0.05
    wait(lambda: any(line.startswith("DELETE /v1/requests/") for line in backend.heard()))
    heard.reply.cancel()
    assert len(heard.errors) == 1


def test_stop_waits_for_what_the_backend_has_finished(misbehave, hear, wait) -> None:
    backend = misbehave("hands over what it has")
    heard = hear(backend.describe(request()))
    wait(lambda: heard.text)
    heard.reply.stop()
    assert not heard.over
    wait(lambda: heard.over)
    assert heard.errors == []
    assert heard.answers[0].partial and heard.answers[0].text == "Fünf."


@pytest.mark.parametrize("times", [1, 2])
def test_stop_of_a_backend_that_hands_over_nothing_ends_by_itself_or_at_once(
    times, misbehave, hear, wait, monkeypatch
) -> None:
    from rsvlm.rsvlm_plugin.client import reply

    monkeypatch.setattr(reply, "STOP_MS", 300)
    heard = hear(misbehave("falls silent").describe(request()))
    wait(lambda: heard.text)
    for _time in range(times):
        heard.reply.stop()
    assert heard.over == (times == 2)
    wait(lambda: heard.over)
    assert heard.errors[0].code == "cancelled"


def test_port_that_belongs_to_a_stranger_by_now_is_told_after_another_try(misbehave, hear, wait, monkeypatch) -> None:
    from rsvlm.rsvlm_plugin.client import reply

    monkeypatch.setattr(reply, "RETRY_MS", (0, 10))
    backend = misbehave("has another token")
    heard = hear(backend.describe(request()))
    wait(lambda: heard.over)
    assert heard.errors[0].message == "The rsvlm backend is not running any more."
    assert backend.heard().count("started") == 3


def test_stopping_while_the_state_is_asked_for_is_no_failure(misbehave, hear, wait) -> None:
    backend = misbehave("one byte at a time")
    states = []
    backend.state_changed.connect(states.append)
    # Connected after the backend's own slot: its question about the models is under way when this one runs.
    backend._process.ready.connect(backend.stop)
    heard = hear(backend.models())
    wait(lambda: heard.over and backend.state.kind == "stopped")
    assert [state.kind for state in states] == ["starting", "stopped"]
    backend._process.ready.disconnect(backend.stop)


def test_cancel_before_the_backend_is_ready_sends_nothing(misbehave, hear, wait) -> None:
    backend = misbehave("one byte at a time")
    heard = hear(backend.describe(request()))
    heard.reply.cancel()
    assert heard.errors[0].code == "cancelled"
    other = hear(backend.models())
    wait(lambda: other.over)
    assert backend.heard() == ["started"]


def test_other_protocol_offers_an_update(misbehave, hear, wait) -> None:
    backend = misbehave("other protocol")
    heard = hear(backend.models())
    wait(lambda: heard.over)
    assert heard.errors[0].code == "version_mismatch"
    assert "Update" in heard.errors[0].hint
    assert backend.state.kind == "failed" and "version 0.1.0" in backend.state.detail


def test_reply_in_another_language_is_said(misbehave, hear, wait) -> None:
    heard = hear(misbehave("speaks nonsense").models())
    wait(lambda: heard.over)
    assert heard.errors[0].code == "version_mismatch"


@pytest.mark.parametrize(
    ("how", "message", "hint"),
    [
        ("has no backend", "does not have the rsvlm backend", "run this command"),
        ("fails to start", "ended before it was ready", "libfoo.so.1"),
    ],
)
def test_environment_that_does_not_work_says_why(how, message, hint, misbehave, hear, wait) -> None:
    backend = misbehave(how)
    heard = hear(backend.describe(request()))
    wait(lambda: heard.over)
    assert heard.errors[0].code == "unavailable"
    assert message in heard.errors[0].message
    assert hint in heard.errors[0].hint
    assert backend.log()


def test_python_that_cannot_be_started_is_named(misbehave, hear, wait, monkeypatch, tmp_path) -> None:
    broken = tmp_path / "python"
    broken.write_text("no program")
    monkeypatch.setenv("RSVLM_PYTHON", str(broken))
    heard = hear(misbehave("").models())
    wait(lambda: heard.over)
    assert str(broken) in heard.errors[0].message


def test_user_s_dead_proxy_is_not_asked_about_this_machine(misbehave, hear, wait) -> None:
    from qgis.core import QgsNetworkAccessManager
    from qgis.PyQt.QtNetwork import QNetworkProxy

    dead = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "127.0.0.1", 9)
    QgsNetworkAccessManager.instance().setFallbackProxyAndExcludes(dead, [], [])
    QNetworkProxy.setApplicationProxy(dead)
    try:
        heard = hear(misbehave("one byte at a time").describe(request()))
        wait(lambda: heard.over)
        assert heard.answers[0].text == "Fünf Boote."
        assert QNetworkProxy.applicationProxy().port() == 9
    finally:
        none = QNetworkProxy(QNetworkProxy.ProxyType.NoProxy)
        QNetworkProxy.setApplicationProxy(none)
        QgsNetworkAccessManager.instance().setFallbackProxyAndExcludes(none, [], [])


def test_backend_object_that_goes_away_takes_nothing_with_it(misbehave, hear, wait) -> None:
    import gc

    from rsvlm.rsvlm_plugin.client import Backend

    misbehave("one byte at a time")
    heard = hear(Backend().describe(request()))
    gc.collect()
    other = hear(misbehave("one byte at a time").describe(request()))
    wait(lambda: heard.over and other.over)
    assert heard.answers[0].text == other.answers[0].text == "Fünf Boote."


def test_stop_ends_the_running_replies_as_cancelled(misbehave, hear, wait) -> None:
    backend = misbehave("talks slowly")
    heard = hear(backend.describe(request()))
    wait(lambda: heard.text)
    backend.stop()
    assert heard.errors[0].code == "cancelled"


def test_killed_between_two_requests_is_replaced_silently(misbehave, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    backend = misbehave("one byte at a time")
    first = hear(backend.models())
    wait(lambda: first.over)
    os.kill(shared_process()._endpoint.pid, 9)
    second = hear(backend.models())
    wait(lambda: second.over)
    assert second.errors == []
    assert backend.heard().count("started") == 2


@pytest.mark.parametrize("in_thread", [True, False])
def test_waiting_form_answers_and_cancels(in_thread, misbehave, wait, qgis_app) -> None:
    import threading

    from qgis.core import QgsProcessingFeedback

    from rsvlm.protocol import Answer, RsvlmError
    from rsvlm.rsvlm_plugin.client import blocking

    class Feedback(QgsProcessingFeedback):
        def isCanceled(self) -> bool:  # noqa: N802 (Qt asks for this name)
            return stop_at is not None and time.monotonic() > stop_at

    def ask() -> None:
        try:
            outcomes.append(blocking.describe(request(), Feedback()))
        except RsvlmError as error:
            outcomes.append(error)

    def run() -> object:
        outcomes.clear()
        if in_thread:
            thread = threading.Thread(target=ask)
            thread.start()
            wait(lambda: outcomes)
            thread.join()
        else:
            ask()
        return outcomes[0]

    outcomes: list = []
    stop_at = None
    backend = misbehave("one byte at a time")
    answer = run()
    assert isinstance(answer, Answer) and answer.text == "Fünf Boote."
    backend.stop()
    misbehave("talks slowly")
    begin = time.monotonic()
    stop_at = begin + 0.6
    error = run()
    assert isinstance(error, RsvlmError) and error.code == "cancelled"
    assert time.monotonic() - stop_at < 1.0  # 0.2 s where nothing else keeps the machine busy


def test_search_that_does_not_end_after_a_cancel_is_waited_for_and_then_said_to_be_lost(misbehave, monkeypatch) -> None:
    from qgis.core import QgsProcessingFeedback
    from qgis.PyQt.QtCore import QTimer

    from rsvlm.protocol import Cancelled, Raster, SegmentRequest
    from rsvlm.rsvlm_plugin.client import blocking
    from rsvlm.rsvlm_plugin.environment.waiting import STOP_LIMIT_MS

    assert blocking.STOP_MS >= STOP_LIMIT_MS  # as a training, which a step of a large model holds up as well
    monkeypatch.setattr(blocking, "STOP_MS", 1200)
    backend, feedback, look = misbehave("talks slowly"), QgsProcessingFeedback(), QTimer()
    (Path(os.environ["RSVLM_HOME"]) / "heard.txt").touch()
    look.timeout.connect(
        lambda: feedback.cancel() if any(line.startswith("POST") for line in backend.heard()) else None
    )
    look.start(20)
    with pytest.raises(Cancelled):
        blocking.find(SegmentRequest(Raster(href="/data/a.tif"), ["roofs"]), feedback)
    look.stop()
    assert "what was found is lost" in feedback.textLog() and "what was found is kept" in feedback.textLog()

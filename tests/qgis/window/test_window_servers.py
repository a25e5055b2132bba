"""A server in the dock: chosen, shown as what it is, and refused with the reason where it may not be asked."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from qgis.core import QgsDateTimeRange, QgsSettings
from qgis.PyQt.QtCore import QDateTime, QPoint

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))

_spec = importlib.util.spec_from_file_location("openai_server", Path(__file__).parents[1] / "openai_server.py")
double = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(double)


@pytest.fixture
def servers(dock, iface):
    """Two servers in the profile, of which the second may not be sent pictures."""
    from rsvlm.rsvlm_plugin.client.server import Server, shared_servers

    # QGIS leaves a time behind from the project before, at which the demo's layers are not drawn.
    iface.mapCanvas().setTemporalRange(QgsDateTimeRange(QDateTime(), QDateTime()))
    running = double.OpenAiServer()
    shared_servers().save([Server("Office", running.url, "plain"), Server("Far", "http://10.0.0.1/v1", "m")])
    yield running
    QgsSettings().remove("rsvlm/describe/model")
    shared_servers().save([])
    running.stop()


def pick(dock, text: str) -> None:
    choice = dock.model_choice
    index = next(index for index in range(choice.count()) if choice.itemText(index).startswith(text))
    choice.setCurrentIndex(index)
    choice.activated.emit(index)


def test_choosing_takes_no_room_before_there_is_a_choice(slow_backend, dock):
    assert dock.model_choice.isHidden()


def test_a_server_answers_in_the_dock(slow_backend, dock, servers, wait, pause):
    pick(dock, "Office")
    wait(lambda: dock.looking.seen is not None and dock.looking.seen.drawn)
    assert dock.thumbnail.caption.text().endswith("sent to Office")
    assert dock.status_line.text() == "⇄ Office · plain"
    dock.describe_button.click()
    wait(lambda: dock.answers.cards[0].record is not None)
    record = dock.answers.cards[0].record
    assert record.answer.text == "Ein Hafen mit Booten."
    dock.setFloating(True)
    dock.resize(320, 560)
    pause(100)
    SHOTS.mkdir(parents=True, exist_ok=True)
    dock.widget().grab().save(str(SHOTS / "server.png"))
    right = dock.model_choice.mapTo(dock.widget(), QPoint(dock.model_choice.width(), 0)).x()
    assert right <= dock.widget().width()
    dock.setFloating(False)
    pick(dock, "compact")
    wait(lambda: dock.looking.seen is not None and not dock.looking.seen.drawn)
    assert "⇄" not in dock.status_line.text()


def test_what_may_not_be_asked_is_greyed_with_the_reason(slow_backend, dock, servers, wait):
    pick(dock, "Far")  # as a profile would remember it whose permission was taken back
    assert not dock.describe_button.isEnabled()
    assert "not allowed yet that pictures are sent to “Far”" in dock.describe_button.toolTip()
    dock.describe()
    assert dock.report.last_error.code == "forbidden" and dock.answers.cards == []
    pick(dock, "Office")
    assert dock.describe_button.isEnabled() and "Say in words" in dock.describe_button.toolTip()

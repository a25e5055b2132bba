"""Tests that run inside a real QGIS window, which `test_window.py`, one folder up, starts; elsewhere there are none."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Callable, Iterator

import pytest
import qgis.utils
from qgis.core import QgsProject, QgsSettings
from qgis.PyQt.QtCore import QElapsedTimer, QEvent, QTimer
from qgis.PyQt.QtWidgets import QApplication
from qgis.utils import iface as window
from qgis.utils import plugins

collect_ignore_glob = [] if "RSVLM_WINDOW" in os.environ else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[3]
DEMO = ROOT / "resources" / "demo" / "demo.qgz"


@pytest.fixture(autouse=True)
def no_traceback(monkeypatch) -> Iterator[None]:
    """QGIS shows an exception of a plugin in a window that waits for a click; here it fails the test."""
    shown = []
    monkeypatch.setattr(qgis.utils, "showException", lambda *exception: shown.append(exception[:2]))
    yield
    assert shown == []


@pytest.fixture
def iface():
    return window


@pytest.fixture
def wait() -> Callable[..., None]:
    """`wait(condition, seconds=10)` runs the event loop until `condition()` is true; fails the test otherwise."""
    from waiting import wait_until

    return wait_until


@pytest.fixture
def pause(wait) -> Callable[[int], None]:
    """`pause(milliseconds)` lets QGIS go on for that long."""

    def run(milliseconds: int) -> None:
        clock = QElapsedTimer()
        clock.start()
        wait(lambda: clock.elapsed() >= milliseconds, milliseconds / 1000 + 5)

    return run


@pytest.fixture
def plugin(iface, pause) -> Iterator[object]:
    """The plugin as QGIS loaded it, freshly loaded where a test has unloaded it."""
    from qgis.utils import loadPlugin, startPlugin

    if "rsvlm" not in plugins:
        loadPlugin("rsvlm")
        startPlugin("rsvlm")
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    yield plugins["rsvlm"]
    iface.messageBar().clearWidgets()


@pytest.fixture
def demo(iface, wait):
    """The demo project, drawn."""
    QgsSettings().setValue("app/askToSaveMemoryLayers", False)
    QgsProject.instance().setDirty(False)
    iface.addProject(str(DEMO))
    wait(lambda: iface.mapCanvas().layers() and not iface.mapCanvas().isDrawing())
    yield QgsProject.instance()
    QgsProject.instance().clear()
    QgsProject.instance().setDirty(False)


@pytest.fixture
def dock(plugin, demo, wait, iface):
    """The open dock beside the demo project, its thumbnail showing the map."""
    made = plugin.show_dock()
    made.looking.pause()
    made.place_row.kind = "map"
    made.looking.resume()
    made.style_choice.setCurrentIndex(0)
    wait(lambda: made.looking.seen is not None, 60)
    return made


def waited_for_processor() -> float:
    """Milliseconds that this thread was ready to run while other processes had the processors."""
    return int(Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text().split()[1]) / 1e6


@pytest.fixture
def heartbeat() -> Iterator[Callable[[], float]]:
    """Call it for the longest time that QGIS held up a 20 ms timer since the test began, in milliseconds.

    Time in which the machine gave its processors to others is not counted; on an idle machine, nothing is left out:
    there the whole gap has to be under 250 ms as well.
    """
    clock = QElapsedTimer()
    longest, raw, delay = [0.0], [0.0], [waited_for_processor()]
    load = os.getloadavg()[0]

    def beat() -> None:
        before, delay[0] = delay[0], waited_for_processor()
        gap = clock.restart()
        raw[0] = max(raw[0], gap)
        longest[0] = max(longest[0], gap - (delay[0] - before))

    timer = QTimer()
    timer.timeout.connect(beat)
    clock.start()
    timer.start(20)
    yield lambda: longest[0]
    timer.stop()
    told = (
        f"longest pause {raw[0]:.0f} ms, {longest[0]:.0f} ms without waiting for a processor, at a load of {load:.2f}"
    )
    print(told)
    if load < 1:
        assert raw[0] < 250, told


@pytest.fixture
def slow_backend(plugin, monkeypatch, tmp_path):
    """A backend that says 30 known words with 60 ms between them, so that a test can act in the middle."""
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    shared_process().stop()
    monkeypatch.setenv("RSVLM_PYTHON", str(Path(__file__).with_name("slow_backend.py")))
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    yield tmp_path
    shared_process().stop()

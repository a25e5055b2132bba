"""Run by `qgis --code`: opens and uses the dock as a user does, and notes how long everything took.

Beats of a 5 ms timer show how long the event loop was held up. What was measured goes to RSVLM_BENCH_OUT as JSON.
Without RSVLM_BENCH_ROUNDS only the start of the plugin is noted. Runs in QGIS's Python.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Tuple

import qgis.utils
from qgis.core import QgsFeature, QgsGeometry, QgsProject, QgsSettings, QgsVectorLayer
from qgis.PyQt.QtCore import QObject, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.utils import iface, plugins

BEAT_MS = 5
LIMIT_S = 120
IDLE_S = 2.0
Wait = Tuple[str, Callable[[], object]]


class Heartbeat(QObject):
    """By phase: the longest time that the event loop did not come round, and the most work done in one such time.

    gaps_ms: on the clock. work_ms: processor time of the main thread, which other programs do not lengthen.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.gaps_ms: Dict[str, float] = {}
        self.work_ms: Dict[str, float] = {}
        self._phase = ""
        self._last = time.perf_counter()
        self._last_work = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start(BEAT_MS)

    def phase(self, name: str) -> None:
        """What follows belongs to `name`; to nothing if it is empty."""
        self._beat()
        self._phase = name

    def _beat(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        gap = max(0.0, 1000 * (now - self._last) - BEAT_MS)
        work = 1000 * (worked - self._last_work)
        self._last, self._last_work = now, worked
        if self._phase:
            self.gaps_ms[self._phase] = max(gap, self.gaps_ms.get(self._phase, 0.0))
            self.work_ms[self._phase] = max(work, self.work_ms.get(self._phase, 0.0))


class Session(QObject):
    """Steps are a generator: each `yield` names a condition, asked every few milliseconds until it holds."""

    def __init__(self, out: str, rounds: int) -> None:
        super().__init__(iface.mainWindow())
        self._out = Path(out)
        self._rounds = rounds
        self._found: Dict[str, Any] = {"failure": ""}
        self._heart = Heartbeat(self)
        self._steps = self._walk()
        self._wait: Wait = ("start", lambda: True)
        self._since = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._step)
        self._timer.start(BEAT_MS)

    def _step(self) -> None:
        name, holds = self._wait
        try:
            if holds():
                self._wait = next(self._steps)
                self._since = time.perf_counter()
            elif time.perf_counter() - self._since > LIMIT_S:
                self._leave(f"{name}: nothing for {LIMIT_S} s")
        except StopIteration:
            self._leave("")
        except (ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError):
            self._leave(traceback.format_exc())

    def _walk(self) -> Iterator[Wait]:
        yield "loading the plugin", lambda: "rsvlm" in plugins and iface.mainWindow().isVisible()
        self._found["start_s"] = qgis.utils.rsvlm_bench_seconds
        self._found["start_cpu_s"] = {name: float(text.rstrip("s")) for name, text in qgis.utils.plugin_times.items()}
        if not self._rounds:
            return
        self._plugin = plugins["rsvlm"]
        iface.mainWindow().setGeometry(iface.mainWindow().screen().availableGeometry())
        iface.addProject(os.environ["RSVLM_BENCH_PROJECT"])
        yield "drawing the map", lambda: iface.mapCanvas().layers() and not iface.mapCanvas().isDrawing()
        yield "settling", _after(IDLE_S)
        self._heart.phase("nothing asked for")
        yield "idling", _after(IDLE_S)
        yield from self._open()
        yield from self._preview()
        yield from self._describe("brief, first", 0, 1)
        self._found["first_word_s"] = yield from self._describe("brief", 0, self._rounds)
        yield from self._describe("detailed", 1, 1)
        yield from self._draw()

    def _open(self) -> Iterator[Wait]:
        self._heart.phase("dock opens")
        begin = time.perf_counter()
        _click(iface.rasterToolBar().widgetForAction(self._plugin.dock_action))
        self._found["dock_click_s"] = time.perf_counter() - begin
        self._dock = self._plugin.dock
        yield "looking at the map", self._has_seen
        self._found["thumbnail_cold_s"] = time.perf_counter() - begin
        self._heart.phase("")

    def _preview(self) -> Iterator[Wait]:
        self._heart.phase("map zoomed, preview")
        iface.mapCanvas().zoomByFactor(0.8)
        yield "noticing the map", lambda: self._dock.looking.seen is None
        yield "looking at the map again", self._has_seen
        self._heart.phase("")

    def _describe(self, name: str, style: int, rounds: int) -> Iterator[Wait]:
        """Returns the seconds from each click to the first words on the card."""
        first_words: List[float] = []
        self._dock.style_choice.setCurrentIndex(style)
        for _round in range(rounds):
            self._heart.phase(f"describing, {name}")
            begin = time.perf_counter()
            _click(self._dock.describe_button)
            card = self._dock.answers.cards[0]
            yield "first word", lambda card=card: card.text.text() or self._failed()
            first_words.append(time.perf_counter() - begin)
            yield "answer", lambda card=card: card.record is not None or self._failed()
            self._heart.phase("")
            yield "settling", _after(0.2)
        return first_words

    def _draw(self) -> Iterator[Wait]:
        """The same with a layer on top that the plugin has to draw and send as a picture."""
        top = QgsVectorLayer("Polygon?crs=EPSG:32632", "drawn", "memory")
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(iface.mapCanvas().extent().buffered(-100)))
        top.dataProvider().addFeature(feature)
        QgsProject.instance().addMapLayer(top)
        yield "drawing the map", _after(0.5)
        yield "looking at the drawn map", lambda: self._has_seen() and self._dock.looking.seen.drawn
        self._found["render_s"] = yield from self._render()
        self._found["first_word_drawn_s"] = yield from self._describe("drawn map", 0, self._rounds)

    def _render(self) -> Iterator[Wait]:
        """Returns the seconds that drawing the map and encoding it as PNG took."""
        from rsvlm.rsvlm_plugin.layers.fetching import Fetching

        taken: List[float] = []
        for _round in range(self._rounds):
            begin = time.perf_counter()
            fetching = Fetching(self._dock.place_row.place(), iface.mapCanvas().mapSettings(), self)
            fetched: List[float] = []
            fetching.fetched.connect(lambda _seen, b=begin, f=fetched: f.append(time.perf_counter() - b))
            yield "rendering", lambda f=fetched: f
            taken += fetched
            fetching.deleteLater()
        return taken

    def _has_seen(self) -> bool:
        return self._dock.looking.seen is not None or self._failed()

    def _failed(self) -> bool:
        """False; raises RuntimeError with what the dock says if it says that something went wrong."""
        error = self._dock.report.last_error
        if error is not None:
            raise RuntimeError(f"{error.message} {error.hint}\n{self._dock.report.diagnostics()}")
        return False

    def _leave(self, failure: str) -> None:
        self._timer.stop()
        self._found["failure"] = failure
        self._found["gaps_ms"], self._found["work_ms"] = self._heart.gaps_ms, self._heart.work_ms
        self._out.write_text(json.dumps(self._found), encoding="utf-8")
        QgsSettings().setValue("app/askToSaveMemoryLayers", False)
        QgsProject.instance().clear()
        QgsProject.instance().setDirty(False)
        QTimer.singleShot(0, iface.actionExit().trigger)


def _click(widget: Any) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def _after(seconds: float) -> Callable[[], bool]:
    until = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= until


rsvlm_session = Session(os.environ["RSVLM_BENCH_OUT"], int(os.environ.get("RSVLM_BENCH_ROUNDS", "0")))

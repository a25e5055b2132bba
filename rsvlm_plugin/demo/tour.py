"""The tour of the demo inside a real QGIS, run by `qgis --code`: opens the project RSVLM_DEMO_PROJECT and the dock.

If RSVLM_DEMO_OUT names a folder, it also clicks through two descriptions, leaves pictures, files and `tour.json` there
and closes QGIS.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Dict, Iterator

from qgis.core import QgsProject, QgsSettings
from qgis.PyQt.QtCore import QElapsedTimer, QObject, Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QWidget
from qgis.utils import iface, plugins

STEP_SECONDS = 120
STYLES = ("brief", "detailed")


class TourError(Exception):
    """The tour cannot go on; the text says at which step and why."""


class Tour(QObject):
    """Steps are a generator: each `yield` gives a question that is asked every 50 ms until the answer is true."""

    def __init__(self, out: str) -> None:
        super().__init__(iface.mainWindow())
        self._out = Path(out) if out else None
        self._steps = self._walk()
        self._until = lambda: True
        self._what = "start"
        self._clock = QElapsedTimer()
        self._clock.start()
        self._told: Dict[str, Any] = {"answers": [], "files": []}
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        self._timer.start(50)

    def _step(self) -> None:
        try:
            if not self._until():
                if self._clock.elapsed() > STEP_SECONDS * 1000:
                    raise TourError(f"{self._what}: nothing for {STEP_SECONDS} s")
                return
            self._what, self._until = next(self._steps)
            self._clock.restart()
        except StopIteration:
            self._leave("")
        except (TourError, OSError, KeyError, AttributeError) as error:
            self._leave(f"{type(error).__name__}: {error}")

    def _walk(self) -> Iterator[Any]:
        yield "loading the plugin", lambda: "rsvlm" in plugins and iface.mainWindow().isVisible()
        plugin = plugins["rsvlm"]
        if self._out is not None:
            iface.mainWindow().setGeometry(iface.mainWindow().screen().availableGeometry())
        iface.addProject(os.environ["RSVLM_DEMO_PROJECT"])
        yield "drawing the map", lambda: len(iface.mapCanvas().layers()) > 0 and not iface.mapCanvas().isDrawing()
        _click(iface.rasterToolBar().widgetForAction(plugin.dock_action))
        dock = plugin.dock
        yield "opening the dock", dock.isVisible
        if self._out is None:
            return
        yield "looking at the map", lambda: dock.looking.seen is not None or bool(dock.thumbnail.notice.text())
        self._picture("dock")
        for style in STYLES:
            dock.style_choice.setCurrentIndex(STYLES.index(style))
            _click(dock.describe_button)
            yield f"describing ({style})", lambda: _ended(dock)
            self._keep_answer(dock, style)
            yield "settling", _after(300)
            self._picture(style)
        card = dock.answers.cards[0]
        _click(card.findChild(QWidget, "rsvlm_card_layer"))
        yield "drawing the answer", _after(800)
        self._picture("layer")
        for suffix in ("shp", "gpkg"):
            self._export(dock, suffix)

    def _keep_answer(self, dock: Any, style: str) -> None:
        error = dock.report.last_error
        if error is not None:
            raise TourError(f"{error.message} {error.hint}\n{dock.report.diagnostics()}")
        record = dock.answers.cards[0].record
        self._told["answers"].append({"style": style, **record.answer.to_json()})

    def _export(self, dock: Any, suffix: str) -> None:
        path = self._out / f"answer.{suffix}"
        path.unlink(missing_ok=True)
        if not dock.answers.save(dock.answers.cards[0].record, str(path)):
            raise TourError(dock.report.last_error.message)
        self._told["files"].append(str(path))

    def _picture(self, name: str) -> None:
        path = self._out / f"{name}.png"
        if not iface.mainWindow().grab().save(str(path)):
            raise TourError(f"{path} could not be written")
        self._told["files"].append(str(path))

    def _leave(self, failure: str) -> None:
        self._timer.stop()
        if self._out is None and not failure:
            return
        if self._out is not None:
            self._told["failure"] = failure
            (self._out / "tour.json").write_text(json.dumps(self._told, indent=1), encoding="utf-8")
            # Unsaved changes and layers of a tour are nobody's: QGIS must not ask about them.
            QgsSettings().setValue("app/askToSaveMemoryLayers", False)
            QgsProject.instance().clear()
            QgsProject.instance().setDirty(False)
            QTimer.singleShot(0, iface.actionExit().trigger)


def _click(widget: QWidget) -> None:
    QTest.mouseClick(widget, Qt.MouseButton.LeftButton)


def _ended(dock: Any) -> bool:
    return dock.report.last_error is not None or dock.answers.cards[0].record is not None


def _after(milliseconds: int) -> Any:
    clock = QElapsedTimer()
    clock.start()
    return lambda: clock.elapsed() > milliseconds


rsvlm_tour = Tour(os.environ.get("RSVLM_DEMO_OUT", ""))

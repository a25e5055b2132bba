"""The dock at its narrowest, in light and dark, in both directions of writing, by keyboard alone; pictures are kept."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QPoint, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QPlainTextEdit, QWidget

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))
TEXT = "A village with a harbour beside a lake; fields and a wood lie behind the houses."


def record():
    from rsvlm.protocol import Answer, Evidence
    from rsvlm.rsvlm_plugin.layers.record import Record

    def square(x, side):
        ring = [[x, 5_318_000], [x + side, 5_318_000], [x + side, 5_318_000 + side], [x, 5_318_000 + side]]
        return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}

    evidence = [
        Evidence("tile", square(654_200 + 200 * number, 200), label, score, 40_008.0)
        for number, (label, score) in enumerate([("sparse residential area", 0.83), ("harbour", 0.77), ("forest", 0.4)])
    ]
    provenance = {
        "model": "compact", "revision": "7fa7b76d8158", "sources": ["/data/imagery/2025/ortho_village_after.tif"],
        "extent": [654_200.0, 5_318_000.0, 654_800.0, 5_318_600.0], "crs": "EPSG:32632", "gsd_m": 0.5, "device": "cpu",
        "created": "2026-11-20T14:02:03+01:00", "versions": {"rsvlm": "0.1.0", "torch": "2.13.0+cpu"},
    }  # fmt: skip
    answer = Answer(TEXT, evidence, provenance, {"total": 0.94}, ["Parts of the extent lie outside the raster."], 0.81)
    return Record("ortho_village_after", "detailed", square(654_200, 600), "EPSG:32632", False, answer)


@pytest.fixture
def narrow(slow_backend, dock, pause, wait):
    """The dock alone, as narrow as it goes, with one answer whose details are open."""
    card = dock.answers.begin("Map extent")
    dock.answers.keep(card, record())
    card.details_button.setChecked(True)
    dock.setFloating(True)
    dock.resize(320, 760)
    wait(lambda: not dock.thumbnail.picture.icon().isNull())
    pause(100)
    yield dock
    dock.setFloating(False)


def keep(widget: QWidget, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    assert widget.grab().save(str(SHOTS / f"{name}.png"))


def outside(dock) -> list:
    """Visible parts that reach past the edge of the dock."""
    content = dock.widget()
    found = []
    for part in content.findChildren(QWidget):
        if part.isVisible() and isinstance(part, (QAbstractButton, QComboBox, QLabel)):
            left = part.mapTo(content, QPoint(0, 0)).x()
            if left < 0 or left + part.width() > content.width():
                found.append((type(part).__name__, part.objectName(), left, part.width()))
    return found


def test_everything_fits_into_320_pixels(narrow):
    keep(narrow, "narrow-light")
    assert narrow.width() <= 330
    assert outside(narrow) == []


def test_a_dark_theme_leaves_every_word_readable(narrow, pause):
    before = QgsApplication.themeName()
    try:
        QgsApplication.setUITheme("Night Mapping")
        pause(300)
        keep(narrow, "narrow-dark")
        for label in narrow.widget().findChildren(QLabel):
            if label.isVisible() and label.text():
                words = label.palette().color(label.foregroundRole()).lightness()
                paper = label.palette().color(label.backgroundRole()).lightness()
                assert abs(words - paper) > 90, label.text()
        links = narrow.findChild(QLabel, "rsvlm_evidence")
        assert f"color: {links.palette().color(links.foregroundRole()).name()}" in links.text()
    finally:
        QgsApplication.setUITheme(before)


def test_the_other_direction_of_writing_fits_as_well(narrow, pause):
    try:
        QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        pause(200)
        keep(narrow, "narrow-rtl")
        assert outside(narrow) == []
    finally:
        QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)


def test_larger_letters_fit_as_well(narrow, pause):
    try:
        narrow.setStyleSheet("* { font-size: 13pt; }")
        pause(300)
        keep(narrow, "narrow-large")
        assert outside(narrow) == []
    finally:
        narrow.setStyleSheet("")


NOTE = "A graphics card was wanted, but it has only 0.2 GB of free memory."


def states() -> dict:
    from rsvlm.rsvlm_plugin.client import BackendState

    figures = {"revision": "7fa7b76d8158", "used_bytes": 400_000_000, "free_bytes": 3_000_000_000}
    ready = BackendState("ready", "cpu", "compact (bundled)", **figures)
    return {
        "stopped": BackendState("stopped"),
        "starting": BackendState("starting", detail="Loading the model"),
        "ready": ready,
        "gpu": replace(ready, device="cuda"),
        "fell-back": replace(ready, note=NOTE),
        "busy": replace(ready, kind="busy", running=1, waiting=12, note=NOTE),
        "failed": BackendState("failed", detail="The model process stopped several times in a row."),
    }


@pytest.mark.parametrize("theme", ["default", "Night Mapping"])
@pytest.mark.parametrize("width", [320, 640])
def test_status_line_tells_every_state_at_every_width(theme, width, narrow, pause):
    before = QgsApplication.themeName()
    line = narrow.status_line
    narrow._backend.watch(False)
    try:
        QgsApplication.setUITheme(theme)
        narrow.resize(width, 760)
        pause(300)
        for name, state in states().items():
            line.show_state(state)
            pause(50)
            keep(line, f"status-{name}-{width}-{theme.split()[0].lower()}")
            assert line.width() <= narrow.width() and outside(narrow) == []
            assert line.fontMetrics().horizontalAdvance(line.shown()) <= line.width()
            if state.model:
                assert " · co" in line.shown() and " 7fa7b76 " in line.shown(), line.shown()
            if width == 640:
                assert line.shown() == line.text()
        keep(narrow, f"dock-failed-{width}-{theme.split()[0].lower()}")
    finally:
        QgsApplication.setUITheme(before)
        line.show_state(narrow._backend.state)


def test_details_of_the_backend_are_one_click_away(narrow, iface, pause):
    QTest.mouseClick(narrow.status_line, Qt.MouseButton.LeftButton)
    dialog = iface.mainWindow().findChild(QWidget, "rsvlm_details")
    pause(200)
    keep(dialog, "details")
    said = dialog.findChild(QPlainTextEdit).toPlainText()
    for fact in ("Backend: ready", "Device: CPU", "7fa7b76d8158", "Requests: 0 running", "INFO: model loaded"):
        assert fact in said, said
    assert str(Path.home()) not in said
    dialog.close()


def test_every_button_can_be_reached_by_the_keyboard_and_has_a_name(narrow):
    buttons = [part for part in narrow.widget().findChildren(QAbstractButton) if part.isVisible()]
    assert len(buttons) > 10
    for button in buttons:
        assert button.focusPolicy() & Qt.FocusPolicy.TabFocus, button.objectName()
        assert button.accessibleName() or button.text(), button.objectName()


def test_tab_goes_from_where_to_the_button_to_the_answer(narrow):
    order, widget = [], narrow.place_row.findChild(object, "rsvlm_where_map")
    for _step in range(80):
        if widget.objectName().startswith("rsvlm_") and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            order.append(widget.objectName())
        widget = widget.nextInFocusChain()
    wanted = ["rsvlm_where_map", "rsvlm_where_selection", "rsvlm_thumbnail", "rsvlm_describe", "rsvlm_style",
              "rsvlm_card_zoom", "rsvlm_card_remove", "rsvlm_status"]  # fmt: skip
    places = [order.index(name) for name in wanted]
    assert places == sorted(places)

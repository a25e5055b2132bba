"""A result can be dragged out of its card."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsMimeDataUtils
from qgis.PyQt.QtCore import QEvent, QPointF, Qt
from qgis.PyQt.QtGui import QMouseEvent
from qgis.PyQt.QtWidgets import QPushButton


def test_what_is_dragged_is_the_file(written):
    from rsvlm.rsvlm_plugin.dock.dragging import mime_of

    made, _layer = written
    mime = mime_of(made)
    assert [url.toLocalFile() for url in mime.urls()] == [made.file]
    assert not QgsMimeDataUtils.isUriList(mime)


def moved(x: float) -> QMouseEvent:
    left = Qt.MouseButton.LeftButton
    return QMouseEvent(QEvent.Type.MouseMove, QPointF(x, 2), left, left, Qt.KeyboardModifier.NoModifier)


def test_only_a_long_pull_of_a_file_that_is_there_is_a_drag(written):
    from rsvlm.rsvlm_plugin.dock.dragging import DragOut

    made, _layer = written
    button = QPushButton()
    drag = DragOut(button, lambda: made)
    drag._pressed = moved(0).pos()
    assert not drag._is_drag(moved(1)) and drag._is_drag(moved(60))
    made.file = str(Path(made.file).with_name("gone.gpkg"))
    assert not drag._is_drag(moved(60))

"""A result can be dragged out of its card."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest
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


@pytest.fixture
def edited(written):
    """The record, what saves a deletion while the layer is edited, and another reader of its file."""
    made, layer = written
    reader = sqlite3.connect(made.file)
    layer.startEditing()
    reader.execute("SELECT count(*) FROM masks").fetchall()

    def delete_one() -> None:
        layer.deleteFeature(min(layer.allFeatureIds()))
        assert layer.commitChanges(False) and Path(f"{made.file}-wal").stat().st_size

    yield made, delete_one, reader
    reader.close()
    layer.rollBack()


def count_in_copy(file: str) -> int:
    """How many masks a copy of the file alone has."""
    from found_record import count_in

    return count_in(shutil.copy(file, str(Path(file).with_name("copy.gpkg"))))


def test_the_file_that_is_dragged_has_the_edits_that_were_saved(edited):
    from rsvlm.rsvlm_plugin.dock.dragging import mime_of

    made, delete_one, _reader = edited
    before = count_in_copy(made.file)
    delete_one()
    mime_of(made)
    assert count_in_copy(made.file) == before - 1


def test_a_file_that_lacks_saved_edits_is_not_dragged_and_why_is_said(edited):
    from rsvlm.rsvlm_plugin.dock.dragging import DragOut, mime_of

    made, delete_one, reader = edited
    before, button, refused = count_in_copy(made.file), QPushButton(), []
    drag = DragOut(button, lambda: made)
    drag.refused.connect(refused.append)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM masks").fetchall()
    delete_one()
    drag._pressed = moved(0).pos()
    assert drag.eventFilter(button, moved(60))
    assert refused[0].code == "busy" and f"not in {made.file} itself yet" in refused[0].message
    reader.rollback()
    mime_of(made)
    assert count_in_copy(made.file) == before - 1

"""The first minute: a dock without a backend leads to its setup, and describes when there is one."""

from __future__ import annotations

import os

from qgis.PyQt.QtCore import Qt, QTimer
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QApplication, QWidget


def test_dock_without_a_backend_opens_the_options_where_it_is_set_up(plugin, demo, wait, monkeypatch, tmp_path):
    from rsvlm.rsvlm_plugin.environment import locate, recipe
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    python = os.environ["RSVLM_PYTHON"]
    shared_process().stop()
    monkeypatch.setattr(locate, "plugin_folder", lambda: tmp_path)  # a clone without .venv
    assert recipe.plugin_folder() != tmp_path
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RSVLM_PYTHON")
    dock = plugin.show_dock()
    dock.looking.pause()
    dock.place_row.kind = "map"
    dock.looking.resume()
    wait(lambda: not dock.thumbnail.set_up_button.isHidden(), 20)
    assert dock.thumbnail.notice.text() == "The rsvlm backend is not installed yet."
    seen = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        page = dialog.findChild(QWidget, "rsvlm_options")
        dialog.reject()
        button = page.environment.install_button
        seen.append((button.text(), button.isEnabled(), page.isVisibleTo(dialog)))

    QTimer.singleShot(2000, look)
    QTest.mouseClick(dock.thumbnail.set_up_button, Qt.MouseButton.LeftButton)
    assert seen == [("Set Up Backend", True, True)]

    monkeypatch.setenv("RSVLM_PYTHON", python)  # what a setup leaves behind
    shared_process().ensure()
    wait(lambda: dock.looking.seen is not None, 60)
    assert dock.thumbnail.set_up_button.isHidden()
    shared_process().stop()

"""What the plugin adds to QGIS, and that nothing of it stays."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from qgis.core import QgsApplication, QgsSettings
from qgis.PyQt.QtCore import QEvent, Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction, QApplication, QDockWidget
from qgis.utils import loadPlugin, plugins, startPlugin, unloadPlugin

ACTIONS = ["rsvlm_describe_layer", "rsvlm_help", "rsvlm_open_demo", "rsvlm_save_result", "rsvlm_toggle_dock"]


def children() -> set:
    """Child processes of QGIS that are still running."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            _pid, _name, state, parent = entry.read_text().replace(") ", ")\0", 1).replace("\0", " ").split(" ")[:4]
        except (OSError, ValueError):
            continue
        if int(parent) == os.getpid() and state != "Z":
            found.add(entry.parent.name)
    return found


def layer_menu(iface, layer) -> list:
    iface.setActiveLayer(layer)
    menu = iface.layerTreeView().menuProvider().createContextMenu()
    return [action.objectName() for action in menu.actions() if action.objectName().startswith("rsvlm")]


def footprint(iface) -> dict:
    """Everything in QGIS that a plugin can leave behind."""
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    window = iface.mainWindow()
    return {
        "docks": sorted(dock.objectName() for dock in window.findChildren(QDockWidget)),
        "actions": sorted(a.objectName() for a in window.findChildren(QAction) if a.objectName().startswith("rsvlm")),
        "raster toolbar": len(iface.rasterToolBar().actions()),
        "raster menu": [action.text() for action in iface.rasterMenu().actions()],
        "help menu": len(iface.pluginHelpMenu().actions()),
        "providers": sorted(provider.id() for provider in QgsApplication.processingRegistry().providers()),
        "map items": len(iface.mapCanvas().scene().items()),
        "map tool": iface.mapCanvas().mapTool(),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "children": children(),
        "tasks": QgsApplication.taskManager().countActiveTasks(),
        "messages": len(iface.messageBar().items()),
        "widgets": sorted(widget.objectName() for widget in QApplication.allWidgets() if "rsvlm" in widget.objectName()),
    }  # fmt: skip


def test_three_times_load_use_unload_leave_nothing(iface, plugin, demo, slow_backend, wait, pause):
    unloadPlugin("rsvlm")
    pause(300)
    before = footprint(iface)
    layer = next(iter(demo.mapLayers().values()))
    for _round in range(3):
        loadPlugin("rsvlm")
        startPlugin("rsvlm")
        made = plugins["rsvlm"]
        assert footprint(iface)["actions"] == ACTIONS
        assert layer_menu(iface, layer) == ["rsvlm_describe_layer"]
        dock = made.show_dock()
        wait(lambda dock=dock: dock.looking.seen is not None)
        dock.describe()
        QTest.mouseClick(dock.place_row.findChild(object, "rsvlm_where_drawn"), Qt.MouseButton.LeftButton)
        assert iface.mapCanvas().mapTool() is not before["map tool"]
        wait(lambda dock=dock: dock.answers.cards[0].text.text())
        unloadPlugin("rsvlm")
        pause(300)
        assert footprint(iface) == before
        assert layer_menu(iface, layer) == []


def test_loading_costs_little(plugin, pause):
    unloadPlugin("rsvlm")
    pause(100)
    QgsSettings().setValue("rsvlm/dock/visible", False)
    begin = time.process_time()
    loadPlugin("rsvlm")
    startPlugin("rsvlm")
    milliseconds = 1000 * (time.process_time() - begin)
    print(f"plugin start: {milliseconds:.0f} ms")
    assert plugins["rsvlm"].dock is None
    assert milliseconds < 150


def test_the_toolbar_button_opens_and_closes_the_dock_and_follows_it(plugin, iface, pause):
    button = iface.rasterToolBar().widgetForAction(plugin.dock_action)
    if plugin.dock is not None:
        plugin.dock.close()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert plugin.dock.isVisible() and plugin.dock_action.isChecked()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not plugin.dock.isVisible() and not plugin.dock_action.isChecked()
    assert QgsSettings().value("rsvlm/dock/visible", type=bool) is False
    plugin.dock_action.trigger()
    plugin.dock.close()
    assert not plugin.dock_action.isChecked()


def test_the_shortcut_belongs_to_nobody_else(plugin, iface):
    shortcut = plugin.dock_action.shortcut().toString()
    others = [a.text() for a in iface.mainWindow().findChildren(QAction)
              if a is not plugin.dock_action and a.shortcut().toString() == shortcut]  # fmt: skip
    assert shortcut and others == []

"""Layers of the plugin can be saved from their menu, whenever it turns out that they are its own."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtWidgets import QMainWindow


class Menus:
    """What QGIS's window is told of menus of layers: names of those that the action is for."""

    def __init__(self) -> None:
        self.window, self.offered, self.left = QMainWindow(), [], 1

    def mainWindow(self) -> QMainWindow:  # noqa: N802 (QGIS's names, here and below)
        return self.window

    def addCustomActionForLayerType(self, *_what: object) -> None:  # noqa: N802
        pass

    def addCustomActionForLayer(self, _action: object, layer: QgsVectorLayer) -> None:  # noqa: N802
        self.offered.append(layer.name())

    def removeCustomActionForLayerType(self, _action: object) -> bool:  # noqa: N802
        self.left -= 1
        return self.left >= 0


@pytest.fixture
def menus(qgis_new_project):
    return Menus()


def layer_in_project(name: str, key: str = "") -> QgsVectorLayer:
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", name, "memory")
    if key:
        layer.setCustomProperty("rsvlm/result", key)
    QgsProject.instance().addMapLayer(layer)
    return layer


def test_save_is_offered_for_layers_that_are_known_as_results_before_at_once_and_later(menus):
    from rsvlm.rsvlm_plugin.dock.result_actions import ResultActions

    layer_in_project("before", "a")
    already = layer_in_project("there already")
    actions = ResultActions(menus)
    layer_in_project("at once", "b")
    later, other = layer_in_project("later"), layer_in_project("somebody's")
    assert menus.offered == ["before", "at once"]
    later.setCustomProperty("rsvlm/result", "c")  # as Processing does once the layer is in the project
    other.setCustomProperty("theirs", "d")
    already.setCustomProperty("rsvlm/result", "e")
    assert menus.offered == ["before", "at once", "later", "there already"]
    actions.dispose()
    other.setCustomProperty("rsvlm/result", "f")
    layer_in_project("after", "g")
    assert menus.offered == ["before", "at once", "later", "there already"]

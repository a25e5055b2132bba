"""What the context menu of a result layer offers, with the dock open or not."""

from __future__ import annotations

from typing import Iterable, Iterator, Optional

from qgis.core import QgsMapLayer, QgsMapLayerType, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtWidgets import QAction

from ..layers.results import RESULT_PROPERTY, is_result
from ..translation import tr
from . import icons


class ResultActions(QObject):
    """Adds “Save Result as…” to layers that the plugin made."""

    def __init__(self, iface: QgisInterface, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._project = QgsProject.instance()
        self.save_action = QAction(icons.theme("mActionFileSaveAs"), tr("Save Result as…"), iface.mainWindow())
        self.save_action.setObjectName("rsvlm_save_result")
        self.save_action.triggered.connect(self._save)
        iface.addCustomActionForLayerType(self.save_action, "", QgsMapLayerType.VectorLayer, False)
        self._project.layersAdded.connect(self._offer)
        self._offer(self._project.mapLayers().values())

    def dispose(self) -> None:
        """Take it out of all menus."""
        self._project.layersAdded.disconnect(self._offer)
        for layer in _vectors(self._project.mapLayers().values()):
            layer.customPropertyChanged.disconnect(self._offer_told)
        while self._iface.removeCustomActionForLayerType(self.save_action):
            continue
        self.save_action.deleteLater()

    def _offer(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in _vectors(layers):
            layer.customPropertyChanged.connect(self._offer_told)
            if is_result(layer):
                self._iface.addCustomActionForLayer(self.save_action, layer)

    def _offer_told(self, name: str) -> None:
        """Processing says whose a layer is once it is in the project."""
        if name == RESULT_PROPERTY and is_result(self.sender()):
            self._iface.addCustomActionForLayer(self.save_action, self.sender())

    def _save(self) -> None:
        from .export_dialog import ExportDialog  # not at the top: QGIS starts with this module

        layer = self._iface.activeLayer()
        if isinstance(layer, QgsVectorLayer):
            ExportDialog(layer, self._iface).show()


def _vectors(layers: Iterable[QgsMapLayer]) -> Iterator[QgsVectorLayer]:
    return (layer for layer in layers if isinstance(layer, QgsVectorLayer))

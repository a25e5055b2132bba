"""Choose one layer or group of the layer tree."""

from __future__ import annotations

from typing import List, Optional, Tuple, Union

from qgis.core import QgsIconUtils, QgsLayerTree, QgsLayerTreeGroup, QgsLayerTreeNode, QgsMapLayer, QgsProject
from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ...protocol import RsvlmError
from ..layers.results import is_result
from ..translation import tr
from . import icons
from .wheel import leave_to_scrolling

# Groups have no ids, and two in one group may share a name: (name, which of that name) from the root down.
Path = Tuple[Tuple[str, int], ...]


class LayerChoice(QComboBox):
    """Layers and groups as they stand in the layer tree; the plugin's own results are left out."""

    chosen = pyqtSignal()

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Layer to look at"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        leave_to_scrolling(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self.refill)
        self._tree = QgsProject.instance().layerTreeRoot()
        for signal in (self._tree.addedChildren, self._tree.removedChildren, self._tree.nameChanged):
            signal.connect(self._refill_soon)
        self.activated.connect(self._choose)
        self.refill()

    def node(self) -> Optional[Union[QgsMapLayer, QgsLayerTreeGroup]]:
        """The chosen layer or group, None where the tree is empty."""
        key = self.currentData()
        if key is None:
            return None
        kind, where = key
        if kind == "layer":
            return QgsProject.instance().mapLayer(where)
        return self._group(where)

    def choose_layer(self, layer: QgsMapLayer) -> None:
        """Make the layer the chosen one. Raises RsvlmError bad_extent for one that is not among those that can be looked at."""
        self.refill()
        index = self._index_of(("layer", layer.id()))
        if index < 0:
            raise RsvlmError(
                "bad_extent",
                tr("“{name}” holds nothing to look at: it has no geometry, or was found by rsvlm.").format(
                    name=layer.name()
                ),
                tr("Choose a raster, or a layer of your own."),
            )
        self.setCurrentIndex(index)

    def refill(self) -> None:
        """Read the layer tree again and keep the choice where it still exists."""
        before = self.currentData()
        self.blockSignals(True)
        self.clear()
        self._add_children(self._tree, ())
        index = self._index_of(before)
        self.setCurrentIndex(index if index >= 0 else 0)
        self.blockSignals(False)
        if self.currentData() != before:
            self.chosen.emit()

    def dispose(self) -> None:
        """Let go of the layer tree."""
        self._soon.stop()
        for signal in (self._tree.addedChildren, self._tree.removedChildren, self._tree.nameChanged):
            signal.disconnect(self._refill_soon)

    def _refill_soon(self, *_what: object) -> None:
        self._soon.start()

    def _choose(self, _index: int) -> None:
        self.chosen.emit()

    def _index_of(self, key: object) -> int:
        return next((index for index in range(self.count()) if self.itemData(index) == key), -1)

    def _group(self, path: Path) -> Optional[QgsLayerTreeGroup]:
        """The group at the end of a path of (name, which of that name), None where it is gone."""
        group = self._tree
        for name, number in path:
            named = [child for child in group.children() if QgsLayerTree.isGroup(child) and child.name() == name]
            if number >= len(named):
                return None
            group = named[number]
        return group

    def _add_children(self, parent: QgsLayerTreeNode, path: Path) -> None:
        names: List[str] = []
        for child in parent.children():
            if QgsLayerTree.isLayer(child):
                layer = child.layer()
                if layer is not None and layer.isSpatial() and not is_result(layer):
                    self._add(len(path), layer.name(), QgsIconUtils.iconForLayer(layer), ("layer", layer.id()))
                continue
            below = (*path, (child.name(), names.count(child.name())))
            names.append(child.name())
            if any(node.layer() and not is_result(node.layer()) for node in child.findLayers()):
                self._add(len(path), child.name(), icons.theme("mActionFolder"), ("group", below))
                self._add_children(child, below)

    def _add(self, depth: int, name: str, icon: object, key: object) -> None:
        self.addItem(icon, "    " * depth + name, key)
        self.setItemData(self.count() - 1, name, Qt.ItemDataRole.ToolTipRole)

"""The row that says where to look: map extent, layer, drawn rectangle, selected polygon."""

from __future__ import annotations

from typing import Dict, Optional

from qgis.core import QgsLayerTreeGroup, QgsMapLayer, QgsProject, QgsRectangle, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QResizeEvent
from qgis.PyQt.QtWidgets import QButtonGroup, QGridLayout, QLabel, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from ...protocol import RsvlmError
from ..canvas.outline import Outline
from ..canvas.rectangle import RectangleDrawing
from ..layers import place as places
from ..layers.results import is_result
from ..translation import tr
from . import icons
from .layer_choice import LayerChoice


class PlaceRow(QWidget):
    """Emits `changed` when another place is meant; the map may change what a place holds without it."""

    changed = pyqtSignal()

    def __init__(self, iface: QgisInterface, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._rectangle: Optional[QgsRectangle] = None
        self._rectangle_crs = self._canvas.mapSettings().destinationCrs()
        self._outline = Outline(self._canvas)
        self._lender = ""  # id of the layer whose selection was meant last
        self._drawing = RectangleDrawing(self._canvas, self)
        self._drawing.drawn.connect(self._take_rectangle)
        self._drawing.ended.connect(self._drawing_ended)
        self._buttons: Dict[str, QToolButton] = {}
        self._build()
        self.kind = "map"

    def _build(self) -> None:
        words = {
            "map": (tr("Map"), tr("What the map shows now"), icons.theme("extents")),
            "layer": (tr("Layer"), tr("All of one layer or group"), icons.theme("mActionAddLayer")),
            "drawn": (tr("Draw"), tr("Draw a rectangle on the map"), icons.theme("mActionRectangleExtent")),
            "selection": (
                tr("Selection"),
                tr("The selected polygons of the current layer"),
                icons.theme("mActionSelectRectangle"),
            ),
        }
        self._grid = QGridLayout()
        self._grid.setSpacing(2)
        group = QButtonGroup(self)
        group.setExclusive(True)
        for kind, (label, tip, _icon) in words.items():
            button = QToolButton()
            button.setText(label)
            button.setToolTip(tip)
            button.setAccessibleName(label)
            button.setAccessibleDescription(tip)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.setObjectName(f"rsvlm_where_{kind}")
            button.clicked.connect(lambda _checked, kind=kind: self._clicked(kind))
            group.addButton(button)
            button.setMinimumWidth(1)  # `resizeEvent` breaks the row before a word is cut
            self._buttons[kind] = button
        self._arrange(len(words))
        self.layer_choice = LayerChoice()
        self.layer_choice.chosen.connect(self._layer_chosen)
        self._hint = QLabel(tr("Drag a rectangle on the map; Esc gives up."))
        self._hint.setWordWrap(True)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._grid)
        box.addWidget(self.layer_choice)
        box.addWidget(self._hint)
        self._hint.hide()

    @property
    def kind(self) -> str:
        """Which place is meant: one of place.KINDS."""
        return self._kind

    @kind.setter
    def kind(self, kind: str) -> None:
        self._kind = kind
        self._buttons[kind].setChecked(True)
        self.layer_choice.setVisible(kind == "layer")
        self._hint.hide()
        if kind == "drawn" and self._rectangle is not None:
            self._outline.show(self.place().outline(), self._rectangle_crs)
        else:
            self._outline.clear()
        self.changed.emit()

    def place(self) -> places.Place:
        """The place as it is now. Raises RsvlmError bad_extent where there is nothing to point at."""
        if self._kind == "layer":
            node = self.layer_choice.node()
            if node is None:
                raise RsvlmError(
                    "bad_extent", tr("The project has no layer yet."), tr("Add a raster to the map to begin.")
                )
            if isinstance(node, QgsLayerTreeGroup):
                return places.whole_group(node, self._canvas)
            return places.whole_layer(node, self._canvas)
        if self._kind == "selection":
            return places.selection(self._lending(), self._canvas)
        if self._kind == "drawn":
            if self._rectangle is None:
                raise RsvlmError("bad_extent", tr("No rectangle is drawn yet."), tr("Drag one on the map."))
            return places.rectangle(self._rectangle, self._rectangle_crs, self._canvas)
        return places.map_extent(self._canvas)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 (Qt's name)
        super().resizeEvent(event)
        widest = max(button.sizeHint().width() for button in self._buttons.values())
        self._arrange(4 if 4 * (widest + self._grid.spacing()) <= self.width() else 2)

    def _arrange(self, columns: int) -> None:
        """One row of four, or two of two where the words are long."""
        for number, button in enumerate(self._buttons.values()):
            self._grid.addWidget(button, number // columns, number % columns)
        for column in range(len(self._buttons)):
            self._grid.setColumnStretch(column, 1 if column < columns else 0)

    def choose_layer(self, layer: QgsMapLayer) -> None:
        """Look at this layer. Raises RsvlmError bad_extent where that cannot be."""
        self.layer_choice.choose_layer(layer)
        self.kind = "layer"

    def forget(self) -> None:
        """Back to the map extent, for another project."""
        self._drawing.stop()
        self._rectangle = None
        self._lender = ""
        self.kind = "map"

    def dispose(self) -> None:
        """Take everything off the map."""
        self._drawing.blockSignals(True)
        self._drawing.stop()
        self._outline.dispose()
        self.layer_choice.dispose()

    def _lending(self) -> Optional[QgsMapLayer]:
        """The current layer. A result, made current by Find, leaves the selection to the layer before until it has one itself."""
        layer = self._iface.activeLayer()
        before = QgsProject.instance().mapLayer(self._lender)
        is_unselected = isinstance(layer, QgsVectorLayer) and not layer.selectedFeatureCount()
        if before is not None and is_unselected and is_result(layer):
            return before
        self._lender = layer.id() if layer is not None else ""
        return layer

    def _clicked(self, kind: str) -> None:
        if kind == "drawn":
            self._buttons["drawn"].setChecked(True)
            self.layer_choice.hide()
            self._hint.show()
            self._drawing.start()
            return
        self._drawing.stop()
        self.kind = kind

    def _take_rectangle(self, extent: QgsRectangle) -> None:
        self._rectangle = extent
        self._rectangle_crs = self._canvas.mapSettings().destinationCrs()
        self.kind = "drawn"

    def _drawing_ended(self) -> None:
        if self._buttons["drawn"].isChecked():
            self.kind = "drawn" if self._rectangle is not None else "map"

    def _layer_chosen(self) -> None:
        if self._kind == "layer":
            self.changed.emit()

"""Masks and boxes stay measured: what an edit touches has its area and perimeter anew, in the same step where there can be one.

Knows layers and the project; nothing of answers and widgets.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import Dict, Iterable, Iterator, List, Optional, Set, Tuple

from qgis.core import (
    NULL,
    QgsDistanceArea,
    QgsFeatureRequest,
    QgsGeometry,
    QgsMapLayer,
    QgsProject,
    QgsVectorLayer,
    QgsVectorLayerEditPassthrough,
    QgsVectorLayerUndoCommandChangeAttribute,
)
from qgis.PyQt.QtCore import QObject

from ..translation import tr
from .results import is_result

try:
    from qgis.PyQt.QtGui import QUndoCommand  # Qt 6
except ImportError:
    from qgis.PyQt.QtWidgets import QUndoCommand

COLUMNS = ("area_m2", "perimeter_m", "count")  # of layers of masks or boxes
SAME = 1e-6  # of a number: less is another way to calculate it

Change = Tuple[int, int, object, object]  # id of a feature, index of a field, value by now, value before


def measured(shape: QgsGeometry, measure: QgsDistanceArea) -> Tuple[object, object]:
    """m² and m of a polygon; NULL without one."""
    if shape.isEmpty():
        return NULL, NULL
    return measure.measureArea(shape), measure.measurePerimeter(shape)


def along_ellipsoid(layer: QgsVectorLayer) -> QgsDistanceArea:
    """Measures what is in the layer's CRS on the ellipsoid of that, whatever the project has set."""
    measure = QgsDistanceArea()
    measure.setSourceCrs(layer.crs(), QgsProject.instance().transformContext())
    measure.setEllipsoid(layer.crs().ellipsoidAcronym())
    return measure


class Measuring(QObject):
    """Follows the edits of one layer, whose child it is.

    QGIS's tools make an edit command of each edit: the numbers join it. In a transaction, which writes each edit at once and lets
    nothing join it, they are the next step. What a script does without one is measured just before it is saved.
    """

    def __init__(self, layer: QgsVectorLayer) -> None:
        super().__init__(layer)
        self._layer = layer
        self._step: Set[int] = set()  # what the open edit command has touched
        self._beside: Set[int] = set()  # what was touched without one: by a script, by undo and redo
        self._kept: List[_Numbers] = []  # what Python has of them: Qt's stack holds the rest only
        self.trusts = False  # whether what changes now comes with its numbers
        self._links = (
            (layer.geometryChanged, self._touch),
            (layer.featureAdded, self._add),
            (layer.editCommandEnded, self._end),
            (layer.editCommandDestroyed, self._drop),
            (layer.beforeCommitChanges, self._save),
            (layer.editingStopped, self._forget),
        )
        for signal, slot in self._links:
            signal.connect(slot)

    def dispose(self) -> None:
        """Follow no more."""
        for signal, slot in self._links:
            signal.disconnect(slot)
        self.setParent(None)

    def _touch(self, number: int, _shape: Optional[QgsGeometry] = None) -> None:
        if not self.trusts:
            (self._step if self._layer.isEditCommandActive() else self._beside).add(number)

    def _add(self, number: int) -> None:
        if self._is_new(number):  # else it has just been saved, under the number that the file gave it
            self._touch(number)

    def _is_new(self, number: int) -> bool:
        """Whether a feature may not be saved yet: in a transaction any, which there has the file's number at once."""
        return number < 0 or self._in_transaction()

    def _in_transaction(self) -> bool:
        return isinstance(self._layer.editBuffer(), QgsVectorLayerEditPassthrough)

    def _drop(self) -> None:
        """What the step has brought is gone again."""
        self._step.clear()

    def _end(self) -> None:
        changes = self._changes(self._step)
        self._step.clear()
        if changes and self._in_transaction():
            self._write(changes)
        elif changes:
            stack = self._layer.undoStack()
            self._kept.append(_Numbers(self._layer, changes, stack.command(stack.index() - 1)))
            self._kept[-1].redo()

    def _save(self) -> None:
        changes = self._changes(self._beside)
        self._beside.clear()
        if changes:
            self._write(changes)

    def _write(self, changes: Iterable[Change]) -> None:
        """In a step of its own."""
        self._layer.beginEditCommand(tr("Measure features"))
        for number, at, value, _before in changes:
            self._layer.changeAttributeValue(number, at, value)
        self._layer.endEditCommand()

    def _forget(self) -> None:
        """The undo stack is empty."""
        self._beside.clear()
        self._kept.clear()

    def _changes(self, touched: Iterable[int]) -> List[Change]:
        """What these features' numbers have to be, where they are not; nothing for those that are no more."""
        layer, numbers = self._layer, list(touched)
        if not numbers or not self._known():
            return []
        columns = [layer.fields().lookupField(name) for name in COLUMNS]
        measure, changes = along_ellipsoid(layer), []
        request = QgsFeatureRequest().setFilterFids(numbers).setSubsetOfAttributes(columns)
        for item in layer.getFeatures(request):
            area, perimeter = measured(item.geometry(), measure)
            count = 1 if self._is_new(item.id()) and item["count"] == NULL else item["count"]
            for at, value in zip(columns, (area, perimeter, count)):
                if not _same(value, item[at]):
                    changes.append((item.id(), at, value, item[at]))
        return changes

    def _known(self) -> bool:
        """Whether the layer is the plugin's own and measured: not where it was found in a picture without a place."""
        if not (is_result(self._layer) and _has_columns(self._layer) and self._layer.crs().isValid()):
            return False
        provider = self._layer.dataProvider()
        request = (
            QgsFeatureRequest().setFilterExpression('"area_m2" IS NOT NULL').setFlags(QgsFeatureRequest.NoGeometry)
        )
        return next(provider.getFeatures(request.setLimit(1)), None) is not None or provider.featureCount() == 0


class _Numbers(QUndoCommand):
    """The last part of a step that is on the undo stack already: undone first, redone last."""

    def __init__(self, layer: QgsVectorLayer, changes: Iterable[Change], step: QUndoCommand) -> None:
        super().__init__(step)
        buffer = layer.editBuffer()
        self._parts = [QgsVectorLayerUndoCommandChangeAttribute(buffer, *change) for change in changes]

    def redo(self) -> None:
        for part in self._parts:
            part.redo()

    def undo(self) -> None:
        for part in reversed(self._parts):
            part.undo()


class ProjectMeasuring(QObject):
    """Has every layer of masks or boxes measured that the project has or gets, be it made now or opened again."""

    def __init__(self, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._project = QgsProject.instance()
        self._following: Dict[str, Measuring] = {}  # by the layer's id: nobody else holds Python's part of them
        self._project.layersAdded.connect(self._follow)
        self._project.layersRemoved.connect(self._leave)
        self._follow(self._project.mapLayers().values())

    def dispose(self) -> None:
        """Let go of the project and its layers."""
        self._project.layersAdded.disconnect(self._follow)
        self._project.layersRemoved.disconnect(self._leave)
        for measuring in self._following.values():
            measuring.dispose()
        self._following.clear()

    def _follow(self, layers: Iterable[QgsMapLayer]) -> None:
        for layer in layers:
            # Whose layer it is, is asked with each edit: Processing tells it only later.
            if isinstance(layer, QgsVectorLayer) and _has_columns(layer):
                self._following[layer.id()] = Measuring(layer)

    def _leave(self, numbers: Iterable[str]) -> None:
        """The layers are gone."""
        for number in numbers:
            self._following.pop(number, None)


def _has_columns(layer: QgsVectorLayer) -> bool:
    return all(layer.fields().lookupField(name) >= 0 for name in COLUMNS)


@contextmanager
def trusted(layer: QgsMapLayer) -> Iterator[None]:
    """What is changed in the layer meanwhile comes with its numbers: nobody measures it."""
    following = layer.findChildren(Measuring)
    for measuring in following:
        measuring.trusts = True
    try:
        yield
    finally:
        for measuring in following:
            measuring.trusts = False


def _same(one: object, other: object) -> bool:
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return abs(one - other) <= SAME * abs(other) if numbers else one == other

"""What was found, in the layer tree: one group for each request, below the plugin's own, removable in one click."""

from __future__ import annotations

from pathlib import Path
from typing import List, Optional, Sequence

from qgis.core import (
    QgsExpression,
    QgsFeatureRequest,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)

from ...protocol import RsvlmError
from ..translation import tr
from . import results
from .found_file import PLACE, table_source
from .record import Record
from .results import RESULT_PROPERTY

NAME_LETTERS = 60


def add_found(record: Record) -> QgsVectorLayer:
    """Put the layers of the record's file into a group of their own and return that of the masks or boxes.

    Raises RsvlmError (not_found) where the file is gone.
    """
    project = QgsProject.instance()
    found = _opened(record, record.style, layer_name(record))
    place = _opened(record, PLACE, tr("What was looked at"))
    group = results.group(project).insertGroup(0, group_name(record))
    for layer in (found, place):
        project.addMapLayer(layer, False)
        group.addLayer(layer)
    group.findLayer(place).setExpanded(False)
    group.findLayer(found).setCustomProperty("showFeatureCount", True)
    return found


def opened(record: Record) -> QgsVectorLayer:
    """The layer of the record's masks or boxes: the project's own, or the file opened. Raises RsvlmError (not_found)."""
    return found_layer(record) or _opened(record, record.style, layer_name(record))


def labelled(layer: QgsVectorLayer, label: str, most: int) -> List[int]:
    """The ids of at most so many features of one label."""
    request = QgsFeatureRequest().setFilterExpression(_of_label(label))
    request.setFlags(QgsFeatureRequest.NoGeometry).setNoAttributes().setLimit(most)
    return [feature.id() for feature in layer.getFeatures(request)]


def box_of(layer: QgsVectorLayer, label: str) -> QgsRectangle:
    """Around all features of one label, in the layer's CRS."""
    request = QgsFeatureRequest().setFilterExpression(_of_label(label))
    box = QgsRectangle()
    for feature in layer.getFeatures(request.setNoAttributes()):
        box.combineExtentWith(feature.geometry().boundingBox())
    return box


def nearest_phrase(layer: QgsVectorLayer, point: QgsPointXY, phrases: Sequence[str]) -> Optional[str]:
    """Which of the phrases the feature next to a point, in the layer's CRS, was found by; None where there is none."""
    here, extent = QgsGeometry.fromPointXY(point), layer.extent()
    extent.include(point)
    far = max(extent.width(), extent.height())
    reach = far / 64
    while True:
        around = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
        near = [
            (item.geometry().distance(here), str(item["phrase"]))
            for item in layer.getFeatures(around)
            if item["phrase"] in phrases
        ]
        distance, phrase = min(near, default=(reach, None))
        if reach >= far or (phrase and distance <= reach):
            return phrase
        reach *= 4


def found_layer(record: Record) -> Optional[QgsVectorLayer]:
    """The layer of the record's masks or boxes, None where the project does not have it (any more)."""
    for layer in QgsProject.instance().mapLayers().values():
        named = f"layername={record.style}" in layer.source()
        if layer.customProperty(RESULT_PROPERTY, "") == record.key and named:
            return layer
    return None


def group_name(record: Record) -> str:
    """What was asked, of which place, when."""
    return " · ".join(part for part in (_asked(record), record.name, record.created().toString("HH:mm")) if part)


def layer_name(record: Record) -> str:
    """What the layer of masks or boxes is called in the layer tree."""
    words = tr("{phrases} (boxes)") if record.style == "boxes" else tr("{phrases} (masks)")
    return words.format(phrases=_asked(record))


def _of_label(label: str) -> str:
    """An expression; features that were drawn by hand have NULL for the empty label."""
    same = QgsExpression.createFieldEqualityExpression("label", label)
    return same if label else f'{same} OR "label" IS NULL'


def _asked(record: Record) -> str:
    asked = ", ".join(record.phrases)
    return asked if len(asked) <= NAME_LETTERS else asked[: NAME_LETTERS - 1] + "…"


def _opened(record: Record, table: str, name: str) -> QgsVectorLayer:
    if not Path(record.file).is_file():
        raise RsvlmError(
            "not_found",
            tr("The file of this layer is gone: {path}").format(path=record.file),
            tr("Put it back, or ask again."),
        )
    layer = QgsVectorLayer(table_source(record.file, table), name, "ogr")
    if not layer.isValid():
        raise RsvlmError(
            "not_found",
            tr("{path} cannot be opened as a layer.").format(path=record.file),
            tr("Ask again to have the layer made anew."),
        )
    layer.setCustomProperty(RESULT_PROPERTY, record.key)
    return layer

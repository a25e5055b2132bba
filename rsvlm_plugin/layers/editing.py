"""Changes to a layer of masks or boxes that can be undone: each is one step of the layer's own undo stack."""

from __future__ import annotations

from typing import Sequence

from qgis.core import QgsGeometry, QgsPointXY, QgsRectangle, QgsVectorLayer

from ...protocol import RsvlmError
from ..translation import tr
from . import found
from .joining import joined
from .record import Record

OF_SHAPE = ("score", "area_m2", "perimeter_m", "model", "revision")  # what changes with a feature's shape


def add_part(layer: QgsVectorLayer, record: Record, point: QgsPointXY, phrases: Sequence[str]) -> bool:
    """What the record's answer found at the point, of one phrase, joins the features it touches; whether that changes anything.

    phrases: whose features share no area. Raises RsvlmError (forbidden) for a locked layer.
    """
    parts = list(found.features(record, layer.fields()))
    part = parts[0]
    part.setGeometry(QgsGeometry.unaryUnion([item.geometry() for item in parts]))
    _finish_steps(layer)
    made = joined(layer, part, point, phrases)
    if not made:
        return False
    open_edits(layer)
    layer.beginEditCommand(tr("Add feature") if made.added else tr("Grow feature"))
    layer.addFeatures(made.added)
    layer.deleteFeatures(made.gone)
    for number, feature in made.changed.items():
        layer.changeGeometry(number, feature.geometry())
        layer.changeAttributeValues(number, {at: feature[at] for at in map(layer.fields().lookupField, OF_SHAPE)})
    layer.endEditCommand()
    layer.triggerRepaint()
    return True


def reject_at(layer: QgsVectorLayer, point: QgsPointXY, reach: float) -> bool:
    """Take the smallest feature at the point (in the layer's CRS) away; whether there was one. reach: in its units.

    Raises RsvlmError (forbidden) for a locked layer.
    """
    _finish_steps(layer)
    around = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
    hit = [item for item in layer.getFeatures(around) if item.geometry().intersects(around)]
    if not hit:
        return False
    open_edits(layer)
    layer.beginEditCommand(tr("Reject feature"))
    layer.deleteFeature(min(hit, key=lambda item: item.geometry().area()).id())
    layer.endEditCommand()
    layer.triggerRepaint()
    return True


def _finish_steps(layer: QgsVectorLayer) -> None:
    """Have one that is being written (see Replacing) make way, else what is looked up might be gone before it is changed."""
    if layer.isEditCommandActive():
        layer.beginEditCommand("")
        layer.destroyEditCommand()


def open_edits(layer: QgsVectorLayer) -> None:
    """Have the layer edited. Raises RsvlmError (forbidden) for a locked layer."""
    if not layer.isEditable() and not layer.startEditing():
        raise RsvlmError(
            "forbidden",
            tr("“{layer}” cannot be edited.").format(layer=layer.name()),
            tr("Its file may be read-only or open elsewhere: save it under another name first."),
        )

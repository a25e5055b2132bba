"""Changes to a layer of masks or boxes that can be undone: each is one step of the layer's own undo stack."""

from __future__ import annotations

from qgis.core import QgsPointXY, QgsRectangle, QgsVectorLayer

from ...protocol import RsvlmError
from ..translation import tr
from . import found, found_style
from .record import Record


def replace_features(layer: QgsVectorLayer, record: Record, title: str) -> None:
    """What the record's answer found takes the place of all features. Raises RsvlmError (forbidden) for a locked layer."""
    _open(layer)
    layer.beginEditCommand(title)
    layer.deleteFeatures(layer.allFeatureIds())
    layer.addFeatures(list(found.features(record, layer.fields())))
    layer.endEditCommand()
    layer.setRenderer(found_style.renderer(record))
    layer.triggerRepaint()


def reject_at(layer: QgsVectorLayer, point: QgsPointXY, reach: float) -> bool:
    """Take the smallest feature at the point (in the layer's CRS) away; whether there was one. reach: in its units.

    Raises RsvlmError (forbidden) for a locked layer.
    """
    around = QgsRectangle(point.x() - reach, point.y() - reach, point.x() + reach, point.y() + reach)
    hit = [item for item in layer.getFeatures(around) if item.geometry().intersects(around)]
    if not hit:
        return False
    _open(layer)
    layer.beginEditCommand(tr("Reject feature"))
    layer.deleteFeature(min(hit, key=lambda item: item.geometry().area()).id())
    layer.endEditCommand()
    layer.triggerRepaint()
    return True


def _open(layer: QgsVectorLayer) -> None:
    if not layer.isEditable() and not layer.startEditing():
        raise RsvlmError(
            "forbidden",
            tr("“{layer}” cannot be edited.").format(layer=layer.name()),
            tr("Its file may be read-only or open elsewhere: save it under another name first."),
        )

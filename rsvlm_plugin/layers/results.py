"""Answers as map layers: one polygon for the place, one for each tile of a detailed answer, in one group."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, List

from qgis.core import (
    NULL,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsLayerMetadata,
    QgsLayerTreeGroup,
    QgsMapLayer,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ...protocol import RsvlmError
from ..translation import tr
from .record import Record

GROUP = "rsvlm"
RESULT_PROPERTY = "rsvlm/result"
STYLE = Path(__file__).resolve().parents[2] / "resources" / "styles" / "answer.qml"

# No name is longer than the ten characters that a shapefile keeps.
FIELDS = (
    ("text", QVariant.String),
    ("label", QVariant.String),
    ("kind", QVariant.String),
    ("score", QVariant.Double),
    ("area_m2", QVariant.Double),
    ("style", QVariant.String),
    ("source", QVariant.String),
    ("acquired", QVariant.String),
    ("model", QVariant.String),
    ("revision", QVariant.String),
    ("gsd_m", QVariant.Double),
    ("confidence", QVariant.Double),
    ("partial", QVariant.Int),
    ("warnings", QVariant.String),
    ("device", QVariant.String),
    ("created", QVariant.String),
)


def is_result(layer: QgsMapLayer) -> bool:
    """Whether the plugin made this layer, so that no model gets to see its own answers."""
    return bool(layer.customProperty(RESULT_PROPERTY, False))


def answer_layer(record: Record) -> QgsVectorLayer:
    """A styled memory layer of the answer, in the CRS of its source; not yet in the project."""
    layer = QgsVectorLayer("MultiPolygon", layer_name(record), "memory")
    layer.setCrs(record.answer_crs)
    provider = layer.dataProvider()
    provider.addAttributes(fields().toList())
    layer.updateFields()
    provider.addFeatures(features(record, layer.fields()))
    layer.updateExtents()
    dress(layer, record)
    return layer


def fields() -> QgsFields:
    """The columns of a layer of an answer."""
    made = QgsFields()
    for name, kind in FIELDS:
        made.append(QgsField(name, kind))
    return made


def dress(layer: QgsVectorLayer, record: Record) -> None:
    """Give the layer of an answer its looks and its metadata. Raises RsvlmError (not_found) where the style is gone."""
    layer.setCustomProperty(RESULT_PROPERTY, record.key)
    message, loaded = layer.loadNamedStyle(str(STYLE))
    if not loaded:
        raise RsvlmError("not_found", tr("The style of result layers cannot be read: {why}").format(why=message), "")
    layer.setMetadata(_metadata(record, layer))


def add_to_project(record: Record) -> QgsVectorLayer:
    """Put the answer's layer into the group “rsvlm” at the top of the layer tree and return it."""
    project = QgsProject.instance()
    layer = answer_layer(record)
    project.addMapLayer(layer, False)
    group(project).insertLayer(0, layer)
    return layer


def layer_name(record: Record) -> str:
    """What the layer of an answer is called in the layer tree and in files."""
    return f"{record.name} {record.created().toString('HH:mm')}".strip()


def features(record: Record, fields: QgsFields) -> List[QgsFeature]:
    """The place first, then the evidence: multipolygons in `record.answer_crs`."""
    shared = _shared_attributes(record)
    rows = [({**shared, "text": record.answer.text, "kind": "place"}, record.footprint())]
    for item in record.answer.evidence:
        row = {**shared, "text": item.text, "label": item.label, "kind": item.kind}
        rows.append(({**row, "score": item.score, "area_m2": item.area_m2}, record.placed(item.geometry)))
    made = []
    for row, geometry in rows:
        if geometry.isNull() or geometry.type() != 2:
            continue
        geometry.convertToMultiType()
        made.append(_feature(fields, row, geometry))
    return made


def _feature(fields: QgsFields, row: Dict[str, Any], geometry: QgsGeometry) -> QgsFeature:
    feature = QgsFeature(fields)
    for name, _kind in FIELDS:
        value = row.get(name)
        feature.setAttribute(name, NULL if value is None else value)
    feature.setGeometry(geometry)
    return feature


def _shared_attributes(record: Record) -> Dict[str, Any]:
    provenance = record.answer.provenance
    sources = provenance.get("sources") or [record.name]
    return {
        "style": record.style,
        "source": ", ".join(str(source) for source in sources),
        "acquired": provenance.get("acquired"),
        "model": provenance.get("model"),
        "revision": provenance.get("revision"),
        "gsd_m": provenance.get("gsd_m"),
        "confidence": record.answer.confidence,
        "partial": int(record.answer.partial),
        "warnings": " ".join(record.answer.warnings) or None,
        "device": provenance.get("device"),
        "created": provenance.get("created"),
    }


def _metadata(record: Record, layer: QgsVectorLayer) -> QgsLayerMetadata:
    metadata = layer.metadata()
    metadata.setTitle(layer.name())
    metadata.setAbstract(record.answer.text)
    provenance = record.answer.provenance
    metadata.setHistory([f"{name}: {provenance[name]}" for name in sorted(provenance)])
    return metadata


def group(project: QgsProject) -> QgsLayerTreeGroup:
    """The plugin's own group at the top of the layer tree, made where it is not there."""
    root = project.layerTreeRoot()
    return root.findGroup(GROUP) or root.insertGroup(0, GROUP)

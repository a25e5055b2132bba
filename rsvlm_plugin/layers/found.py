"""What was found of phrases, as rows of a table: one feature for each mask or box, measured on the ground.

Knows fields and geometries; nothing of files, styles and the layer tree.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Sequence, Tuple

from qgis.core import (
    NULL,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsRectangle,
)
from qgis.PyQt.QtCore import QVariant

from ...protocol import Evidence
from ..translation import tr
from .geometry import to_geojson
from .record import Record

KINDS = ("masks", "boxes")
POLYGON = 2

FIELDS: Tuple[Tuple[str, QVariant.Type], ...] = (
    ("label", QVariant.Type.String),
    ("phrase", QVariant.Type.String),
    ("kind", QVariant.Type.String),
    ("score", QVariant.Type.Double),
    ("area_m2", QVariant.Type.Double),
    ("perimeter_m", QVariant.Type.Double),
    ("count", QVariant.Type.Int),
    ("source", QVariant.Type.String),
    ("model", QVariant.Type.String),
    ("revision", QVariant.Type.String),
    ("acquired", QVariant.Type.String),
    ("created", QVariant.Type.String),
)


def aliases() -> Dict[str, str]:
    """What the fields are called where people read them."""
    return {
        "label": tr("Label"),
        "phrase": tr("Phrase"),
        "kind": tr("Kind"),
        "score": tr("Score"),
        "area_m2": tr("Area (m²)"),
        "perimeter_m": tr("Perimeter (m)"),
        "count": tr("Count"),
        "source": tr("Source"),
        "model": tr("Model"),
        "revision": tr("Revision"),
        "acquired": tr("Acquired"),
        "created": tr("Created"),
    }


def fields() -> QgsFields:
    """The columns of a layer of masks or boxes."""
    made = QgsFields()
    for name, kind in FIELDS:
        made.append(QgsField(name, kind))
    return made


def features(record: Record, columns: QgsFields) -> Iterator[QgsFeature]:
    """A multipolygon in `record.answer_crs` for each mask or box."""
    shared = _shared_attributes(record)
    for item in record.answer.evidence:
        geometry = record.placed(item.geometry)
        if geometry.isNull() or geometry.type() != POLYGON:
            continue
        row = {
            **shared,
            "label": item.label,
            "phrase": item.phrase,
            "kind": item.kind,
            "score": item.score,
            "area_m2": item.area_m2,
            "perimeter_m": item.perimeter_m,
            "count": item.count,
        }
        geometry.convertToMultiType()
        feature = QgsFeature(columns)
        values = (row.get(field.name()) for field in columns)
        feature.setAttributes([NULL if value is None else value for value in values])
        feature.setGeometry(geometry)
        yield feature


def summary(record: Record) -> List[Evidence]:
    """One evidence for each label, in the order of `order`: how many, their area together, their mean score, their box."""
    groups: Dict[str, List[Evidence]] = {}
    for item in record.answer.evidence:
        groups.setdefault(item.label, []).append(item)
    return [_together(groups[label]) for label in order(record, groups)]


def order(record: Record, labels: Iterable[str]) -> List[str]:
    """The labels as their phrases were asked for, whatever was found of them; those of the model's own behind."""
    there = list(labels)
    own = [label for label in there if label not in record.phrases]
    return [phrase for phrase in record.phrases if phrase in there] + own


def _together(items: Sequence[Evidence]) -> Evidence:
    box = QgsRectangle()
    for item in items:
        box.combineExtentWith(_box(item.geometry))
    areas = [item.area_m2 for item in items]
    scored = [(item.score, item.count) for item in items if item.score is not None]
    weight = sum(number for _score, number in scored)
    return Evidence(
        kind=items[0].kind,
        geometry=to_geojson(QgsGeometry.fromRect(box)),
        label=items[0].label,
        score=sum(score * number for score, number in scored) / weight if weight else None,
        area_m2=None if None in areas else sum(areas),
        count=sum(item.count for item in items),
        phrase=items[0].phrase,
    )


def _box(geojson: Dict[str, Any]) -> QgsRectangle:
    corners = list(_corners(geojson.get("coordinates") or ()))
    box = QgsRectangle()
    if corners:
        across, up = [corner[0] for corner in corners], [corner[1] for corner in corners]
        box = QgsRectangle(min(across), min(up), max(across), max(up))
    return box


def _corners(coordinates: Sequence[Any]) -> Iterator[Sequence[float]]:
    if coordinates and isinstance(coordinates[0], (int, float)):
        yield coordinates
        return
    for part in coordinates:
        yield from _corners(part)


def _shared_attributes(record: Record) -> Dict[str, Any]:
    provenance = record.answer.provenance
    sources = provenance.get("sources") or [record.name]
    return {
        "model": provenance.get("model"),
        "revision": provenance.get("revision"),
        "source": ", ".join(str(source) for source in sources),
        "acquired": provenance.get("acquired"),
        "created": provenance.get("created"),
    }

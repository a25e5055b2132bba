"""What was found of phrases, as rows of a table: one feature for each mask or box, measured on the ground.

Knows fields and geometries; nothing of files, styles and the layer tree.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence

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

FIELDS = (
    ("label", QVariant.String),
    ("phrase", QVariant.String),
    ("kind", QVariant.String),
    ("score", QVariant.Double),
    ("area_m2", QVariant.Double),
    ("perimeter_m", QVariant.Double),
    ("count", QVariant.Int),
    ("source", QVariant.String),
    ("model", QVariant.String),
    ("revision", QVariant.String),
    ("acquired", QVariant.String),
    ("created", QVariant.String),
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
    summing = Summing()
    for item in record.answer.evidence:
        summing.take(item)
    return summing.told(record)


class Summing:
    """What `summary` tells, item by item: for those who must not be held up by thousands of them."""

    def __init__(self) -> None:
        self._groups: Dict[str, _Group] = {}

    def take(self, item: Evidence) -> None:
        """One more mask or box."""
        if item.label not in self._groups:
            self._groups[item.label] = _Group(item)
        self._groups[item.label].take(item)

    def told(self, record: Record) -> List[Evidence]:
        return [self._groups[label].told() for label in order(record, self._groups)]


class _Group:
    """What has one label."""

    def __init__(self, first: Evidence) -> None:
        self._first = first
        self._box = QgsRectangle()
        self._count, self._scored, self._scores = 0, 0, 0.0
        self._area: Optional[float] = 0.0  # None as soon as one is not measured

    def take(self, item: Evidence) -> None:
        self._box.combineExtentWith(_box(item.geometry))
        self._count += item.count
        if item.score is not None:
            self._scored += item.count
            self._scores += item.score * item.count
        if item.area_m2 is None or self._area is None:
            self._area = None
        else:
            self._area += item.area_m2

    def told(self) -> Evidence:
        return Evidence(
            kind=self._first.kind,
            geometry=to_geojson(QgsGeometry.fromRect(self._box)),
            label=self._first.label,
            score=self._scores / self._scored if self._scored else None,
            area_m2=self._area,
            count=self._count,
            phrase=self._first.phrase,
        )


def order(record: Record, labels: Iterable[str]) -> List[str]:
    """The labels as their phrases were asked for, whatever was found of them; those of the model's own behind."""
    there = list(labels)
    own = [label for label in there if label not in record.phrases]
    return [phrase for phrase in record.phrases if phrase in there] + own


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

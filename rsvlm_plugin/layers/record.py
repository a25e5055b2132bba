"""An answer the user keeps: what was asked of which place, what was said. Written into the project as JSON.

Knows no widgets and no layers.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional, Tuple

from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsPointXY, QgsRectangle
from qgis.PyQt.QtCore import QDateTime, Qt
from qgis.PyQt.QtGui import QTransform

from ...protocol import Answer, Raster
from .geometry import crs_from_text, from_geojson, reprojected, to_geojson

_OF_RASTER = frozenset(Raster.__dataclass_fields__)  # of this version: a project may come from another


@dataclass
class Record:
    """One answered place.

    name: the place, for the reader. outline: GeoJSON polygon in `crs` (EPSG:N, WKT or None), as the user drew it.
    drawn: the model saw a picture of the map, not a layer's own file. phrases: what was looked for.
    file: the GeoPackage that holds the evidence, which then is one summary for each label; empty = it is all here.
    source: the Raster that was looked at, as JSON without its pixels. picture: these, base64, where they were drawn; they are
    not written into the project.
    """

    name: str
    style: str
    outline: Dict[str, Any]
    crs: Optional[str]
    drawn: bool
    answer: Answer
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    phrases: List[str] = field(default_factory=list)
    file: str = ""
    source: Dict[str, Any] = field(default_factory=dict)
    picture: str = field(default="", repr=False)

    @property
    def title(self) -> str:
        """What was asked of which place."""
        return " · ".join(part for part in (", ".join(self.phrases), self.name) if part)

    @property
    def answer_crs(self) -> QgsCoordinateReferenceSystem:
        """The CRS of the answer's evidence and extent; that of the outline where the answer has none."""
        return crs_from_text(self.answer.provenance.get("crs") or self.crs)

    def created(self) -> QDateTime:
        """When it was answered, in the user's time zone; invalid where unknown."""
        text = str(self.answer.provenance.get("created") or "")
        return QDateTime.fromString(text, Qt.DateFormat.ISODate).toLocalTime()

    def footprint(self) -> QgsGeometry:
        """What was looked at, in `answer_crs`: the clipped extent, or the area the user asked about within it."""
        outline = reprojected(from_geojson(self.outline), crs_from_text(self.crs), self.answer_crs)
        extent = self.answer.provenance.get("extent")
        if not extent:
            return outline
        box = self.placed(to_geojson(QgsGeometry.fromRect(QgsRectangle(*extent))))
        clipped = outline.intersection(box)
        return box if clipped.isEmpty() or clipped.type() != box.type() else clipped

    def placed(self, geojson: Dict[str, Any]) -> QgsGeometry:
        """A polygon of the answer, in `answer_crs`.

        Where the answer has no CRS, the backend counts pixels down from the top; they are laid over the outline's box.
        """
        geometry, to_map = from_geojson(geojson), self._to_map()
        if not to_map.isIdentity():
            geometry.transform(to_map)
        return geometry

    def unplaced(self, point: QgsPointXY) -> Tuple[float, float]:
        """x and y in the backend's coordinates of a point in `answer_crs`: the inverse of `placed`."""
        to_backend, _possible = self._to_map().inverted()
        return to_backend.map(point.x(), point.y())

    def _to_map(self) -> QTransform:
        extent = self.answer.provenance.get("extent")
        if self.answer.provenance.get("crs") or not extent:
            return QTransform()
        left, top, right, bottom = extent
        box = from_geojson(self.outline).boundingBox()
        across, down = box.width() / (right - left), box.height() / (bottom - top)
        return QTransform(across, 0, 0, -down, box.xMinimum() - left * across, box.yMaximum() + top * down)

    def to_json(self) -> Dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name,
            "style": self.style,
            "outline": self.outline,
            "crs": self.crs,
            "drawn": self.drawn,
            "answer": self.answer.to_json(),
            **({"phrases": self.phrases} if self.phrases else {}),
            **({"file": self.file} if self.file else {}),
            **({"source": self.source} if self.source else {}),
        }

    @classmethod
    def from_json(cls, data: Dict[str, Any]) -> "Record":
        """The inverse of to_json. Raises KeyError or TypeError for what was not written by it."""
        return cls(
            name=data["name"],
            style=data["style"],
            outline=data["outline"],
            crs=data["crs"],
            drawn=data["drawn"],
            answer=Answer.from_json(data["answer"]),
            key=data["key"],
            phrases=list(data.get("phrases") or ()),
            file=data.get("file") or "",
            source={name: value for name, value in (data.get("source") or {}).items() if name in _OF_RASTER},
        )

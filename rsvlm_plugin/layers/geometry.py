"""QGIS geometries and CRS <-> the GeoJSON and CRS texts of the protocol. Knows no layers."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsProject,
    QgsRectangle,
)

from ...protocol import RsvlmError
from ..translation import tr

MAX_BENT = 2000  # corners; the edges of a polygon with more are short, and eight more on each would hold up QGIS


def crs_text(crs: QgsCoordinateReferenceSystem) -> Optional[str]:
    """ "EPSG:N" where there is such a code, else WKT; None for no CRS."""
    if not crs.isValid():
        return None
    authority = crs.authid()
    return authority if authority.startswith("EPSG:") else crs.toWkt(QgsCoordinateReferenceSystem.WKT_PREFERRED)


def crs_from_text(text: Optional[str]) -> QgsCoordinateReferenceSystem:
    """The inverse of crs_text; an invalid CRS for None."""
    return QgsCoordinateReferenceSystem(text) if text else QgsCoordinateReferenceSystem()


def to_geojson(geometry: QgsGeometry) -> Dict[str, Any]:
    """The geometry as GeoJSON, coordinates as they are (no reprojection)."""
    return json.loads(geometry.asJson(12))


def from_geojson(geojson: Dict[str, Any]) -> QgsGeometry:
    """A GeoJSON geometry, coordinates as they are. A null geometry for what is not one."""
    geometry = ogr.CreateGeometryFromJson(json.dumps(geojson))
    made = QgsGeometry()
    if geometry is not None:
        made.fromWkb(bytes(geometry.ExportToIsoWkb()))
    return made


def reprojected(
    geometry: QgsGeometry, source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsGeometry:
    """A copy in the target CRS, long edges bent where the projection bends them; unchanged without two CRS."""
    copy = QgsGeometry(geometry)
    if not source.isValid() or not target.isValid() or source == target:
        return copy
    transform = QgsCoordinateTransform(source, target, QgsProject.instance())
    if copy.type() == 2 and copy.constGet().nCoordinates() <= MAX_BENT:
        copy = copy.densifyByCount(8)
    try:
        copy.transform(transform)
    except QgsCsException as error:
        raise RsvlmError(
            "bad_extent",
            tr("The place cannot be expressed in {crs}.").format(crs=target.authid() or target.description()),
            tr("Choose a smaller extent, or another project CRS."),
        ) from error
    return copy


def reprojected_box(
    box: QgsRectangle, source: QgsCoordinateReferenceSystem, target: QgsCoordinateReferenceSystem
) -> QgsRectangle:
    """The box around a box in the target CRS. Raises RsvlmError bad_extent where the projection has no answer."""
    if not source.isValid() or not target.isValid() or source == target:
        return QgsRectangle(box)
    return reprojected(QgsGeometry.fromRect(box), source, target).boundingBox()

"""Answers and layers as files: GeoPackage, GeoJSON, FlatGeobuf, shapefile, CSV.

Written beside the target and renamed: never half a file, and nothing is replaced unasked.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator, List, Optional

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeature,
    QgsProject,
    QgsProviderRegistry,
    QgsReadWriteContext,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtXml import QDomDocument

from ...protocol import RsvlmError, replace_shapefile, restore_shapefiles, shapefile_parts
from ..translation import tr
from . import shapefile
from .record import Record
from .results import answer_layer, layer_name
from .table import Column, fields_of, fitted, free_table_name, not_written, write_table

WGS84 = "EPSG:4326"


@dataclass(frozen=True)
class Format:
    """suffix: of its files. driver: OGR's name of it. title: its own name. options: of the layer, for OGR."""

    suffix: str
    driver: str
    title: str
    options: tuple = ()


FORMATS = {
    item.suffix: item
    for item in (
        Format(".gpkg", "GPKG", "GeoPackage"),
        Format(".geojson", "GeoJSON", "GeoJSON", ("RFC7946=YES",)),
        Format(".fgb", "FlatGeobuf", "FlatGeobuf"),
        Format(".shp", "ESRI Shapefile", "ESRI Shapefile", ("ENCODING=UTF-8",)),
        Format(".csv", "CSV", "CSV"),
    )
}


def would_replace(path: str) -> bool:
    """Whether writing to `path` replaces what is there. A GeoPackage only gains a layer."""
    target = Path(path)
    if target.suffix.lower() == ".shp":  # its table may be somebody's without the shapes
        return any(part.exists() for part in shapefile_parts(target))
    return target.exists() and target.suffix.lower() != ".gpkg"


def save(record: Record, path: str, replace: bool = False) -> List[str]:
    """Write the answer; the format follows from the suffix, one of FORMATS. See `save_layer`."""
    format_of(path)  # before the layer is made
    layer = answer_layer(record)
    layer.setName(layer_name(record))
    return save_layer(layer, path, replace=replace)


def save_layer(
    layer: QgsVectorLayer,
    path: str,
    crs: Optional[QgsCoordinateReferenceSystem] = None,
    replace: bool = False,
    selected: bool = False,
) -> List[str]:
    """Write the layer; the format follows from the suffix, one of FORMATS. selected: only the selected features.

    crs: of the file, None = the layer's; GeoJSON is WGS84 (RFC 7946) unless another one is named. An existing file is only
    replaced if `replace`; an existing GeoPackage keeps its layers and gains one. Returns sentences the user should know.
    Raises RsvlmError: bad_request for another suffix, an existing file or what the format cannot hold, bad_extent where the
    CRS does not reach, unavailable where writing fails.
    """
    target, kind = Path(path), format_of(path)
    _check(layer, path, replace)
    wanted = _target_crs(layer, kind, crs)
    notes = []
    if not layer.crs().isValid():
        notes.append(tr("The source has no coordinate system: coordinates are the raster's own."))
    try:
        restore_shapefiles(target.parent)
        with tempfile.TemporaryDirectory(prefix=".rsvlm-", dir=target.parent) as folder:
            written = Path(folder) / target.name
            if kind.suffix == ".gpkg" and target.exists():
                shutil.copyfile(target, written)
            notes = _write(layer, written, kind, wanted, selected) + notes
            _move(written, target)
    except OSError as error:
        raise not_written(path, error.strerror or "") from error
    return notes


def format_of(path: str) -> Format:
    """The format that the suffix names. Raises RsvlmError (bad_request) for another suffix."""
    target = Path(path)
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise RsvlmError(
            "bad_request",
            tr("Layers cannot be saved as “{suffix}”.").format(suffix=target.suffix.lower() or target.name),
            tr("Choose a name that ends in {suffixes}.").format(suffixes=", ".join(FORMATS)),
        )
    return kind


def notes_for(layer: QgsVectorLayer, suffix: str, crs: QgsCoordinateReferenceSystem) -> List[str]:
    """What the user should know of the format before the layer is saved; what texts need is found while it is."""
    if suffix == ".shp":
        return shapefile.renamed([layer.fields().at(index).name() for index in _kept(layer)])
    if suffix == ".csv":
        return [tr("The attributes alone; places are left out.")]
    if suffix == ".geojson" and crs.isValid() and crs.authid() != WGS84:
        return [tr("GeoJSON in another system than WGS 84 is not read by every program.")]
    if suffix == ".gpkg":
        return [tr("With style and metadata. A GeoPackage that exists gains a layer.")]
    return []


def _check(layer: QgsVectorLayer, path: str, replace: bool) -> None:
    if would_replace(path) and not replace:
        raise RsvlmError(
            "bad_request",
            tr("{path} exists already.").format(path=path),
            tr("Choose another name, or agree to replace it."),
        )
    if Path(path).exists() and any(_lies_in(other, path) for other in _open_layers(layer)):
        raise RsvlmError(
            "bad_request",
            tr("{path} is open as a layer of this project.").format(path=path),
            tr("Choose another name, or remove that layer from the project first."),
        )
    if format_of(path).suffix == ".shp":
        shapefile.check_geometry(layer.wkbType())


def _open_layers(layer: QgsVectorLayer) -> List[QgsVectorLayer]:
    every = QgsProject.instance().mapLayers().values()
    return [layer, *(other for other in every if isinstance(other, QgsVectorLayer))]


def _lies_in(layer: QgsVectorLayer, path: str) -> bool:
    parts = QgsProviderRegistry.instance().decodeUri(layer.providerType(), layer.source())
    own = str(parts.get("path") or "")
    return bool(own) and os.path.exists(own) and os.path.samefile(own, path)


def _target_crs(
    layer: QgsVectorLayer, kind: Format, crs: Optional[QgsCoordinateReferenceSystem]
) -> QgsCoordinateReferenceSystem:
    if crs is not None and crs.isValid():
        return crs
    if kind.suffix == ".geojson" and layer.crs().isValid():
        return QgsCoordinateReferenceSystem(WGS84)
    return layer.crs()


def _write(
    layer: QgsVectorLayer, path: Path, kind: Format, crs: QgsCoordinateReferenceSystem, selected: bool
) -> List[str]:
    options, geometry, kept = kind.options, layer.wkbType(), _kept(layer)
    notes = [] if kind.suffix in (".gpkg", ".csv") else notes_for(layer, kind.suffix, crs)
    columns = [Column(layer.fields().at(index).name(), index) for index in kept]
    if kind.suffix == ".shp":
        columns, notes = shapefile.columns(layer.fields(), kept, _rows(layer, layer.crs(), selected))
    elif kind.suffix == ".csv":
        geometry, crs = QgsWkbTypes.NoGeometry, QgsCoordinateReferenceSystem()
    elif kind.suffix == ".geojson" and crs.authid() != WGS84:
        options = ()
    name = free_table_name(path, layer.name()) if kind.suffix == ".gpkg" else path.stem
    fields = fields_of(columns, layer.fields())
    rows = fitted(_rows(layer, crs, selected), columns, fields)
    write_table(path, kind.driver, name, fields, rows, geometry, crs, options)
    if kind.suffix == ".gpkg":
        _keep_looks(layer, path, name)
    return notes


def _kept(layer: QgsVectorLayer) -> List[int]:
    """Fields of the layer without the row number of its file, which the new file has for itself."""
    own = layer.primaryKeyAttributes() if layer.providerType() == "ogr" else []
    return [index for index in range(layer.fields().count()) if index not in own]


def _rows(layer: QgsVectorLayer, crs: QgsCoordinateReferenceSystem, selected: bool) -> Iterator[QgsFeature]:
    """The features in the CRS of the file."""
    transform = QgsCoordinateTransform(layer.crs(), crs, QgsProject.instance())
    for feature in layer.getSelectedFeatures() if selected else layer.getFeatures():
        if feature.hasGeometry() and not transform.isShortCircuited():
            geometry = feature.geometry()
            try:
                geometry.transform(transform)
            except QgsCsException as error:
                raise RsvlmError(
                    "bad_extent",
                    tr("The layer cannot be expressed in {crs}.").format(crs=crs.authid() or crs.description()),
                    tr("Choose another coordinate system."),
                ) from error
            feature.setGeometry(geometry)
        yield feature


def _keep_looks(layer: QgsVectorLayer, path: Path, name: str) -> None:
    """The layer's style and metadata, into the GeoPackage."""
    document = QDomDocument()
    layer.exportNamedStyle(document, QgsReadWriteContext())
    copy = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
    copy.importNamedStyle(document)
    copy.setMetadata(layer.metadata())
    copy.saveStyleToDatabase(name, "", True, "")
    copy.saveDefaultMetadata()


def _move(written: Path, target: Path) -> None:
    """Put the finished file, or all parts of a shapefile, in the place of the target."""
    if target.suffix.lower() == ".shp":
        replace_shapefile(written, target)
    else:
        os.replace(written, target)

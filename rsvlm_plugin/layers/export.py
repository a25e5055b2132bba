"""Answers as files: GeoPackage, GeoJSON, shapefile. Written beside the target and renamed: nothing is lost silently."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Iterable, List

from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsField,
    QgsProject,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QVariant

from ...protocol import RsvlmError
from ..translation import tr
from .record import Record
from .results import answer_layer, layer_name

DRIVERS = {".gpkg": "GPKG", ".geojson": "GeoJSON", ".shp": "ESRI Shapefile"}
SHAPEFILE_BYTES = 254
SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj")


def would_replace(path: str) -> bool:
    """Whether writing to `path` replaces what is there. A GeoPackage only gains a layer."""
    target = Path(path)
    if target.suffix.lower() == ".shp":  # its table may be somebody's without the shapes
        return any(target.with_suffix(part).exists() for part in (target.suffix, *SHAPEFILE_PARTS))
    return target.exists() and target.suffix.lower() != ".gpkg"


def save(record: Record, path: str, replace: bool = False) -> List[str]:
    """Write the answer; the format follows from the suffix, one of DRIVERS.

    An existing file is only replaced if `replace`; an existing GeoPackage keeps its layers and gains one.
    GeoJSON is in WGS84 (RFC 7946), the others in the CRS of the source. Returns sentences the user should know.
    Raises RsvlmError: bad_request for another suffix or an existing file, unavailable where writing fails.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in DRIVERS:
        raise RsvlmError(
            "bad_request",
            tr("Answers cannot be saved as “{suffix}”.").format(suffix=suffix or target.name),
            tr("Choose a name that ends in .gpkg, .geojson or .shp."),
        )
    if would_replace(path) and not replace:
        raise RsvlmError(
            "bad_request",
            tr("{path} exists already.").format(path=path),
            tr("Choose another name, or agree to replace it."),
        )
    layer = answer_layer(record)
    notes = _fit_shapefile(layer) if suffix == ".shp" else []
    if not layer.crs().isValid():
        notes.append(tr("The source has no coordinate system: coordinates are the raster's own."))
    try:
        with tempfile.TemporaryDirectory(prefix=".rsvlm-", dir=target.parent) as folder:
            written = Path(folder) / target.name
            if suffix == ".gpkg" and target.exists():
                shutil.copyfile(target, written)
            _write(layer, written, _free_layer_name(written, layer_name(record)))
            _move(written, target)
    except OSError as error:
        raise _not_written(path, error.strerror or "") from error
    return notes


def _write(layer: QgsVectorLayer, path: Path, name: str) -> None:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = DRIVERS[path.suffix.lower()]
    options.fileEncoding = "UTF-8"
    if options.driverName == "GPKG":
        options.layerName = name
        if path.exists():
            options.actionOnExistingFile = QgsVectorFileWriter.CreateOrOverwriteLayer
    elif options.driverName == "GeoJSON":
        options.layerOptions = ["RFC7946=YES"]
        options.ct = QgsCoordinateTransform(
            layer.crs(), QgsCoordinateReferenceSystem("EPSG:4326"), QgsProject.instance()
        )
    result = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(path), QgsProject.instance().transformContext(), options
    )
    if result[0] != QgsVectorFileWriter.NoError:
        raise _not_written(str(path), result[1])


def _move(written: Path, target: Path) -> None:
    """Put the finished file, or all parts of a shapefile, in the place of the target."""
    if target.suffix.lower() != ".shp":
        os.replace(written, target)
        return
    for part in SHAPEFILE_PARTS:
        source, destination = written.with_suffix(part), target.with_suffix(part)
        if source.exists():
            os.replace(source, destination)
        elif destination.exists():
            destination.unlink()


def _free_layer_name(path: Path, wanted: str) -> str:
    if not path.exists():
        return wanted
    source = ogr.Open(str(path))
    taken = {source.GetLayer(index).GetName() for index in range(source.GetLayerCount())} if source else set()
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name


def _fit_shapefile(layer: QgsVectorLayer) -> List[str]:
    """Split texts over as many fields as 254 bytes each need: text, text2, text3 … Returns notes for the user."""
    notes = []
    provider = layer.dataProvider()
    for name in ("text", "warnings", "source"):
        index = layer.fields().indexOf(name)
        values = {item.id(): item[name] for item in layer.getFeatures() if isinstance(item[name], str)}
        parts = {key: split_text(value) for key, value in values.items()}
        count = max((len(pieces) for pieces in parts.values()), default=1)
        if count == 1:
            continue
        more = [f"{name}{number}" for number in range(2, count + 1)]
        provider.addAttributes([QgsField(field, QVariant.Type.String) for field in more])
        layer.updateFields()
        columns = [index, *(layer.fields().indexOf(field) for field in more)]
        provider.changeAttributeValues({key: dict(zip(columns, pieces)) for key, pieces in parts.items()})
        notes.append(
            tr("A shapefile holds 254 bytes in a field: “{name}” continues in {more}.").format(
                name=name, more=", ".join(more)
            )
        )
    return notes


def split_text(text: str, limit: int = SHAPEFILE_BYTES) -> List[str]:
    """Pieces of at most `limit` bytes of UTF-8, cut between words; a longer word is cut between characters."""
    pieces: List[str] = []
    for word in _short_words(text, limit):
        if pieces and len(f"{pieces[-1]} {word}".encode()) <= limit:
            pieces[-1] = f"{pieces[-1]} {word}"
        else:
            pieces.append(word)
    return pieces or [""]


def _short_words(text: str, limit: int) -> Iterable[str]:
    for word in text.split():
        while len(word.encode()) > limit:
            cut = len(word.encode()[:limit].decode("utf-8", errors="ignore"))
            yield word[:cut]
            word = word[cut:]
        yield word


def _not_written(path: str, why: str) -> RsvlmError:
    return RsvlmError(
        "unavailable",
        tr("{path} could not be written: {why}").format(path=path, why=why.strip() or tr("the disk refused it")),
        tr("Choose a folder that you may write to and that has room."),
    )

"""One table of features written into a file by OGR. Knows no records; whoever calls it writes beside and renames."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Iterable, Iterator, List, Optional, Sequence

from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsProject,
    QgsVectorFileWriter,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...protocol import RsvlmError, is_open
from ..translation import tr


@dataclass(frozen=True)
class Column:
    """A column of the file. index: of the field it comes from. text_bytes: how long a text may be, 0 = any; piece: which
    part of one that is longer.
    """

    name: str
    index: int
    piece: int = 0
    text_bytes: int = 0


def fields_of(columns: Sequence[Column], fields: QgsFields) -> QgsFields:
    """The fields of the file."""
    made = QgsFields()
    for column in columns:
        field = QgsField(fields.at(column.index))
        field.setName(column.name)
        if column.text_bytes and field.type() == QVariant.String:
            field.setLength(column.text_bytes)
        made.append(field)
    return made


def fitted(features: Iterable[QgsFeature], columns: Sequence[Column], fields: QgsFields) -> Iterator[QgsFeature]:
    """The features with the fields of the file."""
    for feature in features:
        made = QgsFeature(fields)
        made.setGeometry(feature.geometry())
        made.setAttributes([_value(feature.attribute(column.index), column) for column in columns])
        yield made


def _value(value: object, column: Column) -> object:
    if not isinstance(value, str) or not column.text_bytes:
        return value
    parts = split_text(value, column.text_bytes) if len(value.encode()) > column.text_bytes else [value]
    return parts[column.piece] if column.piece < len(parts) else ""


def split_text(text: str, limit: int) -> List[str]:
    """Pieces of at most `limit` bytes of UTF-8, cut between words; a longer word is cut between characters."""
    pieces: List[str] = []
    for word in _short_words(text, limit):
        if pieces and len(f"{pieces[-1]} {word}".encode()) <= limit:
            pieces[-1] = f"{pieces[-1]} {word}"
        else:
            pieces.append(word)
    return pieces or [""]


def _short_words(text: str, limit: int) -> Iterator[str]:
    for word in text.split():
        while len(word.encode()) > limit:
            start = cut(word, limit)
            yield start
            word = word[len(start) :]
        yield word


def cut(text: str, limit: int) -> str:
    """As many characters as fit into `limit` bytes of UTF-8."""
    return text.encode()[:limit].decode("utf-8", errors="ignore")


def write_table(
    path: Path,
    driver: str,
    name: str,
    fields: QgsFields,
    features: Iterable[QgsFeature],
    geometry: QgsWkbTypes.Type,
    crs: QgsCoordinateReferenceSystem,
    options: Optional[Iterable[str]] = None,
) -> None:
    """Add the table `name` to the file, which is made where it is not there. options: of the layer, as OGR names them.

    Raises RsvlmError (unavailable) where it cannot be written.
    """
    wanted = QgsVectorFileWriter.SaveVectorOptions()
    wanted.driverName = driver
    wanted.layerName = name
    wanted.fileEncoding = "UTF-8"
    wanted.layerOptions = list(options or ())
    if path.exists():
        wanted.actionOnExistingFile = QgsVectorFileWriter.CreateOrOverwriteLayer
    context = QgsProject.instance().transformContext()
    writer = QgsVectorFileWriter.create(str(path), fields, geometry, crs, context, wanted)
    try:
        for feature in features:
            if writer.hasError() or not writer.addFeature(feature, QgsFeatureSink.FastInsert):
                break
        failed, why = writer.hasError(), writer.errorMessage()
    finally:
        del writer  # it writes its end, and leaves the file to whoever clears up
    if failed:
        raise not_written(str(path), why)


def free_table_name(path: Path, wanted: str) -> str:
    """`wanted`, or with a number behind it where the file has such a table already; capitals are no difference to OGR."""
    if not path.exists():
        return wanted
    source = ogr.Open(str(path))
    tables = range(source.GetLayerCount()) if source else ()
    taken = {source.GetLayer(index).GetName().casefold() for index in tables}
    name, number = wanted, 2
    while name.casefold() in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name


def not_replaced(path: str, error: OSError) -> RsvlmError:
    """For a file that could not be written in place of one that may be there."""
    if is_open(Path(path), error):
        return RsvlmError(
            "unavailable",
            tr("{path} is open, perhaps as a layer of this project.").format(path=path),
            tr("Remove it from the project, or choose another name."),
        )
    return not_written(path, error.strerror or "")


def not_written(path: str, why: str) -> RsvlmError:
    """For a file that could not be written, with the system's own word for why."""
    return RsvlmError(
        "unavailable",
        tr("{path} could not be written: {why}").format(path=path, why=why.strip() or tr("the disk refused it")),
        tr("Choose a folder that you may write to and that has room."),
    )

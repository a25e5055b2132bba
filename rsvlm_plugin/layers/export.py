"""Answers and layers as files: GeoPackage, GeoJSON, FlatGeobuf, shapefile, CSV; masks and boxes in pixels of their raster too.

Written beside the target and renamed: never half a file, and nothing is replaced unasked.
"""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Set, Tuple, Union

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeedback,
    QgsProject,
    QgsProviderRegistry,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ...protocol import Cancelled, RsvlmError, replace_shapefile, restore_shapefiles, shapefile_parts
from ..translation import tr
from . import shapefile
from .mask_records import TASKS, grid_of
from .pixel_files import TITLES, note_of, write_pixels
from .record import Record
from .results import answer_layer, layer_name
from .snapshot import Snapshot, kept_fields
from .staging import staging
from .table import Column, fields_of, fitted, free_table_name, not_replaced, not_written, write_table

WGS84 = "EPSG:4326"

_guard = threading.Lock()
_being_written: Set[str] = set()


@dataclass(frozen=True)
class Format:
    """suffix: of its files. driver: OGR's name of it, empty = not OGR's. title: its own name. options: of the layer, for OGR."""

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
IN_PIXELS = {suffix: Format(suffix, "", title) for suffix, title in TITLES.items()}


def formats_of(record: Optional[Record]) -> Dict[str, Format]:
    """By suffix. record: the answer with masks or boxes that a layer shows; without one, no raster is known."""
    return {**FORMATS, **IN_PIXELS} if record is not None and record.style in TASKS else FORMATS


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
    """Write the layer while the caller waits. See `Export`, and Export.write for what is returned and raised."""
    return Export(layer, path, crs, replace, selected).write(QgsFeedback())


class Export:
    """A layer on its way into a file: made on the main thread, written on any, as the layer was when this was made."""

    def __init__(
        self,
        layer: QgsVectorLayer,
        path: str,
        crs: Optional[QgsCoordinateReferenceSystem] = None,
        replace: bool = False,
        selected: bool = False,
        record: Optional[Record] = None,
    ) -> None:
        """The format follows from the suffix, one of `formats_of(record)`. selected: only the selected features. record: the
        answer that the layer shows, where it is known.

        crs: of the file, None = the layer's; GeoJSON is WGS84 (RFC 7946) unless another one is named. An existing file is
        only replaced if `replace`; an existing GeoPackage keeps its layers and gains one.
        Raises RsvlmError: bad_request for another suffix, an existing file or what the format cannot hold, busy while the file
        is being written, unavailable without its folder; as `grid_of` does for a format in pixels of the raster.
        """
        self._kind = format_of(path, record)
        self.path = Path(path)
        try:
            with _guard:
                restore_shapefiles(self.path.parent)
        except OSError as error:
            raise not_replaced(path, error) from error
        _check(layer, path, replace)
        self._record = None
        if record is not None and not self._kind.driver:
            self._record = dataclasses.replace(record)
            _check_raster(record, path)
        self.layer = Snapshot(layer, selected)
        self._crs = _target_crs(layer, self._kind, crs)
        self._there = _state(self.path)

    def write(self, feedback: QgsFeedback) -> List[str]:
        """Write the file, or leave what was there as it was; sentences that the user should know.

        Raises RsvlmError: bad_request where the file was changed since this was made, bad_extent where the CRS does not reach,
        busy, unavailable where writing fails, cancelled.
        """
        notes = []
        if self._record is None and not self.layer.crs.isValid():
            notes.append(tr("The source has no coordinate system: coordinates are the raster's own."))
        with _alone(self.path):
            try:
                with staging(self.path.parent) as beside:
                    written = beside / self.path.name
                    if self._kind.suffix == ".gpkg" and self.path.exists():
                        shutil.copyfile(self.path, written)
                    if self._record is not None:
                        write_pixels(written, self._record, self.layer, feedback)
                    else:
                        notes = self._write(written, feedback) + notes
                    if feedback.isCanceled():
                        raise Cancelled()
                    self._move(written)
            except OSError as error:
                raise not_replaced(str(self.path), error) from error
        return notes

    def _write(self, path: Path, feedback: QgsFeedback) -> List[str]:
        layer, kind, crs = self.layer, self._kind, self._crs
        options, geometry, kept = kind.options, layer.geometry, layer.kept
        names = [layer.fields.at(index).name() for index in kept]
        notes = [] if kind.suffix in (".gpkg", ".csv") else _notes(names, kind.suffix, crs)
        columns = [Column(name, index) for name, index in zip(names, kept)]
        if kind.suffix == ".shp":
            columns, notes = shapefile.columns(layer.fields, kept, layer.attributes(feedback))
        elif kind.suffix == ".csv":
            geometry, crs = QgsWkbTypes.NoGeometry, QgsCoordinateReferenceSystem()
        elif kind.suffix == ".geojson" and crs.authid() != WGS84:
            options = ()
        name = free_table_name(path, layer.name) if kind.suffix == ".gpkg" else path.stem
        fields = fields_of(columns, layer.fields)
        rows = fitted(layer.features(crs, feedback), columns, fields)
        write_table(path, kind.driver, name, fields, rows, geometry, crs, options)
        if kind.suffix == ".gpkg":
            copy = QgsVectorLayer(f"{path}|layername={name}", name, "ogr")
            layer.dress(copy)
            copy.saveStyleToDatabase(name, "", True, "")
            copy.saveDefaultMetadata()
        return notes

    def _move(self, written: Path) -> None:
        """Put the finished file, or all parts of a shapefile, in the place of the target."""
        if _state(self.path) != self._there:
            raise RsvlmError(
                "bad_request",
                tr("{path} was changed by something else while it was being written.").format(path=self.path),
                tr("Save again."),
            )
        if self._kind.suffix == ".shp":
            with _guard:  # nobody takes it for what a kill left
                replace_shapefile(written, self.path)
        else:
            os.replace(written, self.path)


def format_of(path: str, record: Optional[Record] = None) -> Format:
    """The format that the suffix names, of those of the record. Raises RsvlmError (bad_request) for another suffix."""
    target, formats = Path(path), formats_of(record)
    kind = formats.get(target.suffix.lower())
    if kind is None:
        raise RsvlmError(
            "bad_request",
            tr("Layers cannot be saved as “{suffix}”.").format(suffix=target.suffix.lower() or target.name),
            tr("Choose a name that ends in {suffixes}.").format(suffixes=", ".join(formats)),
        )
    return kind


def notes_for(layer: QgsVectorLayer, suffix: str, crs: QgsCoordinateReferenceSystem) -> List[str]:
    """What the user should know of the format before the layer is saved; what texts need is found while it is."""
    return _notes([layer.fields().at(index).name() for index in kept_fields(layer)], suffix, crs)


def _notes(names: Sequence[str], suffix: str, crs: QgsCoordinateReferenceSystem) -> List[str]:
    if suffix in IN_PIXELS:
        return [note_of(suffix)]
    if suffix == ".shp":
        return shapefile.renamed(names)
    if suffix == ".csv":
        return [tr("The attributes alone; places are left out.")]
    if suffix == ".geojson" and crs.isValid() and crs.authid() != WGS84:
        return [tr("GeoJSON in another system than WGS 84 is not read by every program.")]
    if suffix == ".gpkg":
        return [tr("With style and metadata. A GeoPackage that exists gains a layer.")]
    return []


def _check(layer: QgsVectorLayer, path: str, replace: bool) -> None:
    _check_free(Path(path))
    if not Path(path).parent.is_dir():
        raise not_written(path, os.strerror(errno.ENOENT))
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
    if Path(path).suffix.lower() == ".gpkg" and Path(f"{path}-wal").exists():
        raise RsvlmError(
            "bad_request",
            tr("{path} is open in another program.").format(path=path),
            tr("Close it there, or choose another name."),
        )
    if Path(path).suffix.lower() == ".shp":
        shapefile.check_geometry(layer.wkbType())


def _check_raster(record: Record, path: str) -> None:
    grid_of(record)
    href = str(record.source["href"])
    if os.path.exists(path) and os.path.exists(href) and os.path.samefile(path, href):
        raise RsvlmError(
            "bad_request",
            tr("{path} is the raster that these were found in.").format(path=path),
            tr("Choose another name."),
        )


def _open_layers(layer: QgsVectorLayer) -> List[Union[QgsVectorLayer, QgsRasterLayer]]:
    every = QgsProject.instance().mapLayers().values()
    return [layer, *(other for other in every if isinstance(other, (QgsVectorLayer, QgsRasterLayer)))]


def _lies_in(layer: Union[QgsVectorLayer, QgsRasterLayer], path: str) -> bool:
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


def _state(path: Path) -> List[Tuple[str, int, int]]:
    """Name, time and size of what is there; of all parts of a shapefile, and of what a GeoPackage is written to before itself."""
    files = shapefile_parts(path) if path.suffix.lower() == ".shp" else [path, Path(f"{path}-wal")]
    there = [(file.name, file.stat()) for file in files if file.exists()]
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in there]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """No two write the same file at once. Raises RsvlmError (busy)."""
    real = os.path.realpath(path)
    with _guard:
        _check_free(path)
        _being_written.add(real)
    try:
        yield
    finally:
        _being_written.discard(real)


def _check_free(path: Path) -> None:
    if os.path.realpath(path) in _being_written:
        raise RsvlmError(
            "busy",
            tr("{path} is being written.").format(path=path),
            tr("Wait until that is done, or choose another name."),
        )

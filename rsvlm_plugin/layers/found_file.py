"""What was found, as a GeoPackage: masks or boxes with their style, and the place that was looked at.

Written beside and renamed, in a thread of its own: QGIS goes on meanwhile, and no crash leaves half a file.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
import traceback
from pathlib import Path
from typing import ClassVar, List, Sequence, Set

from qgis.core import Qgis, QgsMessageLog, QgsProject, QgsVectorLayer, QgsWkbTypes
from qgis.PyQt.QtCore import QDir, QObject, pyqtSignal

from ...protocol import Evidence, RsvlmError, can_write
from ..translation import tr
from . import found, found_style, results
from .project_folder import project_folder
from .record import Record
from .staging import staging
from .table import not_written, write_table

LOG = "rsvlm"
PLACE = "place"  # the table of what was looked at
LONGEST = 40  # characters of a file's name that come from phrases


class FoundFile(QObject):
    """One file on its way: exactly one of `finished` (its path) and `failed` (RsvlmError)."""

    finished = pyqtSignal(str)
    failed = pyqtSignal(object)
    _over = pyqtSignal()
    _running: ClassVar[Set["FoundFile"]] = set()  # the thread needs its object until it is through

    def __init__(self, record: Record, folder: Path, licence: str = "") -> None:
        super().__init__()
        self.told: List[Evidence] = []  # a summary of the record, once it is written
        self._work = (record, folder, licence)
        self._over.connect(self._retire)
        FoundFile._running.add(self)
        threading.Thread(target=self._run, name="rsvlm-layer", daemon=True).start()

    def _run(self) -> None:
        try:
            path = write_beside(*self._work)
            self.told = found.summary(self._work[0])
        except RsvlmError as error:
            self.failed.emit(error)
        except Exception:  # whatever it was: nobody else ends the answer that waits for its file
            QgsMessageLog.logMessage(traceback.format_exc(), LOG, Qgis.MessageLevel.Critical, False)
            self.failed.emit(
                RsvlmError(
                    "unavailable",
                    tr("The layer of what was found could not be written."),
                    tr("View ▸ Panels ▸ Log Messages tells why. The answer is kept without a layer."),
                )
            )
        else:
            self.finished.emit(path)
        self._over.emit()

    def _retire(self) -> None:
        FoundFile._running.discard(self)


def folder_for_results(project: QgsProject) -> Path:
    """Beside the project; one that is made for temporary files where that is not saved yet or only the demo, or its folder is not
    for writing.
    """
    home = project_folder(project)
    if home is not None and can_write(home):
        return home
    folder = Path(QDir.tempPath()) / "rsvlm"
    if not can_write(folder):
        folder = Path(tempfile.mkdtemp(prefix="rsvlm-", dir=QDir.tempPath()))
    return folder


def is_beside(path: str, project: QgsProject) -> bool:
    """Whether the file lies where the project does; else where the system clears up."""
    return bool(project.fileName()) and Path(path).parent == Path(project.absolutePath())


def write_beside(record: Record, folder: Path, licence: str = "") -> str:
    """Write the GeoPackage under a name that is free in the folder; its path. Raises RsvlmError (unavailable)."""
    stem = file_name(record.phrases, record.style)
    try:
        with staging(folder) as beside:
            written = beside / "found.gpkg"
            _write(record, written, licence)
            return str(_put(written, folder, stem))
    except OSError as error:
        raise not_written(str(folder / f"{stem}.gpkg"), error.strerror or "") from error


def file_name(phrases: Sequence[str], kind: str) -> str:
    """Letters and digits of the phrases, of any script, and the kind: "swimming_pools_masks"."""
    words = re.sub(r"[\W_]+", "_", " ".join(phrases)).strip("_")[:LONGEST].rstrip("_")
    return f"{words}_{kind}" if words else kind


def table_source(path: str, table: str) -> str:
    """How QGIS names a table of a GeoPackage."""
    return f"{path}|layername={table}"


def _write(record: Record, path: Path, licence: str) -> None:
    fields = found.fields()
    rows = found.features(record, fields)
    write_table(path, "GPKG", record.style, fields, rows, QgsWkbTypes.MultiPolygon, record.answer_crs)
    columns = results.fields()
    place = results.features(record, columns)[:1]
    write_table(path, "GPKG", PLACE, columns, place, QgsWkbTypes.MultiPolygon, record.answer_crs)
    layer = QgsVectorLayer(table_source(str(path), record.style), record.title, "ogr")
    found_style.dress(layer, record, licence)
    _keep_style(layer, record.style, path)
    layer = QgsVectorLayer(table_source(str(path), PLACE), record.title, "ogr")
    results.dress(layer, record)
    _keep_style(layer, PLACE, path)


def _keep_style(layer: QgsVectorLayer, name: str, path: Path) -> None:
    """Into the file itself: whoever opens it sees the layer as it is here."""
    why = layer.saveStyleToDatabase(name, "", True, "")
    if why:
        raise not_written(str(path), why)
    layer.saveDefaultMetadata()


def _put(written: Path, folder: Path, stem: str) -> Path:
    """Give the finished file the first name that is free, in one step that never replaces a file."""
    number = 1
    while True:
        target = folder / (f"{stem}.gpkg" if number == 1 else f"{stem}_{number}.gpkg")
        try:
            os.link(written, target)
        except FileExistsError:
            number += 1
        except OSError:  # a file system without links: FAT, some network drives
            if not target.exists():
                os.rename(written, target)
                return target
            number += 1
        else:
            return target

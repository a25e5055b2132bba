"""Save a layer of results as a file: the format, where, and in which coordinate system; what the format changes is said."""

from __future__ import annotations

from os.path import splitext
from pathlib import Path
from typing import Optional

from qgis.core import QgsCoordinateReferenceSystem, QgsFileUtils, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface, QgsFileWidget, QgsProjectionSelectionWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QMessageBox,
)

from ...protocol import RsvlmError
from ..layers.export import IN_PIXELS, WGS84, Export, formats_of, notes_for, would_replace
from ..layers.pixel_files import NEEDED
from ..layers.project_folder import project_folder
from ..layers.record import Record
from ..layers.results import RESULT_PROPERTY
from ..translation import tr
from .export_task import save_in_background
from .saved import SavedAnswers

LINES = 3  # that notes on a format take in a narrow window


class ExportDialog(QDialog):
    """Stays open, and says why, where saving cannot begin; what becomes of it is said in the message bar."""

    def __init__(self, layer: QgsVectorLayer, iface: QgisInterface) -> None:
        super().__init__(iface.mainWindow())
        self.setObjectName("rsvlm_export")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Save “{layer}”").format(layer=layer.name()))
        self._layer = layer
        self._record = self._recorded()
        self._formats = formats_of(self._record)
        self._folder = project_folder(QgsProject.instance())
        self._bar = iface.messageBar()
        layer.willBeDeleted.connect(self.reject)
        self._build()
        self._show_format()

    def _build(self) -> None:
        self.format_choice = QComboBox()
        for kind in self._formats.values():
            self.format_choice.addItem(f"{kind.title} (*{kind.suffix})", kind.suffix)
        self.format_choice.currentIndexChanged.connect(self._show_format)
        self.file = QgsFileWidget()
        self.file.setStorageMode(QgsFileWidget.StorageMode.SaveFile)
        self.file.setDialogTitle(tr("Save Layer"))
        self.file.setConfirmOverwrite(False)  # asked here, once, and for all files of a shapefile
        self.file.setDefaultRoot(str(self._folder or ""))
        self.crs_choice = QgsProjectionSelectionWidget()
        self.crs_choice.setLayerCrs(self._layer.crs())
        self.crs_choice.setCrs(self._layer.crs())
        self.crs_choice.crsChanged.connect(lambda _crs: self._show_notes())
        count = self._layer.selectedFeatureCount()
        self.selected = QCheckBox(tr("Only the %n selected features", count))
        self.selected.setVisible(count > 0)
        self.notes = QLabel()
        self.notes.setObjectName("rsvlm_export_notes")
        self.notes.setWordWrap(True)
        self.notes.setMinimumHeight(LINES * self.fontMetrics().lineSpacing())
        self.notes.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeading)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self._save)
        self.buttons.rejected.connect(self.reject)
        form = QFormLayout(self)
        form.addRow(tr("Format"), self.format_choice)
        form.addRow(tr("File"), self.file)
        form.addRow(tr("CRS"), self.crs_choice)
        form.addRow(self.selected)
        form.addRow(self.notes)
        form.addRow(self.buttons)
        self.resize(460, self.sizeHint().height())

    def _recorded(self) -> Optional[Record]:
        """The answer whose masks or boxes the layer shows, as the project has it."""
        key, fields = self._layer.customProperty(RESULT_PROPERTY, ""), self._layer.fields()
        if not key or any(fields.lookupField(name) < 0 for name in NEEDED):
            return None
        saved = SavedAnswers(self)
        records = saved.load()
        saved.dispose()
        return next((record for record in records if record.key == key), None)

    @property
    def _suffix(self) -> str:
        return str(self.format_choice.currentData())

    def _show_format(self, _index: int = 0) -> None:
        kind = self._formats[self._suffix]
        self.file.setFilter(f"{kind.title} (*{kind.suffix})")
        path = self.file.filePath()
        if path:
            stem, suffix = splitext(path)
            self.file.setFilePath((stem if suffix.lower() in self._formats else path) + kind.suffix)
        if self._suffix == ".geojson" and self._layer.crs().isValid():
            self.crs_choice.setCrs(QgsCoordinateReferenceSystem(WGS84))
        else:
            self.crs_choice.setCrs(self._layer.crs())
        self.crs_choice.setEnabled(self._suffix not in (".csv", *IN_PIXELS) and self._layer.crs().isValid())
        self._show_notes()

    def _show_notes(self) -> None:
        self.notes.setText("\n".join(notes_for(self._layer, self._suffix, self.crs_choice.crs())))

    def _save(self) -> None:
        path = self.file.filePath().strip()
        if not path:
            self.notes.setText(tr("Name a file first."))
            return
        path = str((self._folder or Path.home()) / path)  # else a bare name is a file of QGIS's working directory
        path = QgsFileUtils.ensureFileNameHasExtension(path, [self._suffix[1:]])
        replace = would_replace(path)
        if replace and not self._may_replace(path):
            return
        selected = self.selected.isVisible() and self.selected.isChecked()
        try:
            export = Export(self._layer, path, self.crs_choice.crs(), replace, selected, self._record)
        except RsvlmError as error:
            self.notes.setText(f"{error.message} {error.hint}".strip())
            return
        save_in_background(export, self._bar)
        self.accept()

    def _may_replace(self, path: str) -> bool:
        question = tr("{path} exists already. Replace it?").format(path=path)
        return QMessageBox.question(self, self.windowTitle(), question) == QMessageBox.StandardButton.Yes

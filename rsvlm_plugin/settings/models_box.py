"""The options' tab for models: which there are, what they take and under which licence; download, import, remove."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QShowEvent
from qgis.PyQt.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from ...protocol import RsvlmError
from ..dock import figures
from ..translation import tr
from .model_dialogs import ImportDialog, TermsDialog
from .model_store import shared_store

MODEL, SIZE, MEMORY, LICENCE, STATE = range(5)


class ModelsBox(QWidget):
    """Its buttons act at once; a download goes on when the options are closed."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._rows: List[Dict[str, Any]] = []
        self._store = shared_store()
        self._build()
        self._store.listed.connect(self._show_rows)
        self._store.began.connect(self._show_doing)
        self._store.progress.connect(self._show_progress)
        self._store.done.connect(self._show_done)
        self._store.failed.connect(self._show_failed)
        self._show_doing(self._store.doing)

    def apply(self) -> bool:
        """There is nothing to keep."""
        return False

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 (Qt's name)
        super().showEvent(event)
        self._store.refresh()

    def _build(self) -> None:
        self.table = QTreeWidget()
        self.table.setHeaderLabels([tr("Model"), tr("Size"), tr("Memory"), tr("Licence"), tr("State")])
        self.table.setRootIsDecorated(False)
        self.table.setAlternatingRowColors(True)
        self.table.setAccessibleName(tr("Models"))
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.table.header()
        header.setStretchLastSection(False)
        for column in (SIZE, MEMORY, STATE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        for column in (MODEL, LICENCE):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.currentItemChanged.connect(self._show_buttons)
        self.terms = QLabel()
        self.terms.setTextFormat(Qt.TextFormat.PlainText)
        self.terms.setWordWrap(True)
        self.terms.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.download_button = QPushButton(tr("Download…"))
        self.verify_button = QPushButton(tr("Verify"))
        self.verify_button.setToolTip(tr("Hold the files against the checksums that the model's card names"))
        self.remove_button = QPushButton(tr("Remove…"))
        self.import_button = QPushButton(tr("Import…"))
        self.import_button.setToolTip(tr("Bring in weights of your own: .safetensors, .pt or .pth"))
        self.stop_button = QPushButton(tr("Stop"))
        self.stop_button.setToolTip(tr("What has been downloaded is kept"))
        buttons = QHBoxLayout()
        for button in (self.download_button, self.verify_button, self.remove_button, self.import_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.progress = QProgressBar()
        self.note = QLabel()
        self.note.setWordWrap(True)
        running = QHBoxLayout()
        running.addWidget(self.progress, 1)
        running.addWidget(self.stop_button)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.terms)
        layout.addLayout(buttons)
        layout.addWidget(self.note)
        layout.addLayout(running)
        self.download_button.clicked.connect(self._download)
        self.verify_button.clicked.connect(lambda: self._store.verify(self._row()))
        self.remove_button.clicked.connect(self._remove)
        self.import_button.clicked.connect(self._import)
        self.stop_button.clicked.connect(self._store.stop)

    def _show_rows(self, rows: List[Dict[str, Any]]) -> None:
        chosen = (self._row() or {}).get("id")
        self._rows = rows
        self.table.clear()
        for row in rows:
            words = [
                row["title"],
                figures.memory(row["size_bytes"]),
                figures.memory(row["memory_bytes"]),
                row["licence"],
            ]
            item = QTreeWidgetItem([*words, state(row)])
            for column, text in ((MODEL, row["id"]), (LICENCE, row["licence"])):
                item.setToolTip(column, text)
            for column in (SIZE, MEMORY):
                item.setTextAlignment(column, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter)
            self.table.addTopLevelItem(item)
            if row["id"] == chosen or len(rows) == 1:
                self.table.setCurrentItem(item)
        self._show_buttons()

    def _row(self) -> Optional[Dict[str, Any]]:
        index = self.table.indexOfTopLevelItem(self.table.currentItem()) if self.table.currentItem() else -1
        return self._rows[index] if 0 <= index < len(self._rows) else None

    def _show_buttons(self, *_items: object) -> None:
        row, busy = self._row() or {}, bool(self._store.doing)
        installed, downloadable = row.get("installed", False), row.get("downloadable", False)
        self.download_button.setEnabled(downloadable and not installed and not busy)
        self.verify_button.setEnabled(installed and not busy)
        self.remove_button.setEnabled(bool(row) and not row["bundled"] and not busy)
        self.import_button.setEnabled(not busy)
        self.terms.setText(row.get("terms", ""))
        self.terms.setVisible(bool(row.get("terms")))

    def _show_doing(self, doing: str) -> None:
        self.progress.setVisible(bool(doing))
        self.stop_button.setVisible(bool(doing))
        self.progress.setRange(0, 0)
        if doing:
            self.note.setText(doing)
        self._show_buttons()

    def _show_progress(self, percent: int) -> None:
        self.progress.setRange(0, 100)
        self.progress.setValue(percent)

    def _show_done(self, sentence: str) -> None:
        self._show_doing("")
        self.note.setText(sentence)
        self._store.refresh()

    def _show_failed(self, error: RsvlmError) -> None:
        self._show_doing(self._store.doing)
        if error.code == "cancelled":
            self.note.setText(tr("Stopped. What has been downloaded is kept: Download goes on from there."))
        else:
            self.note.setText(f"{error.message} {error.hint}".strip())

    def _download(self) -> None:
        row = self._row()
        dialog = TermsDialog(row, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._store.download(row, dialog.accepted_licence, dialog.folder)

    def _remove(self) -> None:
        row = self._row()
        question = tr("Remove {model} from this computer? Its files are deleted.").format(model=row["title"])
        if QMessageBox.question(self, tr("Remove Model"), question) == QMessageBox.StandardButton.Yes:
            self._store.remove(row)

    def _import(self) -> None:
        dialog = ImportDialog({row["id"] for row in self._rows}, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self._store.bring_in(*dialog.wish())


def state(row: Dict[str, Any]) -> str:
    """In a word or two, whether a model can be used."""
    if row["bundled"]:
        return tr("Bundled") if row["installed"] else tr("Files missing")
    if row["installed"]:
        return tr("Installed")
    return tr("Not installed") if row["downloadable"] else tr("Files missing")

"""What is asked before a model comes to this computer: its terms before a download, its name before an import."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict, Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from ..dock import figures
from ..translation import tr

ID = re.compile(r"^[a-z0-9]+([._-][a-z0-9]+)*$")


class TermsDialog(QDialog):
    """What a model is and under which terms it comes, before it is downloaded."""

    def __init__(self, row: Dict[str, Any], parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Download Model"))
        self.folder = ""
        facts = QFormLayout()
        for label, words in (
            (tr("Model"), row["title"]),
            (tr("Size"), figures.memory(row["size_bytes"])),
            (tr("Memory while it is used"), figures.memory(row["memory_bytes"])),
            (tr("Licence"), row["licence"]),
            (tr("Terms"), row["terms"]),
        ):
            if words:
                facts.addRow(label, _words(words))
        self.accept_box = QCheckBox(tr("I have read the licence and accept it"))
        self.accept_box.setVisible(row["licence_to_accept"])
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.network_button = self.buttons.addButton(tr("Download"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.folder_button = self.buttons.addButton(tr("From Folder…"), QDialogButtonBox.ButtonRole.ActionRole)
        self.folder_button.setToolTip(tr("Copy the files from a folder, for a computer without a network"))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.folder_button.clicked.connect(self._choose_folder)
        self.accept_box.toggled.connect(self._allow)
        layout = QVBoxLayout(self)
        layout.addLayout(facts)
        layout.addWidget(self.accept_box)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(440)
        self._allow(not row["licence_to_accept"])

    @property
    def accepted_licence(self) -> bool:
        return self.accept_box.isChecked()

    def _allow(self, allowed: bool) -> None:
        self.network_button.setEnabled(allowed)
        self.folder_button.setEnabled(allowed)

    def _choose_folder(self) -> None:
        self.folder = QFileDialog.getExistingDirectory(self, tr("Choose the Folder with the Model's Files"))
        if self.folder:
            self.accept()


class ImportDialog(QDialog):
    """Which weights, and what the model is to be called."""

    def __init__(self, taken: set, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Import Model"))
        self._taken = taken
        self.path = QgsFileWidget()
        self.path.setFilter(tr("Weights (*.safetensors *.pt *.pth);;All files (*)"))
        self.path.setDialogTitle(tr("Choose the Weights"))
        self.path.setToolTip(tr("The file of weights; config.json and tokenizer.json lie beside it"))
        self.name = QLineEdit()
        self.title = QLineEdit()
        self.licence = QLineEdit()
        self.licence.setPlaceholderText(tr("not stated"))
        self.problem = QLabel()
        self.problem.setWordWrap(True)
        form = QFormLayout()
        for label, widget in (
            (tr("Weights"), self.path),
            (tr("Identifier"), self.name),
            (tr("Title"), self.title),
            (tr("Licence"), self.licence),
        ):
            widget.setAccessibleName(label)
            form.addRow(label, widget)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.import_button = self.buttons.addButton(tr("Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.path.fileChanged.connect(self._propose)
        self.name.textChanged.connect(self._judge)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(self.buttons)
        self.setMinimumWidth(440)
        self._judge()

    def wish(self) -> tuple:
        """Path, identifier, title and licence, for ModelStore.bring_in."""
        title = self.title.text().strip() or self.name.text()
        return self.path.filePath(), self.name.text(), title, self.licence.text().strip()

    def _propose(self, path: str) -> None:
        chosen = Path(path)
        source = chosen.parent.name if chosen.stem in ("model", "pytorch_model") else chosen.stem
        if not self.name.text():
            self.name.setText(re.sub(r"[^a-z0-9]+", "-", source.lower()).strip("-"))
        self._judge()

    def _judge(self, *_text: str) -> None:
        name, problem = self.name.text(), ""
        if name in self._taken:
            problem = tr("There is a model of this identifier already.")
        elif name and not ID.match(name):
            problem = tr("An identifier has small letters, digits and single - _ . between them.")
        self.problem.setText(problem)
        self.import_button.setEnabled(bool(name and self.path.filePath() and not problem))


def _words(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label

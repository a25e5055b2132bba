"""The options' tab for training: where answers that were put right are kept as training records."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from ..layers.correcting import usual_folder
from ..layers.corrections import FILE
from ..translation import tr
from .store import Settings


class TrainingBox(QWidget):
    """Values are written by `apply`; the next correction heeds them."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._settings = Settings()
        self.corrections = QgsFileWidget()
        self.corrections.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.corrections.setDialogTitle(tr("Choose the Folder for Corrections"))
        self.corrections.lineEdit().setPlaceholderText(str(usual_folder()))
        self.corrections.setFilePath(self._settings.corrections)
        label = QLabel(tr("Folder for corrections"))
        label.setBuddy(self.corrections)
        self.corrections.setAccessibleName(label.text())
        form = QFormLayout()
        form.addRow(label, self.corrections)
        self.note = QLabel(
            tr(
                "Answers that you correct are kept in the file {file} of this folder. “Fine-tune model” in the Processing"
                " toolbox trains a model on them. Empty: a folder beside the project, or rsvlm's own where the project is not"
                " saved."
            ).format(file=FILE)
        )
        self.note.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addStretch(1)

    def apply(self) -> bool:
        """Keep the value; the backend need not be started anew for it."""
        self._settings.corrections = self.corrections.filePath()
        return False

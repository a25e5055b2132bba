"""The options' tab for what the backend may take and reach: memory, hosts, where models are kept and come from."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtWidgets import QDoubleSpinBox, QFormLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from ..environment.locate import home
from ..environment.process import shared_process
from ..translation import tr
from .store import FOREVER, Settings

MIB = 2**20
GIB = 2**30
HUB = "https://huggingface.co"
HOSTS = "data.example.org, tiles.example.org"  # an example


class LimitsBox(QWidget):
    """Values are written by `apply`; the backend heeds them from its next start on."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._settings = Settings()
        self._build()
        self._show_settings()

    def apply(self) -> bool:
        """Keep the values; True if a running backend must make way for one that is started with the new ones."""
        before = self._settings.variables()
        minutes = self.keep_alive.value()
        self._settings.keep_alive_s = FOREVER if minutes < 0 else minutes * 60
        self._settings.memory_bytes = round(self.memory.value() * GIB)
        self._settings.cache_bytes = self.cache.value() * MIB
        self._settings.allowed_hosts = self.hosts.text()
        self._settings.models_folder = self.models.filePath()
        self._settings.mirror = self.mirror.text()
        return before != self._settings.variables()

    def _build(self) -> None:
        self.keep_alive = QSpinBox()
        self.keep_alive.setRange(-1, 7 * 24 * 60)
        self.keep_alive.setSpecialValueText(tr("Until QGIS Is Closed"))
        self.keep_alive.setSuffix(tr("{n} min").format(n=""))
        self.keep_alive.setToolTip(
            tr("How long a model stays in memory after its last use; the bundled one always does")
        )
        self.memory = QDoubleSpinBox()
        self.memory.setRange(0, 4096)
        self.memory.setDecimals(1)
        self.memory.setSpecialValueText(tr("As Much as Is Free"))
        self.memory.setSuffix(tr("{n} GB").format(n=""))
        self.memory.setToolTip(tr("What all models may take together; the one not used for longest makes way"))
        self.cache = QSpinBox()
        self.cache.setRange(0, 1024 * 1024)
        self.cache.setSpecialValueText(tr("Nothing"))
        self.cache.setSuffix(tr("{n} MB").format(n=""))
        self.cache.setToolTip(tr("What may be taken to answer the next question about the same place sooner"))
        self.hosts = QLineEdit()
        self.hosts.setPlaceholderText(HOSTS)
        self.hosts.setToolTip(tr("Names of computers that rasters may be read from over the network; empty: none"))
        self.models = QgsFileWidget()
        self.models.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.models.setDialogTitle(tr("Choose the Folder for Models"))
        self.models.lineEdit().setPlaceholderText(str(home() / "models"))
        self.mirror = QLineEdit()
        self.mirror.setPlaceholderText(HUB)
        self.mirror.setToolTip(tr("Address of a mirror of the model hub; empty: the hub itself"))
        form = QFormLayout()
        for label, widget in (
            (tr("Keep models loaded"), self.keep_alive),
            (tr("Memory for models"), self.memory),
            (tr("Remembered pictures"), self.cache),
            (tr("Hosts of remote rasters"), self.hosts),
            (tr("Folder for models"), self.models),
            (tr("Mirror of the model hub"), self.mirror),
        ):
            caption = QLabel(label)
            caption.setBuddy(widget)
            widget.setAccessibleName(label)
            form.addRow(caption, widget)
        self.note = QLabel(
            tr("Another window or program started the backend that is running; it heeds these from its next start on.")
        )
        self.note.setWordWrap(True)
        self.note.setVisible(shared_process().is_shared)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.note)
        layout.addStretch(1)

    def _show_settings(self) -> None:
        seconds = self._settings.keep_alive_s
        self.keep_alive.setValue(-1 if seconds == FOREVER else seconds // 60)
        self.memory.setValue(self._settings.memory_bytes / GIB)
        self.cache.setValue(self._settings.cache_bytes // MIB)
        self.hosts.setText(self._settings.allowed_hosts.replace(",", ", "))
        self.models.setFilePath(self._settings.models_folder)
        self.mirror.setText(self._settings.mirror)

"""The options' tab for the backend's environment: which Python, which device, its installation, and is it in order."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgsFileWidget
from qgis.PyQt.QtCore import pyqtSlot
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...protocol import RsvlmError
from ..environment.check import check, readable
from ..environment.command import Commands, Step
from ..environment.install import Installation
from ..environment.locate import backend_python, home, is_installable, python_in
from ..environment.process import shared_process
from ..translation import tr
from .options import RsvlmOptionsFactory
from .store import DEVICES, Settings


class EnvironmentBox(QWidget):
    """Values are written by `apply`; Check and Install act at once, on the values that are shown."""

    def __init__(self, factory: RsvlmOptionsFactory, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._factory = factory
        self._settings = Settings()
        self._checking: Optional[Commands] = None
        self._build()
        self._show_settings()
        if factory.installation is not None:
            self._follow(factory.installation)

    def apply(self) -> bool:
        """Keep the values; True if a running backend must make way for one that is started with the new ones."""
        before = (self._settings.python, self._settings.device)
        self._settings.python = self.python.filePath()
        self._settings.device = DEVICES[self.device.currentIndex()]
        self._settings.wheelhouse = self.wheelhouse.filePath()
        return before != (self._settings.python, self._settings.device)

    def _build(self) -> None:
        self.python = QgsFileWidget()
        self.python.setStorageMode(QgsFileWidget.StorageMode.GetFile)
        self.python.setDialogTitle(tr("Choose the Python of the Backend"))
        self.python.setToolTip(tr("The Python that has the rsvlm backend. Empty: found by itself."))
        self.device = QComboBox()
        self.device.addItems([tr("Graphics Card if There Is One"), tr("Processor Only")])
        self.wheelhouse = QgsFileWidget()
        self.wheelhouse.setStorageMode(QgsFileWidget.StorageMode.GetDirectory)
        self.wheelhouse.setDialogTitle(tr("Choose the Folder with the Wheels"))
        self.wheelhouse.setToolTip(
            tr("For a computer without a network: a folder filled by “make wheelhouse”. Empty: the package index.")
        )
        form = QFormLayout()
        for label, widget in (
            (tr("Backend Python"), self.python),
            (tr("Models run on"), self.device),
            (tr("Folder with wheels"), self.wheelhouse),
        ):
            caption = QLabel(label)
            caption.setBuddy(widget)
            form.addRow(caption, widget)
        self.check_button = QPushButton(tr("Check"))
        self.check_button.setToolTip(tr("Ask the backend whether everything it needs is there"))
        self.install_button = QPushButton()
        self.stop_button = QPushButton(tr("Stop"))
        self.restart_button = QPushButton(tr("Restart Backend"))
        buttons = QHBoxLayout()
        for button in (self.check_button, self.install_button, self.restart_button, self.stop_button):
            buttons.addWidget(button)
        buttons.addStretch()
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.progress = QProgressBar()
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addLayout(buttons)
        for widget in (self.note, self.progress, self.report):
            layout.addWidget(widget)
        self.check_button.clicked.connect(self._check)
        self.install_button.clicked.connect(self._install)
        self.stop_button.clicked.connect(self._stop)
        self.restart_button.clicked.connect(self._restart)

    def _show_settings(self) -> None:
        self.python.setFilePath(self._settings.python)
        self.device.setCurrentIndex(DEVICES.index(self._settings.device))
        self.wheelhouse.setFilePath(self._settings.wheelhouse)
        try:
            found = str(backend_python(self._settings.python))
            self.python.lineEdit().setPlaceholderText(found)
            self._set_busy(False, tr("The backend runs with {path}.").format(path=found))
        except RsvlmError as error:
            self._set_busy(False, f"{error.message} {error.hint}")

    def _set_busy(self, busy: bool, note: str) -> None:
        installed = python_in(home() / "env").is_file()
        usable = is_installable(self.python.filePath())
        self.install_button.setText(tr("Update") if installed else tr("Install"))
        self.install_button.setToolTip(
            tr("Install the backend into {folder}").format(folder=home() / "env")
            if usable
            else tr("Another Python is in use: clear “Backend Python” and RSVLM_PYTHON to install one from here")
        )
        self.install_button.setEnabled(usable and not busy)
        self.check_button.setEnabled(not busy)
        self.restart_button.setEnabled(not busy)
        self.stop_button.setVisible(busy)
        self.progress.setVisible(busy)
        self.note.setText(note)

    @pyqtSlot()
    def _restart(self) -> None:
        if shared_process().is_shared:
            self.note.setText(
                tr("Another window or program started the backend and may be using it: restart it from there.")
            )
            return
        shared_process().stop()
        self.note.setText(tr("The backend was ended; the next request starts it again."))

    @pyqtSlot()
    def _check(self) -> None:
        self.report.clear()
        try:
            self._checking = check(self.python.filePath(), self)
        except RsvlmError as error:
            self.note.setText(f"{error.message} {error.hint}")
            return
        self._checking.succeeded.connect(self._on_checked)
        self._checking.failed.connect(self._on_check_failed)
        self.progress.setRange(0, 0)
        self._set_busy(True, tr("Checking the backend"))
        self._checking.start()

    @pyqtSlot(bytes)
    def _on_checked(self, output: bytes) -> None:
        self._checking = None
        self._set_busy(False, tr("The backend is in order."))
        self.report.setPlainText(readable(output.decode("utf-8", errors="replace")))

    @pyqtSlot(object, str)
    def _on_check_failed(self, _step: Step, said: str) -> None:
        self._checking = None
        self._set_busy(False, tr("The backend is not in order; what it said stands below."))
        self.report.setPlainText(readable(said))

    @pyqtSlot()
    def _install(self) -> None:
        self.report.clear()
        shared_process().stop()
        installation = self._factory.install(self.wheelhouse.filePath())
        self._follow(installation)
        installation.start()

    def _follow(self, installation: Installation) -> None:
        self.progress.setRange(0, 0)
        self._set_busy(True, tr("Installing the backend"))
        installation.progress.connect(self._on_progress)
        installation.line.connect(self.report.appendPlainText)
        installation.finished.connect(self._on_installed)

    @pyqtSlot(int, int, str)
    def _on_progress(self, done: int, total: int, note: str) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.note.setText(note)

    @pyqtSlot(object)
    def _on_installed(self, error: Optional[RsvlmError]) -> None:
        if error is None:
            self._set_busy(False, tr("The backend is installed."))
        else:
            self._set_busy(False, f"{error.message} {error.hint}")

    @pyqtSlot()
    def _stop(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
            self._set_busy(False, tr("The check was stopped."))
        elif self._factory.installation is not None:
            self._factory.installation.cancel()

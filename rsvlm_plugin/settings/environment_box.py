"""The options' tab for the backend's environment: which Python, which device; set it up, check it, start it anew."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Optional

from qgis.gui import QgsCollapsibleGroupBox, QgsFileWidget
from qgis.PyQt.QtCore import pyqtSlot
from qgis.PyQt.QtGui import QFontDatabase
from qgis.PyQt.QtWidgets import (
    QApplication,
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
from ..dock import figures
from ..dock.report import impersonal
from ..environment import torch_build
from ..environment.check import check
from ..environment.command import Commands, Step
from ..environment.install import Installation
from ..environment.locate import BEGUN, SET_UP, backend_python, environment_folder, is_installable, python_in, read_mark
from ..environment.makers import find_uv
from ..environment.process import shared_process
from ..environment.recipe import Plan
from ..translation import tr
from .options import RsvlmOptionsFactory
from .store import DEVICES, Settings


class EnvironmentBox(QWidget):
    """Values are written by `apply`; the buttons act at once, on the values that are shown."""

    def __init__(self, factory: RsvlmOptionsFactory, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._factory = factory
        self._settings = Settings()
        self._running: Optional[Commands] = None
        self._cards: Optional[str] = None
        self._asking_cards = False
        self._build()
        self._connect()
        self._show_settings()
        if factory.last is not None:
            self.report.setPlainText("\n".join(factory.last.log))
            if factory.last.is_running:
                self._follow(factory.last)
            elif factory.last.error is not None:
                self._on_set_up_failed(factory.last.error)
        self._ask_cards()

    def apply(self) -> bool:
        """Keep the values; True if a running backend must make way for one that is started with the new ones."""
        before = (self._settings.python, self._settings.device)
        self._settings.python = self.python.filePath()
        self._settings.device = DEVICES[self.device.currentIndex()]
        self._settings.wheelhouse = self.wheelhouse.filePath()
        self._settings.torch = self.torch.currentData()
        return before != (self._settings.python, self._settings.device)

    def plan(self) -> Plan:
        """The setup as the widgets show it."""
        build = torch_build.choose(self.torch.currentData(), self._cards, sys.platform)
        return Plan(
            Path(os.path.expanduser(self.folder.filePath() or environment_folder())), build, self.wheelhouse.filePath()
        )

    def _build(self) -> None:
        self.python = self._file(
            QgsFileWidget.StorageMode.GetFile,
            tr("Choose the Python of the Backend"),
            tr("The Python that has the rsvlm backend. Empty: the environment that is set up below."),
        )
        self.device = QComboBox()
        self.device.addItems([tr("Graphics Card if There Is One"), tr("Processor Only")])
        self.folder = self._file(
            QgsFileWidget.StorageMode.GetDirectory,
            tr("Choose the Folder of the Environment"),
            tr("Where Python, torch and the backend are installed; an empty folder or one that does not exist yet."),
        )
        self.torch = QComboBox()
        builds = [(tr("Best for This Computer"), "auto"), (tr("Processor (CPU)"), "cpu")]
        if sys.platform != "darwin":
            builds.append((tr("NVIDIA Graphics (CUDA)"), "cuda"))
        for title, build in builds:
            self.torch.addItem(title, build)
        self.wheelhouse = self._file(
            QgsFileWidget.StorageMode.GetDirectory,
            tr("Choose the Folder with the Wheels"),
            tr(
                "For a computer without a network: a folder of wheels, filled as the README says. Empty: the package index."
            ),
        )
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.install_button = QPushButton()
        self.check_button = QPushButton(tr("Check"))
        self.check_button.setToolTip(tr("Ask the backend whether everything it needs is there"))
        self.restart_button = QPushButton(tr("Restart Backend"))
        self.stop_button = QPushButton(tr("Stop"))
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress of the setup"))
        self.report = QPlainTextEdit()
        self.report.setReadOnly(True)
        self.report.setAccessibleName(tr("Log"))
        self.report.setMinimumHeight(120)
        self.report.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.copy_button = QPushButton(tr("Copy Log"))
        self.copy_button.setToolTip(tr("Copy all of it, without personal paths"))
        used = _form(((tr("Backend Python"), self.python), (tr("Models run on"), self.device)))
        group = QgsCollapsibleGroupBox(tr("Setup"))
        made = _form(
            (
                (tr("Folder"), self.folder),
                (tr("Build of torch"), self.torch),
                (tr("Folder with wheels"), self.wheelhouse),
            )
        )
        inside = QVBoxLayout(group)
        inside.addLayout(made)
        inside.addWidget(self.summary)
        layout = QVBoxLayout(self)
        layout.addLayout(used)
        layout.addWidget(group)
        layout.addLayout(_row(self.install_button, self.check_button, self.restart_button, self.stop_button))
        for widget in (self.note, self.progress):
            layout.addWidget(widget)
        layout.addWidget(self.report, 1)
        layout.addLayout(_row(self.copy_button))

    def _file(self, mode: "QgsFileWidget.StorageMode", title: str, tip: str) -> QgsFileWidget:
        widget = QgsFileWidget()
        widget.setStorageMode(mode)
        widget.setDialogTitle(title)
        widget.setToolTip(tip)
        return widget

    def _connect(self) -> None:
        self.install_button.clicked.connect(self._install)
        self.check_button.clicked.connect(self._check)
        self.restart_button.clicked.connect(self._restart)
        self.stop_button.clicked.connect(self._stop)
        self.copy_button.clicked.connect(self._copy)
        self.python.fileChanged.connect(self._changed)
        self.folder.fileChanged.connect(self._changed)
        self.wheelhouse.fileChanged.connect(self._changed)
        self.torch.currentIndexChanged.connect(self._changed)

    def _show_settings(self) -> None:
        self.python.setFilePath(self._settings.python)
        self.device.setCurrentIndex(DEVICES.index(self._settings.device))
        self.folder.setFilePath(str(environment_folder()))
        self.torch.setCurrentIndex(max(0, self.torch.findData(self._settings.torch)))
        self.wheelhouse.setFilePath(self._settings.wheelhouse)
        try:
            found = str(backend_python(self._settings.python))
            self.python.lineEdit().setPlaceholderText(found)
            self._set_busy(False, tr("The backend runs with {path}.").format(path=found))
        except RsvlmError as error:
            self._set_busy(False, error.message if SET_UP in error.details else f"{error.message} {error.hint}")

    @pyqtSlot()
    def _changed(self) -> None:
        if self._running is None and self._factory.installation is None:
            self._set_busy(False, self.note.text())

    def _set_busy(self, busy: bool, note: str) -> None:
        plan = self.plan()
        mark = read_mark(plan.folder) if os.path.isfile(python_in(plan.folder)) else ""
        names = {"": tr("Set Up Backend"), BEGUN: tr("Go On Setting Up"), plan.stamp(): tr("Try Backend")}
        usable = is_installable(self.python.filePath())
        self.install_button.setText(names.get(mark) or tr("Update Backend"))
        self.install_button.setToolTip(
            ""
            if usable
            else tr("Another Python is in use: clear “Backend Python” and RSVLM_PYTHON to set one up from here")
        )
        self.install_button.setEnabled(usable and not busy and not self._asking_cards)
        for widget in (self.check_button, self.restart_button, self.folder, self.torch, self.wheelhouse):
            widget.setEnabled(not busy)
        self.stop_button.setVisible(busy)
        self.progress.setVisible(busy)
        self.note.setText(note)
        self.summary.setText(self._summary(plan))

    def _summary(self, plan: Plan) -> str:
        if self._asking_cards:
            return tr("Looking for a graphics card")
        tool = "uv" if find_uv() else "pip"
        if read_mark(plan.folder) == plan.stamp():
            return tr("The backend is set up in this folder, with torch for {build}.").format(build=plan.build.title)
        if plan.wheelhouse:
            source = tr("Installs what is in the folder with wheels, with {tool} and without a network.").format(
                tool=tool
            )
        else:
            source = tr("Downloads about {size} GB with {tool}: torch for {build}. {reason}").format(
                size=figures.number(plan.build.download_gb, 2),
                tool=tool,
                build=plan.build.title,
                reason=plan.build.reason,
            )
        there = next((parent for parent in (plan.folder, *plan.folder.parents) if os.path.isdir(parent)), Path.home())
        room = tr("Needs {needed} GB of disk while it is set up; {free} GB are free.").format(
            needed=figures.number(plan.build.disk_gb, 2), free=figures.number(shutil.disk_usage(there).free / 1e9, 2)
        )
        return f"{source} {room}"

    def _ask_cards(self) -> None:
        """Ask NVIDIA's driver for the cards; until it has answered, nothing is set up."""
        program = shutil.which("nvidia-smi")
        if program is None:
            return
        asking = Commands([Step("", program, torch_build.CARD_QUERY)], str(Path.home()), self)
        asking.succeeded.connect(self._on_cards)
        asking.failed.connect(lambda _step, _said: self._on_cards(b""))
        self._asking_cards = True
        self._changed()
        asking.start()

    @pyqtSlot(bytes)
    def _on_cards(self, said: bytes) -> None:
        self._asking_cards = False
        self._cards = said.decode("utf-8", errors="replace")
        self._changed()

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
    def _copy(self) -> None:
        QApplication.clipboard().setText(impersonal(f"{self.note.text()}\n\n{self.report.toPlainText()}"))

    @pyqtSlot()
    def _check(self) -> None:
        self.report.clear()
        try:
            self._running = check(self.python.filePath(), self)
        except RsvlmError as error:
            self.note.setText(f"{error.message} {error.hint}")
            return
        self._running.line.connect(self.report.appendPlainText)
        self._running.succeeded.connect(lambda _output: self._checked(tr("The backend is in order.")))
        self._running.failed.connect(
            lambda _step, _said: self._checked(tr("The backend is not in order; what it said stands below."))
        )
        self._running.cancelled.connect(lambda: self._checked(tr("The check was stopped.")))
        self.progress.setRange(0, 0)
        self._set_busy(True, tr("Checking the backend"))
        self._running.start()

    def _checked(self, note: str) -> None:
        self._running = None
        self._set_busy(False, note)

    @pyqtSlot()
    def _install(self) -> None:
        self.report.clear()
        installation = self._factory.install(self.plan())
        self._follow(installation)
        installation.start()

    def _follow(self, installation: Installation) -> None:
        self.progress.setRange(0, 0)
        self._set_busy(True, tr("Setting up the backend"))
        installation.progress.connect(self._on_progress)
        installation.line.connect(self.report.appendPlainText)
        installation.succeeded.connect(self._on_set_up)
        installation.failed.connect(self._on_set_up_failed)

    @pyqtSlot(int, int, str)
    def _on_progress(self, done: int, total: int, note: str) -> None:
        self.progress.setRange(0, total)
        self.progress.setValue(done)
        self.note.setText(note)

    @pyqtSlot(str)
    def _on_set_up(self, sentence: str) -> None:
        self._set_busy(False, tr("The backend is ready. Of the demo it says: {sentence}").format(sentence=sentence))

    @pyqtSlot(object)
    def _on_set_up_failed(self, error: RsvlmError) -> None:
        self._set_busy(False, f"{error.message} {error.hint}")

    @pyqtSlot()
    def _stop(self) -> None:
        running = self._running or self._factory.installation
        if running is not None:
            self.note.setText(tr("Stopping…"))
            running.cancel()


def _form(rows: "tuple[tuple[str, QWidget], ...]") -> QFormLayout:
    form = QFormLayout()
    for label, widget in rows:
        caption = QLabel(label)
        caption.setBuddy(widget)
        form.addRow(caption, widget)
    return form


def _row(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    row.addStretch()
    return row

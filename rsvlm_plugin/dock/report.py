"""Errors and news in QGIS's message bar; "Details…" opens a text that can be copied."""

from __future__ import annotations

import platform
import re
from pathlib import Path
from typing import List, Optional, Sequence

from qgis.core import Qgis, QgsMessageLog
from qgis.gui import QgisInterface, QgsMessageBarItem
from qgis.PyQt.QtCore import QObject, Qt
from qgis.PyQt.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...protocol import PROTOCOL, VERSION, RsvlmError
from ..client import Backend, BackendState
from ..environment.locate import home
from ..translation import tr
from . import figures
from .provenance import device

TITLE = "rsvlm"
NEWS_SECONDS = 8
SERVICE_LINES = 20


class Report(QObject):
    """Says things to the user without stopping them. A new error takes the place of the one before."""

    def __init__(self, iface: QgisInterface, backend: Backend, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._bar = iface.messageBar()
        self._window = iface.mainWindow()
        self._backend = backend
        self.last_error: Optional[RsvlmError] = None
        self._item: Optional[QgsMessageBarItem] = None
        self._dialog: Optional[QDialog] = None

    def error(self, error: RsvlmError) -> None:
        """What happened, why, and the next step."""
        text = f"{error.message} {error.hint}".strip()
        what = f"{error.message}\n{error.hint}\n\n{tr('Code')}: {error.code}\n"
        QgsMessageLog.logMessage(f"{error.code}: {text}", TITLE, Qgis.MessageLevel.Warning, False)
        self.clear()
        self.last_error = error
        item = self._bar.createMessage(TITLE, text)
        button = QPushButton(tr("Details…"), item)
        button.setObjectName("rsvlm_error_details")
        # Not before the click: what a model process said last is known a moment after it died.
        button.clicked.connect(lambda: self.show_details(tr("What went wrong"), what + self.diagnostics()))
        item.layout().addWidget(button)
        item.destroyed.connect(self._forget_item)
        self._item = item
        self._bar.pushWidget(item, Qgis.MessageLevel.Warning, 0)

    def news(self, text: str) -> None:
        """Something went as wished."""
        self._bar.pushMessage(TITLE, text, Qgis.MessageLevel.Success, NEWS_SECONDS)

    def show_details(self, title: str, text: str) -> None:
        """A window with a text that can be copied, without personal paths; QGIS stays usable beside it."""
        if self._dialog is not None:
            self._dialog.close()
        self._dialog = details_dialog(title, impersonal(text), self._window)
        self._dialog.finished.connect(self._forget_dialog)
        self._dialog.show()

    def diagnostics(self) -> str:
        """Versions, and all that is known of the backend, its last lines included."""
        log = home() / "logs" / "backend.log"
        lines = [
            f"rsvlm {VERSION} (protocol {PROTOCOL}), QGIS {Qgis.QGIS_VERSION}, {platform.platform()}",
            *backend_facts(self._backend.state),
            *_said(tr("Last lines of the model process"), self._backend.state.said),
            *_said(tr("Last lines of the service"), self._backend.log().splitlines()[-SERVICE_LINES:]),
            "",
            tr("Log: {path}").format(path=log) if log.is_file() else tr("There is no log yet."),
        ]
        return "\n".join(lines)

    def clear(self) -> None:
        """Take the last error away."""
        self.last_error = None
        item, self._item = self._item, None
        if item is not None:
            item.destroyed.disconnect(self._forget_item)  # it comes late, when there may be another
            self._bar.popWidget(item)

    def dispose(self) -> None:
        """Leave nothing in the message bar and no window."""
        self.clear()
        if self._dialog is not None:
            self._dialog.close()

    def _forget_dialog(self, _result: int) -> None:
        self._dialog = None

    def _forget_item(self) -> None:
        self._item = None


def backend_facts(state: BackendState) -> List[str]:
    """The state in words, one fact a line; what is not known is left out."""
    kinds = {
        "stopped": tr("not running"),
        "starting": tr("starting"),
        "ready": tr("ready"),
        "busy": tr("busy"),
        "failed": tr("not available"),
    }
    lines = [tr("Backend: {state}").format(state=kinds[state.kind])]
    if state.version:
        lines.append(tr("Backend's version: {version}").format(version=state.version))
    if state.shared:
        lines.append(tr("Another window or program started it and shares it with this one."))
    if state.device:
        lines.append(tr("Device: {device}").format(device=device(state.device)))
    lines.extend(sentence for sentence in (state.note, state.detail) if sentence)
    if state.used_bytes is not None and state.free_bytes is not None:
        used, free = figures.memory(state.used_bytes), figures.memory(state.free_bytes)
        lines.append(tr("Memory for models: {used} used, {free} free").format(used=used, free=free))
    for model in state.loaded:
        name = f"{model.title} {model.revision}".strip()
        lines.append(tr("Loaded: {model}, {memory}").format(model=name, memory=figures.memory(model.memory_bytes)))
    if state.kind in ("ready", "busy"):
        lines.append(
            tr("Requests: {running} running, {waiting} waiting").format(running=state.running, waiting=state.waiting)
        )
    return lines


def _said(title: str, lines: Sequence[str]) -> List[str]:
    return ["", f"{title}:", *lines] if lines else []


def impersonal(text: str) -> str:
    """The text without the user's name: their folder is written ~, their name in other paths "user"."""
    folder = Path.home()
    if folder.name:
        text = text.replace(str(folder), "~").replace(folder.as_posix(), "~")
        text = re.sub(rf"(?<=[\\/]){re.escape(folder.name)}(?=[\\/]|$)", "user", text, flags=re.MULTILINE)
    return text


def details_dialog(title: str, text: str, parent: QWidget) -> QDialog:
    """A modeless window with the text, Copy and Close."""
    dialog = QDialog(parent)
    dialog.setObjectName("rsvlm_details")
    dialog.setWindowTitle(title)
    edit = QPlainTextEdit(text)
    edit.setReadOnly(True)
    edit.setAccessibleName(title)
    edit.setLineWrapMode(QPlainTextEdit.LineWrapMode.WidgetWidth)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    copy = buttons.addButton(tr("Copy"), QDialogButtonBox.ButtonRole.ActionRole)
    copy.clicked.connect(lambda: QApplication.clipboard().setText(edit.toPlainText()))
    buttons.rejected.connect(dialog.reject)
    box = QVBoxLayout(dialog)
    box.addWidget(edit)
    box.addWidget(buttons)
    dialog.resize(560, 400)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return dialog

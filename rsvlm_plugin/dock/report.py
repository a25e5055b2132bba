"""Errors and news in QGIS's message bar; "Details…" opens a text that can be copied."""

from __future__ import annotations

from typing import Optional

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
from ..client import Backend
from ..translation import tr

TITLE = "rsvlm"
NEWS_SECONDS = 8


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
        details = f"{error.message}\n{error.hint}\n\n{tr('Code')}: {error.code}\n{self.diagnostics()}"
        QgsMessageLog.logMessage(f"{error.code}: {text}", TITLE, Qgis.MessageLevel.Warning, False)
        self.clear()
        self.last_error = error
        item = self._bar.createMessage(TITLE, text)
        button = QPushButton(tr("Details…"), item)
        button.setObjectName("rsvlm_error_details")
        button.clicked.connect(lambda: self.show_details(tr("What went wrong"), details))
        item.layout().addWidget(button)
        item.destroyed.connect(self._forget_item)
        self._item = item
        self._bar.pushWidget(item, Qgis.MessageLevel.Warning, 0)

    def news(self, text: str) -> None:
        """Something went as wished."""
        self._bar.pushMessage(TITLE, text, Qgis.MessageLevel.Success, NEWS_SECONDS)

    def show_details(self, title: str, text: str) -> None:
        """A window with a text that can be copied; QGIS stays usable beside it."""
        if self._dialog is not None:
            self._dialog.close()
        self._dialog = details_dialog(title, text, self._window)
        self._dialog.finished.connect(self._forget_dialog)
        self._dialog.show()

    def diagnostics(self) -> str:
        """Versions, device and the backend's last lines."""
        state = self._backend.state
        lines = [
            f"rsvlm {VERSION} (protocol {PROTOCOL}), QGIS {Qgis.QGIS_VERSION}",
            tr("Backend: {state}, device {device}, model {model}").format(
                state=state.kind, device=state.device or "–", model=state.model or "–"
            ),
            state.detail,
            "",
            self._backend.log(),
        ]
        return "\n".join(lines).strip()

    def clear(self) -> None:
        """Take the last error away."""
        self.last_error = None
        item, self._item = self._item, None
        if item is not None:
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

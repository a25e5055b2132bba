"""One line: device first, model, memory, state. A click opens the details and the log."""

from __future__ import annotations

from typing import List, Optional

from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QPaintEvent
from qgis.PyQt.QtWidgets import QSizePolicy, QStyle, QStyleOptionToolButton, QStylePainter, QToolButton, QWidget

from ..client import BackendState
from ..translation import tr
from . import figures
from .provenance import device

NARROWEST = 320  # pixels that the dock is given at least
MODEL = 1  # the part of the line that gives way where it is narrow
REVISION_LETTERS = 7

SIGNS = {"stopped": "○", "starting": "◐", "ready": "●", "busy": "◉", "failed": "✕"}
FELL_BACK = "⚠"
ELSEWHERE = "⇄"


class StatusLine(QToolButton):
    """Shows a BackendState; signs tell the states apart without colours."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._parts: List[str] = []
        self.setObjectName("rsvlm_status")
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Backend"))

    def show_state(self, state: BackendState) -> None:
        """Put the state into words."""
        self._parts = _parts(state)
        self.setText(_joined(self._parts))
        self.setAccessibleDescription(self.text())
        hint = tr("Details and log of the backend")
        self.setToolTip("\n".join(part for part in (self.text(), state.note, state.detail, hint) if part))

    def show_server(self, server: str, model: str) -> None:
        """Another computer's server answers, not the backend."""
        self._parts = [f"{ELSEWHERE} {server}", model]
        self.setText(_joined(self._parts))
        self.setAccessibleDescription(self.text())
        self.setToolTip(tr("This server answers: {server}").format(server=self.text()))

    def minimumSizeHint(self) -> QSize:  # noqa: N802 (Qt's name)
        """Narrower than its words: the model's name gives way."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 (Qt's name)
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = self.shown()
        QStylePainter(self).drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)

    def shown(self) -> str:
        """The words as far as there is room for them: all but the model's name always."""
        excess = self.sizeHint().width() - self.width()
        if excess <= 0 or len(self._parts) <= MODEL + 1:
            return self.text()
        metrics = self.fontMetrics()
        parts = list(self._parts)
        title, space, revision = parts[MODEL].rpartition(" ")
        room = metrics.horizontalAdvance(title) - excess
        parts[MODEL] = metrics.elidedText(title, Qt.TextElideMode.ElideRight, room) + space + revision
        return _joined(parts)


def _joined(parts: List[str]) -> str:
    return " · ".join(part for part in parts if part)


def _parts(state: BackendState) -> List[str]:
    words = {
        "stopped": tr("starts with the first question"),
        "starting": tr("starting…"),
        "ready": tr("ready"),
        "busy": tr("{n} waiting").format(n=state.waiting) if state.waiting else tr("busy"),
        "failed": tr("not available, click for details"),
    }
    sign = SIGNS[state.kind]
    where = device(state.device) if state.kind != "failed" else ""
    if where and state.note:
        where = f"{FELL_BACK} {where}"
    if not where:
        return [f"{sign} {words[state.kind]}"]
    model = f"{state.model} {state.revision[:REVISION_LETTERS]}".strip()
    memory = "" if state.used_bytes is None else figures.memory(state.used_bytes)
    return [f"{sign} {where}", model, memory, words[state.kind]]

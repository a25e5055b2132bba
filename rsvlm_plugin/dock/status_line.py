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
        self._revision = ""
        self.setObjectName("rsvlm_status")
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Backend"))

    def show_state(self, state: BackendState) -> None:
        """Put the state into words."""
        self._say(_parts(state), state.revision[:REVISION_LETTERS])
        hint = tr("Details and log of the backend")
        self.setToolTip("\n".join(part for part in (self.text(), state.note, state.detail, hint) if part))

    def show_server(self, server: str, model: str) -> None:
        """Another computer's server answers, not the backend."""
        self._say([f"{ELSEWHERE} {server}", model], "")
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
        if excess <= 0:
            return self.text()
        metrics = self.fontMetrics()
        parts = list(self._parts)
        if len(parts) > MODEL:
            room = max(0, metrics.horizontalAdvance(parts[MODEL]) - excess)
            parts[MODEL] = metrics.elidedText(parts[MODEL], Qt.TextElideMode.ElideRight, room)
        room = metrics.horizontalAdvance(self.text()) - excess
        return metrics.elidedText(self._joined(parts), Qt.TextElideMode.ElideRight, room)

    def _say(self, parts: List[str], revision: str) -> None:
        self._parts, self._revision = parts, revision
        self.setText(self._joined(parts))
        self.setAccessibleDescription(self.text())

    def _joined(self, parts: List[str]) -> str:
        named = [f"{part} {self._revision}".strip() if place == MODEL else part for place, part in enumerate(parts)]
        return " · ".join(part for part in named if part)


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
    memory = "" if state.used_bytes is None else figures.memory(state.used_bytes)
    return [f"{sign} {where}", state.model, memory, words[state.kind]]

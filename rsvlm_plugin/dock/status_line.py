"""One line: device first, model, state. A click opens the details and the log."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QToolButton, QWidget

from ..client import BackendState
from ..translation import tr
from .provenance import device

NARROWEST = 320  # pixels that the dock is given at least

SIGNS = {"stopped": "○", "starting": "◐", "ready": "●", "failed": "✕"}


class StatusLine(QToolButton):
    """Shows a BackendState; the sign tells the states apart without colours."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("rsvlm_status")
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaximumWidth(NARROWEST)
        self.setToolTip(tr("Details and log of the backend"))
        self.setAccessibleName(tr("Backend"))

    def show_state(self, state: BackendState) -> None:
        """Put the state into words."""
        words = {
            "stopped": tr("starts with the first question"),
            "starting": tr("starting…"),
            "ready": tr("ready"),
            "failed": tr("not available"),
        }
        parts = [device(state.device), state.model, words[state.kind]]
        text = f"{SIGNS[state.kind]} " + " · ".join(part for part in parts if part)
        self.setText(text)
        self.setAccessibleDescription(text)
        self.setToolTip(state.detail or tr("Details and log of the backend"))

"""The page `rsvlm` in QGIS's options: one tab for each subject."""

from __future__ import annotations

from typing import List, Optional, Protocol

from qgis.gui import QgsOptionsPageWidget
from qgis.PyQt.QtWidgets import QFrame, QScrollArea, QTabWidget, QVBoxLayout, QWidget

from ..environment.process import shared_process
from ..translation import tr
from .environment_box import EnvironmentBox
from .limits_box import LimitsBox
from .models_box import ModelsBox
from .options import PAGE, RsvlmOptionsFactory
from .servers_box import ServersBox
from .training_box import TrainingBox


class Box(Protocol):
    """The content of a tab: a QWidget that shows settings."""

    def apply(self) -> bool:
        """Keep what is shown; True if a running backend must make way for one that is started with it."""


class RsvlmOptionsPage(QgsOptionsPageWidget):
    """Values are written by `apply`, when the user presses OK."""

    def __init__(self, factory: RsvlmOptionsFactory, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName(PAGE)
        self._boxes: List[Box] = []
        self.tabs = QTabWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self.environment = self._add(tr("Backend"), EnvironmentBox(factory))
        self.limits = self._add(tr("Limits"), LimitsBox())
        self.models = self._add(tr("Models"), ModelsBox())
        self.servers = self._add(tr("Servers"), ServersBox())
        self.training = self._add(tr("Training"), TrainingBox())

    def apply(self) -> None:
        """Keep the values of every tab; the backend is started anew where one of them asks for it."""
        if any([box.apply() for box in self._boxes]):
            shared_process().stop()

    def _add(self, title: str, box: QWidget) -> QWidget:
        scroll = QScrollArea()  # so that every tab can be used on a small screen
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(box)
        self.tabs.addTab(scroll, title)
        self._boxes.append(box)
        return box

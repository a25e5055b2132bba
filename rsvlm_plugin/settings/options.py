"""Where QGIS's options get the page `rsvlm` from; the page itself is imported when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from qgis.gui import QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QWidget

if TYPE_CHECKING:
    from ..environment.install import Installation

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "rsvlm.svg"


class RsvlmOptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page each time the options are opened; an installation goes on when they are closed."""

    def __init__(self) -> None:
        super().__init__("rsvlm", QIcon(str(ICON)))
        self._owner = QObject()
        self._installation: Optional["Installation"] = None

    def createWidget(self, parent: Optional[QWidget] = None) -> QgsOptionsPageWidget:  # noqa: N802 (QGIS's name)
        from .page import RsvlmOptionsPage

        return RsvlmOptionsPage(self, parent)

    @property
    def installation(self) -> Optional["Installation"]:
        """The installation that runs now, if one does."""
        return self._installation if self._installation is not None and self._installation.is_running else None

    def install(self, wheelhouse: str) -> "Installation":
        """A new installation, not started yet; it lives as long as the plugin."""
        from ..environment.install import Installation

        self._installation = Installation(wheelhouse, self._owner)
        return self._installation

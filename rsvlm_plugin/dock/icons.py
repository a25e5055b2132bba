"""Icons: QGIS's own where it has one (they follow its theme), ours where it has none."""

from __future__ import annotations

from pathlib import Path

from qgis.core import QgsApplication
from qgis.PyQt.QtGui import QIcon

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"


def own(name: str) -> QIcon:
    """An icon of resources/icons, by its name without suffix."""
    return QIcon(str(FOLDER / f"{name}.svg"))


def theme(name: str) -> QIcon:
    """An icon of QGIS's current theme, by its name without suffix."""
    return QgsApplication.getThemeIcon(f"/{name}.svg")

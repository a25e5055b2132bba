"""The picture of the provider and its algorithms."""

from __future__ import annotations

from pathlib import Path

from qgis.PyQt.QtGui import QIcon

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "rsvlm.svg"


def provider_icon() -> QIcon:
    return QIcon(str(ICON))

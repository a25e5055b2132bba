"""The folder of the project's file, where what belongs to the project goes."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from qgis.core import QgsProject

from ..environment.locate import plugin_folder


def project_folder(project: QgsProject) -> Optional[Path]:
    """None where the project is not saved, or is the demo: that lies in the plugin's own folder, which updates replace."""
    folder = Path(project.absolutePath())
    if not project.absolutePath() or plugin_folder() in folder.resolve().parents:
        return None
    return folder

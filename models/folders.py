"""Where this user's files lie: the folder of the application, and the folder of models within it. Imports no torch."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def home() -> Path:
    """RSVLM_HOME, or the platform's folder for a user's application data."""
    if os.environ.get("RSVLM_HOME"):
        return Path(os.environ["RSVLM_HOME"]).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "rsvlm"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "rsvlm"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "rsvlm"


def models_folder() -> Path:
    """RSVLM_MODELS, or "models" in the folder of the application: one folder for each model that was added."""
    chosen = os.environ.get("RSVLM_MODELS")
    return (Path(chosen).expanduser() if chosen else home() / "models").absolute()

"""Files and folders that get their place: what Windows does with those that somebody has open."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

PATIENCE_S = 5.0
_PAUSE_S = 0.05


def moved(part: Path, target: Path) -> None:
    """Rename a folder to where nothing is. A virus scanner holds fresh files of it for a moment on Windows: tried for 5 seconds.

    Raises OSError.
    """
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            part.rename(target)
        except PermissionError:
            if sys.platform != "win32" or target.exists() or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(_PAUSE_S)


def is_open(path: Path, error: OSError) -> bool:
    """Whether a file was not replaced because a program has it open, which Windows alone minds.

    error: of what was done with files there; a folder that could not be made beside it says nothing of the file.
    """
    if sys.platform != "win32" or not isinstance(error, PermissionError):
        return False
    named = error.filename2 or error.filename
    return bool(named) and os.path.exists(named) and path.exists()

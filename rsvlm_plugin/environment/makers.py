"""What could make the backend's environment: uv, and the Pythons of this computer. Looks at the disk; starts nothing.

QGIS's `sys.executable` is never run: on Windows and macOS it is QGIS itself.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import List, Optional, Tuple

from qgis.core import QgsApplication

from .locate import home

OLDEST_PYTHON = (3, 10)
PINNED_PYTHON = "3.11"  # what uv brings where the computer has none that is new enough
CANDIDATES = ("python3.11", "python3.12", "python3.13", "python3.10", "python3", "python", "py")
PROBE = "import sys, venv, ensurepip; print('python %d.%d %s' % (*sys.version_info[:2], sys.executable))"


def _search_path() -> str:
    """PATH, and where programs lie that a desktop's own PATH leaves out."""
    beside = [Path.home() / ".local" / "bin", Path.home() / ".cargo" / "bin", home() / "bin"]
    if sys.platform == "darwin":
        beside += [Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
        beside += sorted(Path("/Library/Frameworks/Python.framework/Versions").glob("3*/bin"), reverse=True)
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or home())
        beside += [local / "Microsoft" / "WinGet" / "Links", *sorted(local.glob("Programs/Python/Python3*"))]
    return os.pathsep.join([os.environ.get("PATH", ""), *map(str, beside)])


def find_uv() -> Optional[str]:
    """The program uv, None where there is none."""
    return shutil.which("uv", path=_search_path())


def candidates() -> List[str]:
    """Interpreters that might make the environment, the best known first; those inside QGIS are left out."""
    inside = Path(QgsApplication.prefixPath()).resolve()
    found: List[str] = []
    for name in CANDIDATES:
        path = shutil.which(name, path=_search_path())
        if path is None or path in found:
            continue
        # On Linux QGIS lives under /usr with everything else; elsewhere what is below its folder is its own Python.
        if sys.platform in ("win32", "darwin") and inside in Path(path).resolve().parents:
            continue
        found.append(path)
    return found


def suiting(probe_output: str) -> Optional[Tuple[str, str]]:
    """Version and path of the Python that printed PROBE, None if it is too old."""
    match = re.search(r"python (\d+)\.(\d+) (.+)", probe_output)
    if match is None or (int(match[1]), int(match[2])) < OLDEST_PYTHON:
        return None
    return f"{match[1]}.{match[2]}", match[3].strip()

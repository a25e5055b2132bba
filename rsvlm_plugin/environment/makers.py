"""What could make the backend's environment: uv, and the Pythons of this computer. Looks at the disk; starts nothing.

QGIS's `sys.executable` is never run: on Windows and macOS it is QGIS itself.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from pathlib import Path
from typing import List, Optional, Set, Tuple

from qgis.core import QgsApplication

from ...protocol import RsvlmError
from ..translation import tr
from .locate import home

OLDEST_PYTHON = (3, 10)
PINNED_PYTHON = "3.11"  # what uv brings where the computer has none that is new enough
VERSIONS = ("3.11", "3.12", "3.13", "3.10", "3.14")  # the best known first
CANDIDATES = (*(f"python{version}" for version in VERSIONS), "python3", "python", "py")
PROBE = (
    "import sys, platform, venv, ensurepip; "
    "print('python %d.%d %s %s' % (*sys.version_info[:2], platform.machine() or '-', sys.executable))"
)
# What a Python of the Microsoft Store writes below LOCALAPPDATA, Windows puts where no other program finds it.
STORE = "WindowsApps\\PythonSoftwareFoundation.Python"
APPLES_OWN = "/usr/bin/python3"  # too old; and where it is not installed, it opens a dialog that offers to do so


def _search_path() -> str:
    """PATH, and where programs lie that a desktop's own PATH leaves out."""
    beside = [Path.home() / ".local" / "bin", Path.home() / ".cargo" / "bin", home() / "bin"]
    if sys.platform == "darwin":
        beside += [Path("/opt/homebrew/bin"), Path("/usr/local/bin")]
        beside += sorted(Path("/Library/Frameworks/Python.framework/Versions").glob("3*/bin"), reverse=True)
    if sys.platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or home())
        everyone = Path(os.environ.get("PROGRAMFILES") or "C:/Program Files")
        folders = [f"Python{version.replace('.', '')}" for version in VERSIONS]
        pythons = local / "Programs" / "Python"
        beside += [local / "Microsoft" / "WinGet" / "Links", *(pythons / name for name in folders)]
        beside += [everyone / name for name in folders]
        beside += [pythons / "Launcher", local / "Python" / "bin"]
    return os.pathsep.join([os.environ.get("PATH", ""), *map(str, beside)])


def find_uv() -> Optional[str]:
    """The program uv, None where there is none."""
    return shutil.which("uv", path=_search_path())


def candidates() -> List[str]:
    """Interpreters that might make the environment, the best known first; those inside QGIS are left out."""
    # Folder by folder: of a name, only the last Python on the path may be the one that suits.
    folders = [Path(folder) for folder in _search_path().split(os.pathsep) if os.path.isabs(folder)]
    ending = ".exe" if sys.platform == "win32" else ""
    insides = _insides()
    found: List[str] = []
    for name in CANDIDATES:
        for folder in folders:
            path = shutil.which(str(folder / (name + ending)))
            if path is None or path in found or (sys.platform == "darwin" and path == APPLES_OWN):
                continue
            if not insides.intersection(Path(os.path.realpath(path)).parents):
                found.append(path)
    return found


def _insides() -> Set[Path]:
    """Folders in which every Python is QGIS's own. None on Linux, where QGIS lives under /usr with everything else."""
    if sys.platform not in ("win32", "darwin"):
        return set()
    prefix = Path(os.path.realpath(QgsApplication.prefixPath()))
    insides = {prefix}
    if sys.platform == "win32":  # QGIS is in apps/qgis, its Pythons are in bin and in apps/Python3*
        own = (os.environ.get("OSGEO4W_ROOT"), sys.base_prefix, prefix.parent.parent)
        insides.update(Path(os.path.realpath(folder)) for folder in own if folder)
    return {folder for folder in insides if folder != Path(folder.anchor)}


def check_machine() -> None:
    """Raises RsvlmError on a Mac with an Intel processor. The system's version names the true one to any program."""
    if sys.platform == "darwin" and "ARM64" not in platform.version():
        raise RsvlmError(
            "unavailable",
            tr("The backend does not run on a Mac with an Intel processor: torch is no longer made for it."),
            tr("Use a Mac with Apple silicon, or a computer with Windows or Linux."),
        )


def suiting(probe_output: str) -> Optional[Tuple[str, str]]:
    """Version and path of the Python that printed PROBE; None if it is too old, for Intel Macs or the Store's."""
    match = re.search(r"python (\d+)\.(\d+) \S+ (.+)", probe_output)
    if match is None or (int(match[1]), int(match[2])) < OLDEST_PYTHON or STORE.lower() in match[3].lower():
        return None
    return None if _is_translated(probe_output) else (f"{match[1]}.{match[2]}", match[3].strip())


def none_suits(probe_outputs: str) -> RsvlmError:
    """Why no environment can be made on this computer. probe_outputs: what its Pythons printed of themselves."""
    if _is_translated(probe_outputs):
        # A Python for both kinds of Mac runs as one for Intel wherever QGIS does.
        return RsvlmError(
            "unavailable",
            tr("The Python of this Mac runs as one for Intel processors, for which torch is no longer made."),
            tr("Install uv, or the arm64 build of Python by Homebrew, and try again."),
        )
    return RsvlmError(
        "unavailable",
        tr("No Python {version} or newer that can make environments was found on this computer.").format(
            version="{}.{}".format(*OLDEST_PYTHON)
        ),
        tr("Install uv, or a Python from python.org or by your system's packages, and try again."),
    )


def _is_translated(probe_outputs: str) -> bool:
    return sys.platform == "darwin" and re.search(r"python [\d.]+ x86_64 ", probe_outputs) is not None

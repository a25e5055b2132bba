"""Where the backend's Python is. Looks at the disk and the environment variables; starts nothing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Dict, Mapping

from ...protocol import RsvlmError
from ..settings.store import Settings
from ..translation import tr

MARK = ".rsvlm-environment"  # in an environment made from QGIS; holds BEGUN, or what it was made from
BEGUN = "begun"
SET_UP = "set_up"  # among the details of an error that Set Up Backend mends


def plugin_folder() -> Path:
    """The plugin's own folder; the clone itself where the profile only holds a link to it."""
    return Path(__file__).resolve().parents[2]


def home() -> Path:
    """The user's folder for models, caches, logs and the installed environment: RSVLM_HOME, or the platform's place."""
    chosen = os.environ.get("RSVLM_HOME", "")
    if chosen:
        return Path(os.path.abspath(os.path.expanduser(chosen)))  # the backend works in another folder
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "rsvlm"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "rsvlm"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "rsvlm"


def made_home() -> Path:
    """`home`, for the user alone. Raises RsvlmError (unavailable) where it cannot be made."""
    folder = home()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        raise RsvlmError(
            "unavailable",
            tr("The folder {folder} cannot be created.").format(folder=folder),
            tr("Set RSVLM_HOME to a folder that you may write to."),
        ) from None
    return folder


def environment_folder() -> Path:
    """Where the environment made from QGIS is, or would be: the folder the user chose, or `env` in `home`."""
    chosen = Settings().environment
    return Path(os.path.expanduser(chosen)) if chosen else home() / "env"


def read_mark(environment: Path) -> str:
    """What MARK holds; "" where there is none."""
    try:
        return (environment / MARK).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def python_in(environment: Path) -> Path:
    """The interpreter of a virtual environment, existing or not. Never resolved: the link is the environment."""
    if sys.platform == "win32":
        return environment / "Scripts" / "python.exe"
    return environment / "bin" / "python"


def backend_python(setting: str) -> Path:
    """The Python to run the backend with.

    In this order: RSVLM_PYTHON, the user's `setting`, the environment of `make setup`, the one installed from QGIS.
    Raises RsvlmError (unavailable) if what the user named does not exist, or if there is none at all.
    """
    variable = os.environ.get("RSVLM_PYTHON", "")
    for path, complaint in (
        (variable, tr("The environment variable RSVLM_PYTHON names {path}, which does not exist.")),
        (setting, tr("The setting “Backend Python” names {path}, which does not exist.")),
    ):
        if path:
            python = Path(os.path.expanduser(path))
            if os.path.isfile(python):
                return python
            raise RsvlmError(
                "unavailable",
                complaint.format(path=path),
                tr("Correct or clear it in Settings ▸ Options ▸ rsvlm, or in the environment QGIS is started from."),
            )
    for environment in (plugin_folder() / ".venv", environment_folder()):
        python = python_in(environment)
        if os.path.isfile(python) and read_mark(environment) != BEGUN:
            return python
    raise not_installed()


def is_installable(setting: str) -> bool:
    """Whether the environment made from QGIS is the one in use: nothing else is named or comes first."""
    if os.environ.get("RSVLM_PYTHON") or setting:
        return False
    return not os.path.isfile(python_in(plugin_folder() / ".venv"))


def not_installed() -> RsvlmError:
    """For a machine that has the plugin but no backend yet."""
    return RsvlmError(
        "unavailable",
        tr("The rsvlm backend is not installed yet."),
        tr("Press Set Up Backend in Settings ▸ Options ▸ rsvlm, or run this command: {command}").format(
            command=install_command()
        ),
        {SET_UP: 1},
    )


def install_command() -> str:
    """What a user types to get the backend, exactly: one line, or on Windows two for either of its shells."""
    folder, environment = plugin_folder(), environment_folder()
    python = python_in(environment)
    if sys.platform == "win32":  # where PowerShell knows no && and runs no quoted path
        return f'py -3 -m venv "{environment}"\npy -3 -m pip --python "{python}" install "{folder}"'
    if (folder / "Makefile").is_file():
        return f'make -C "{folder}" setup'
    return f'python3 -m venv "{environment}" && "{python}" -m pip install "{folder}"'


def child_environment(parent: Mapping[str, str], wishes: Mapping[str, str]) -> Dict[str, str]:
    """The environment variables for the backend: `parent` without what makes QGIS's own libraries load in it.

    QGIS points GDAL, PROJ, Qt and Python at its own files; another Python that reads those files breaks. What it prints is
    read as UTF-8, which on Windows it writes only if it is told to.
    wishes: what the user set, as `Settings.variables` says it; what is not among them stays as in `parent`.
    """
    foreign = ("PROJ_", "GDAL_", "PYTHON", "QT_", "LD_LIBRARY_PATH", "DYLD_", "OSGEO4W_ROOT")
    kept = {name: value for name, value in parent.items() if not name.upper().startswith(foreign)}
    kept["RSVLM_HOME"] = str(home())
    kept["PYTHONUTF8"] = "1"
    kept.update(wishes)
    return kept

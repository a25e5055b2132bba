"""The plugin in a real QGIS window on a virtual screen; the tests themselves are in the folder `window`."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sysconfig
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WINDOW = Path(__file__).with_name("window")

_spec = importlib.util.spec_from_file_location("rsvlm_launch", ROOT / "rsvlm_plugin" / "demo" / "launch.py")
launch = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(launch)


@pytest.fixture
def environment(tmp_path):
    own = ("QT_", "RSVLM_")
    kept = {name: value for name, value in os.environ.items() if name == "RSVLM_DATA" or not name.startswith(own)}
    return {
        **kept,
        "QT_QPA_PLATFORM": "xcb",
        "OMP_NUM_THREADS": "1",
        "RSVLM_PYTHON": str(ROOT / ".venv" / "bin" / "python"),
        "RSVLM_HOME": str(tmp_path / "home"),
        "RSVLM_WINDOW": str(tmp_path / "window.txt"),
        "RSVLM_WINDOW_TESTS": str(WINDOW),
        "RSVLM_WINDOW_SITE": sysconfig.get_paths()["purelib"],
        "RSVLM_WINDOW_SHOTS": os.environ.get("RSVLM_WINDOW_SHOTS", str(tmp_path)),
        "RSVLM_WINDOW_OPTIONS": os.environ.get("RSVLM_WINDOW_OPTIONS", ""),
    }


def test_the_dock_keeps_its_promises_in_a_real_window(tmp_path, environment):
    with launch.virtual_screen() as display:
        command = launch.qgis_command(tmp_path / "profiles", WINDOW / "run_inside.py")
        process = subprocess.Popen(command, env=launch.qgis_environment({**environment, "DISPLAY": display}))
        try:
            code = process.wait(600)
        finally:
            process.kill()
    said = (tmp_path / "window.txt").read_text()
    print(said)
    for line in said.splitlines():
        if line.startswith("SKIPPED"):
            warnings.warn(line, stacklevel=1)  # pytest out here knows nothing of the tests in the window
    assert "exit code 0" in said.splitlines()[-1], said
    assert code == 0

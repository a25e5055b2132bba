"""Run by `qgis --code`: pytest on this folder inside the QGIS window, its words to RSVLM_WINDOW, then leave QGIS."""

import os
import shlex
import sys
import traceback
from pathlib import Path

from qgis.core import QgsApplication, QgsProject, QgsSettings
from qgis.PyQt.QtCore import QTimer
from qgis.utils import iface

FOLDER = Path(os.environ["RSVLM_WINDOW_TESTS"])


def run() -> None:
    out = Path(os.environ["RSVLM_WINDOW"])
    sys.path += [os.environ["RSVLM_WINDOW_SITE"], str(FOLDER.parent)]
    code = 99
    with open(out, "w", encoding="utf-8") as file:
        before, sys.stdout, sys.stderr = (sys.stdout, sys.stderr), file, file
        try:
            import pytest

            options = ["-p", "no:pytest_qgis", "-p", "no:cacheprovider", f"--confcutdir={FOLDER}", "-c", os.devnull]
            options += [
                f"--rootdir={FOLDER}",
                "-rA",
                "--durations=5",
                "-s",
                "--tb=short",
                "-o",
                "faulthandler_timeout=100",
            ]
            code = pytest.main([*options, *shlex.split(os.environ.get("RSVLM_WINDOW_OPTIONS", "")), str(FOLDER)])
        except BaseException:
            traceback.print_exc()
        finally:
            print(f"exit code {int(code)}")
            sys.stdout, sys.stderr = before
    QgsSettings().setValue("app/askToSaveMemoryLayers", False)
    QgsProject.instance().clear()
    QgsProject.instance().setDirty(False)
    leave()


def leave() -> None:
    """Not before all tasks have ended: QGIS would ask whether to stop them, and wait for a click."""
    if QgsApplication.taskManager().countActiveTasks():
        QTimer.singleShot(100, leave)
    else:
        iface.actionExit().trigger()


QTimer.singleShot(500, run)

"""What the plugin costs a real QGIS: its start, the dock, the event loop; on a virtual screen."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from measuring.figures import Figure, middle
from measuring.rasters import ROOT
from rsvlm.protocol import RsvlmError
from rsvlm.rsvlm_plugin.demo import launch

START_MS = 50
BLOCKED_MS = 50
FIRST_WORD_S = 1.5
STARTS = 3
LIMIT_S = 400
IDLE = "nothing asked for"  # the phase of inside_qgis.py that the others are held against
HERE = Path(__file__).parent


def measure(folder: Path, rounds: int) -> list[Figure]:
    """Raises RsvlmError where QGIS or Xvfb is not installed, or where QGIS or the dock fails."""
    try:
        with launch.virtual_screen() as display:
            # The first start only fills caches: compiled Python files, fonts, the profile's databases.
            starts = [_run(folder / f"start{number}", display, 0) for number in range(STARTS + 1)][1:]
            used = _run(folder / "used", display, rounds)
    except launch.LaunchError as error:
        raise RsvlmError("unavailable", str(error), "Or leave this part out with --only.") from error
    return _start_figures([*starts, used]) + _dock_figures(used)


def _start_figures(runs: list[dict[str, Any]]) -> list[Figure]:
    wall = middle([1000 * run["start_s"]["rsvlm"] for run in runs])
    busy = middle([1000 * run["start_cpu_s"]["rsvlm"] for run in runs])
    # QGIS's own plugin, which every QGIS starts too.
    others = [1000 * run["start_s"]["processing"] for run in runs if "processing" in run["start_s"]]
    other = middle(others) if others else None
    return [
        Figure("QGIS start: the plugin, import and initGui", wall, "ms", START_MS, other, "QGIS's Processing"),
        Figure("QGIS start: the plugin, processor time", busy, "ms", START_MS),
    ]


def _dock_figures(used: dict[str, Any]) -> list[Figure]:
    word = middle(used["first_word_s"])
    drawn = middle(used["first_word_drawn_s"])
    return [
        Figure("dock: first click until it is there", 1000 * used["dock_click_s"], "ms", BLOCKED_MS),
        Figure("dock: first click to thumbnail, backend cold", used["thumbnail_cold_s"], "s"),
        Figure("dock: brief, click to first word", word, "s", FIRST_WORD_S),
        Figure("dock: brief, click to first word, drawn map", drawn, "s", FIRST_WORD_S, word, "read from the file"),
        Figure("dock: drawing the map and encoding it as PNG", middle(used["render_s"]), "s"),
        *_blocks("on the clock", used["gaps_ms"]),
        *_blocks("processor time", used["work_ms"]),
    ]


def _blocks(how: str, longest_ms: dict[str, float]) -> list[Figure]:
    """The longest block of the event loop in each phase, against the one while nothing was asked for."""
    idle = longest_ms[IDLE]
    return [
        Figure(f"event loop blocked, {how}: {phase}", value, "ms", BLOCKED_MS, idle, IDLE)
        for phase, value in longest_ms.items()
        if phase != IDLE
    ]


def _run(folder: Path, display: str, rounds: int) -> dict[str, Any]:
    """One QGIS from start to end in a new profile; what it noted."""
    out = folder / "found.json"
    folder.mkdir()
    command = launch.qgis_command(folder / "profiles", HERE / "inside_qgis.py")
    environment = {
        **os.environ,
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "PYQGIS_STARTUP": str(HERE / "qgis_startup.py"),
        "RSVLM_HOME": str(folder / "home"),
        "RSVLM_BENCH_OUT": str(out),
        "RSVLM_BENCH_PROJECT": str(ROOT / "resources" / "demo" / "demo.qgz"),
        "RSVLM_BENCH_ROUNDS": str(rounds),
    }
    with open(folder / "qgis.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, env=launch.qgis_environment(environment), stdout=log, stderr=log, start_new_session=True
        )
        try:
            process.wait(LIMIT_S)
        except subprocess.TimeoutExpired:
            raise launch.LaunchError(f"QGIS was stopped after {LIMIT_S} s.") from None
        finally:
            launch.end(process)
    if not out.is_file():
        said = (folder / "qgis.log").read_text(encoding="utf-8", errors="replace")
        raise launch.LaunchError(f"QGIS ended before anything was measured. It said: {said[-500:]}")
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    if found["failure"]:
        raise launch.LaunchError(f"The dock could not be measured: {found['failure']}")
    return found

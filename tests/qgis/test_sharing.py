"""Windows of QGIS share one backend: real programs, the real service and the bundled model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from osgeo import gdal

ROOT = Path(__file__).resolve().parents[2]
SCENE = ROOT / "resources" / "demo" / "after.tif"
PATIENCE_S = 120

pytestmark = pytest.mark.skipif(
    not (Path(os.environ["RSVLM_PYTHON"]).is_file() and SCENE.is_file()),
    reason="the backend's environment or the demo scene is not there; run make setup",
)


class Window:
    """Another program with the plugin; `backend` is what it says of its backend."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("other_window.py"))],
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.backend = json.loads(self.process.stdout.readline())

    def leave(self) -> None:
        self.process.stdin.close()
        self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)


@pytest.fixture
def place(qgis_app, tmp_path, monkeypatch):
    """A home of its own, with no backend."""
    from rsvlm.rsvlm_plugin.environment.process import shared_process

    shared_process().stop()
    monkeypatch.setenv("RSVLM_HOME", str(tmp_path))
    yield tmp_path
    shared_process().stop()


@pytest.fixture
def window(place):
    """The window that was there first, and owns the backend."""
    first = Window()
    yield first
    first.kill()


@pytest.fixture
def backend(window):
    from rsvlm.rsvlm_plugin.client import Backend

    return Backend()


def request(scene: Path = SCENE):
    from rsvlm.protocol import DescribeRequest, Raster

    return DescribeRequest(Raster(href=str(scene)), "detailed")


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_second_window_joins_the_backend_and_outlives_the_first_silently(window, backend, hear, wait) -> None:
    states = []
    backend.state_changed.connect(states.append)
    heard = hear(backend.describe(request()))
    wait(lambda: heard.over and backend.state.kind == "ready", PATIENCE_S)
    assert heard.answers[0].text
    assert window.backend["shared"] is False and backend.state.shared
    assert backend._process.endpoint.pid == window.backend["pid"]
    assert backend._process.is_shared and backend._process._process is None
    window.kill()
    again = hear(backend.describe(request()))
    wait(lambda: again.over, PATIENCE_S)
    assert again.errors == [] and again.answers[0].text == heard.answers[0].text
    assert backend._process.endpoint.pid != window.backend["pid"] and not backend._process.is_shared
    assert "failed" not in [state.kind for state in states]
    wait(lambda: not alive(window.backend["pid"]), 5)


def test_answer_on_its_way_when_the_owner_goes_is_told_and_asking_again_works(
    window, backend, hear, wait, tmp_path
) -> None:
    wide = tmp_path / "wide.tif"  # so much ground that the owner goes long before the answer is there
    gdal.Translate(str(wide), str(SCENE), outputBounds=[654_200, 5_322_800, 659_000, 5_318_000])
    heard = hear(backend.describe(request(wide)))
    wait(lambda: heard.progress and heard.progress[-1][0] > 0, PATIENCE_S)
    window.kill()
    wait(lambda: heard.over, PATIENCE_S)
    error = heard.errors[0]
    assert error.code in ("worker_died", "unavailable") and "stopped" in error.message and "Ask again" in error.hint
    again = hear(backend.describe(request()))
    wait(lambda: again.over, PATIENCE_S)
    assert again.errors == [] and again.answers[0].text


def test_window_that_leaves_takes_no_backend_of_another_one_with_it(window, backend, hear, wait) -> None:
    heard = hear(backend.models())
    wait(lambda: heard.over, PATIENCE_S)
    backend.stop()
    assert backend._process.endpoint is None
    third = Window()
    assert third.backend == {"pid": window.backend["pid"], "shared": True}
    third.leave()
    assert alive(window.backend["pid"])
    window.leave()
    wait(lambda: not alive(window.backend["pid"]), 5)


def test_options_say_that_another_window_owns_the_backend_and_leave_it_alone(window, backend, hear, wait) -> None:
    from rsvlm.rsvlm_plugin.settings.environment_box import EnvironmentBox
    from rsvlm.rsvlm_plugin.settings.limits_box import LimitsBox
    from rsvlm.rsvlm_plugin.settings.options import RsvlmOptionsFactory

    heard = hear(backend.models())
    wait(lambda: heard.over, PATIENCE_S)
    box, limits = EnvironmentBox(RsvlmOptionsFactory()), LimitsBox()
    box.restart_button.click()
    assert "restart it from there" in box.note.text()
    assert not limits.note.isHidden()
    assert alive(window.backend["pid"]) and backend._process.endpoint.pid == window.backend["pid"]


def test_look_at_the_state_starts_no_backend_after_the_owner_has_gone(window, backend, hear, wait) -> None:
    heard = hear(backend.models())
    wait(lambda: heard.over and backend.state.kind == "ready", PATIENCE_S)
    window.kill()
    wait(lambda: not alive(window.backend["pid"]), 5)
    backend.watch(True)
    wait(lambda: backend.state.kind == "stopped")
    assert backend._process._process is None
    backend.watch(False)


def test_qgis_process_joins_the_backend_of_a_window(window, tmp_path) -> None:
    plugins = tmp_path / "profiles" / "default" / "python" / "plugins"
    plugins.mkdir(parents=True)
    (plugins / "rsvlm").symlink_to(ROOT)
    environment = {**os.environ, "QGIS_CUSTOM_CONFIG_PATH": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}

    def qgis_process(*arguments: str) -> subprocess.CompletedProcess:
        command = ["qgis_process.bin", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    qgis_process("plugins", "enable", "rsvlm")
    ran = qgis_process("run", "rsvlm:describeextent", f"--INPUT={SCENE}", f"--OUTPUT={tmp_path / 'described.gpkg'}")
    assert ran.returncode == 0, ran.stderr
    log = (Path(os.environ["RSVLM_HOME"]) / "logs" / "backend.log").read_text()
    assert alive(window.backend["pid"])
    assert log.count("worker") and len({line.split()[2] for line in log.splitlines() if " started" in line}) == 1, log

"""Installing the backend into an environment of its own, from the plugin's own folder.

Builds in a temporary copy, because the plugin's folder may be read-only and must not fill with build files. Nothing is
ever installed into QGIS's Python, and QGIS's `sys.executable` is never run: on Windows and macOS it is QGIS itself.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import List, Optional, Sequence

from qgis.core import QgsApplication
from qgis.PyQt.QtCore import QObject, pyqtSignal, pyqtSlot

from ...protocol import RsvlmError
from ..translation import tr
from .command import Commands, Step
from .locate import home, plugin_folder, python_in

OLDEST_PYTHON = (3, 10)
CANDIDATES = ("python3.13", "python3.12", "python3.11", "python3.10", "python3", "python")
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
COPY = (
    "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2], symlinks=False, ignore=shutil.ignore_patterns("
    "'.*', '__pycache__', '*.pyc', 'build', 'dist', 'runs', 'tests', 'docs', 'benchmarks', '*.egg-info'))"
)
PROBE = "import sys, venv, ensurepip; print('python %d.%d' % sys.version_info[:2])"


def candidates() -> List[str]:
    """Interpreters that might make the environment, newest first; those inside QGIS are left out."""
    inside = Path(QgsApplication.prefixPath()).resolve()
    found: List[str] = []
    for name in CANDIDATES:
        path = shutil.which(name)
        if path is None or path in found:
            continue
        # On Linux QGIS lives under /usr with everything else; elsewhere what is below its folder is its own Python.
        if sys.platform in ("win32", "darwin") and inside in Path(path).resolve().parents:
            continue
        found.append(path)
    return found


def suits(probe_output: str) -> bool:
    """Whether what PROBE printed is a Python that is new enough."""
    match = re.search(r"python (\d+)\.(\d+)", probe_output)
    return match is not None and (int(match[1]), int(match[2])) >= OLDEST_PYTHON


def has_graphics_card() -> bool:
    """Whether NVIDIA's driver is installed, so that the backend is installed with CUDA."""
    return shutil.which("nvidia-smi") is not None


def install_steps(python: str, copy: Path, wheelhouse: str, with_cuda: bool) -> List[Step]:
    """What to run, in order, to have the backend in RSVLM_HOME/env. `copy`: a folder that does not exist yet."""
    environment = home() / "env"
    inside = str(python_in(environment))
    extra = "gpu" if with_cuda else "cpu"
    sources: Sequence[str] = ()
    if wheelhouse:
        sources = ("--no-index", "--find-links", wheelhouse)
    elif not with_cuda and sys.platform != "darwin":
        sources = ("--extra-index-url", CPU_TORCH)
    pip = ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off", *sources]
    pip += ["--constraint", str(copy / "constraints.txt"), "--upgrade", f"{copy}[{extra}]"]
    return [
        Step(tr("Making the environment"), python, ["-m", "venv", str(environment)]),
        Step(tr("Copying the plugin"), python, ["-c", COPY, str(plugin_folder()), str(copy)]),
        Step(tr("Installing the backend (about 1 GB)"), inside, pip),
        Step(tr("Checking the backend"), inside, ["-c", "import torch, rasterio, rsvlm.cli.main"]),
    ]


class Installation(QObject):
    """One run of the installation. Ends with `finished`: None, or an RsvlmError that says which step failed and why."""

    progress = pyqtSignal(int, int, str)  # steps done, steps in all, what is being done
    line = pyqtSignal(str)
    finished = pyqtSignal(object)

    def __init__(self, wheelhouse: str, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._wheelhouse = wheelhouse
        self._candidates: List[str] = []
        self._running: Optional[Commands] = None
        self._steps: List[Step] = []
        self._folder: Optional[Path] = None

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def start(self) -> None:
        """Look for a Python and begin. What an earlier run left is taken up."""
        self._candidates = candidates()
        self._probe()

    def cancel(self) -> None:
        """Stop; what was installed stays and is taken up by the next run."""
        if self._running is not None:
            self._running.cancel()
            self._end(RsvlmError("cancelled", tr("The installation was stopped.")))

    def _probe(self) -> None:
        if not self._candidates:
            self._end(
                RsvlmError(
                    "unavailable",
                    tr("No Python {version} or newer that can make environments was found on this computer.").format(
                        version="{}.{}".format(*OLDEST_PYTHON)
                    ),
                    tr("Install one from python.org or by your system's packages, and press Install again."),
                )
            )
            return
        probe = Commands([Step("", self._candidates[0], ["-c", PROBE])], str(Path.home()), self)
        probe.succeeded.connect(self._on_probed)
        probe.failed.connect(self._on_probe_failed)
        self._run(probe)

    @pyqtSlot(bytes)
    def _on_probed(self, output: bytes) -> None:
        if suits(output.decode("utf-8", errors="replace")):
            self._install(self._candidates[0])
        else:
            self._on_probe_failed(None, "")

    @pyqtSlot(object, str)
    def _on_probe_failed(self, _step: object, _said: str) -> None:
        del self._candidates[0]
        self._probe()

    def _install(self, python: str) -> None:
        try:
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder = Path(tempfile.mkdtemp(prefix="rsvlm-install-"))
        except OSError:
            self._end(
                RsvlmError(
                    "unavailable",
                    tr("The folder {folder} cannot be created.").format(folder=home()),
                    tr("Set RSVLM_HOME to a folder that you may write to."),
                )
            )
            return
        self._steps = install_steps(python, self._folder / "rsvlm", self._wheelhouse, has_graphics_card())
        install = Commands(self._steps, str(home()), self)
        install.started.connect(self._on_started)
        install.line.connect(self.line)
        install.succeeded.connect(self._on_installed)
        install.failed.connect(self._on_failed)
        self._run(install)

    def _run(self, commands: Commands) -> None:
        previous, self._running = self._running, commands
        if previous is not None:
            previous.deleteLater()
        commands.start()

    @pyqtSlot(int, str)
    def _on_started(self, number: int, note: str) -> None:
        self.progress.emit(number, len(self._steps), note)

    @pyqtSlot(bytes)
    def _on_installed(self, _output: bytes) -> None:
        self._end(None)

    @pyqtSlot(object, str)
    def _on_failed(self, step: Step, said: str) -> None:
        self._end(
            RsvlmError(
                "unavailable",
                tr("The installation stopped at “{step}”.").format(step=step.note),
                tr("The last words were: {words}").format(words=said or tr("none")),
            )
        )

    def _end(self, error: Optional[RsvlmError]) -> None:
        if self._running is not None:
            self._running.deleteLater()
            self._running = None
        if self._folder is not None:
            # A program that was just told to end may still write into it.
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self.finished.emit(error)

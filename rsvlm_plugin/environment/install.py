"""Setting the backend up: finds or makes its environment, fills it, and has it describe the demo.

Nothing is ever installed into QGIS's Python. What an earlier run left is taken up; what it left broken is made anew.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import Callable, Deque, List, Optional, Sequence

from qgis.PyQt.QtCore import QObject, pyqtSignal, pyqtSlot

from ...protocol import RsvlmError
from ..dock import figures
from ..settings.store import Settings
from ..translation import tr
from .advice import advice
from .command import Commands, Step
from .downloads import Downloads
from .locate import BEGUN, MARK, home, python_in, read_mark
from .makers import PROBE, candidates, check_machine, find_uv, none_suits, suiting
from .proxy import proxy_environment
from .recipe import Maker, Plan, filling, looking, making, trying

GB = 1e9
STEP_SHARE_GB = 0.03  # a step takes as long as such a download, at least
LOG_LINES = 5000


class Installation(QObject):
    """One run of the setup. Ends with `succeeded` or with `failed`, which says at which step, why and what to do."""

    progress = pyqtSignal(int, int, str)  # thousandths done, 1000, what is being done
    line = pyqtSignal(str)
    succeeded = pyqtSignal(str)  # what the backend said of the demo
    failed = pyqtSignal(object)  # RsvlmError

    def __init__(self, plan: Plan, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.plan = plan
        self.error: Optional[RsvlmError] = None  # why it failed
        self.log: Deque[str] = deque(maxlen=LOG_LINES)
        self.line.connect(self.log.append)
        self._candidates: List[str] = []
        self._probed = ""  # what those that do not suit said
        self._running: Optional[Commands] = None
        self._work: Optional[Path] = None
        self._environment = proxy_environment()
        self._downloads = Downloads(0)
        self._steps: Sequence[Step] = ()
        self._number = 0

    @property
    def is_running(self) -> bool:
        return self._running is not None

    def start(self) -> None:
        """Begin; every outcome is a signal."""
        try:
            check_machine()
            home().mkdir(mode=0o700, parents=True, exist_ok=True)
            check_folder(self.plan)
            self._start()
        except OSError:
            self._fail(
                RsvlmError(
                    "unavailable",
                    tr("The folder {folder} cannot be written to.").format(folder=self.plan.folder),
                    tr("Choose another folder for the environment."),
                )
            )
        except RsvlmError as error:
            self._fail(error)

    def _start(self) -> None:
        # Kept at once, and not when the user presses OK: Cancel in the options does not undo a setup.
        Settings().environment = "" if self.plan.folder == home() / "env" else str(self.plan.folder)
        if self.plan.stamp() == read_mark(self.plan.folder) and python_in(self.plan.folder).is_file():
            self.line.emit(tr("The environment in {folder} is complete.").format(folder=self.plan.folder))
            self._run([trying(self.plan.folder)], self._on_tried, self._on_failed)
            return
        self._begin()
        self._candidates = candidates()
        self._probe()

    def cancel(self) -> None:
        """Stop, with all that was started; what was installed stays and is taken up by the next run."""
        if self._running is not None:
            self._running.cancel()

    def _begin(self) -> None:
        """Mark the folder, so that whatever happens it is known whose it is. Raises OSError."""
        self.plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.plan.folder / MARK).write_text(BEGUN, encoding="utf-8")
        for kind in ("setup", "old"):  # by a QGIS that was ended
            for left in self.plan.folder.parent.glob(f"{self.plan.folder.name}-{kind}-*"):
                if (left / MARK).is_file():  # the user may have folders of such names
                    shutil.rmtree(left, ignore_errors=True)
        # Beside the environment: the system's folder for such things may be small, and may be on another disk.
        self._work = Path(tempfile.mkdtemp(prefix=f"{self.plan.folder.name}-setup-", dir=self.plan.folder.parent))
        (self._work / MARK).write_text(BEGUN, encoding="utf-8")
        temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(self._work))
        self._environment = {**self._environment, **temporary, "PIP_USER": "0"}

    def _probe(self) -> None:
        if self._candidates:
            probe = Step(tr("Looking for a Python"), self._candidates[0], ["-c", PROBE])
            self._run([probe], self._on_probed, self._on_probe_failed)
        elif find_uv() is not None:
            self._repair(Maker("", find_uv()))
        else:
            self._fail(none_suits(self._probed))

    @pyqtSlot(bytes)
    def _on_probed(self, output: bytes) -> None:
        said = output.decode("utf-8", errors="replace")
        found = suiting(said)
        if found is None:
            self._probed += said
            self._on_probe_failed(None, "")
            return
        self._repair(Maker(found[1], find_uv()))

    @pyqtSlot(object, str)
    def _on_probe_failed(self, _step: Optional[Step], _said: str) -> None:
        del self._candidates[0]
        self._probe()

    def _repair(self, maker: Maker) -> None:
        """Have an environment in which every package is complete, or an empty folder; then fill it."""
        self.line.emit(
            tr("Python: {python}; installed with {tool}").format(
                python=maker.python or tr("brought by uv"), tool=maker.uv or "pip"
            )
        )
        steps = filling(maker, self.plan, self._work / "rsvlm")
        anew = [making(maker, self.plan.folder), *steps]
        if python_in(self.plan.folder).is_file():
            look = looking(maker, self.plan.folder)
            self._run([look], lambda _output: self._fill(steps), lambda _step, _said: self._renew(anew))
        else:
            self._renew(anew)

    def _renew(self, steps: List[Step]) -> None:
        try:
            renew(self.plan.folder)
        except OSError:
            self._fail(
                RsvlmError(
                    "unavailable",
                    tr("The folder {folder} cannot be replaced.").format(folder=self.plan.folder),
                    tr("Close other QGIS windows, or choose another folder for the environment."),
                )
            )
        else:
            self._fill(steps)

    def _fill(self, steps: List[Step]) -> None:
        self._run([*steps, trying(self.plan.folder)], self._on_tried, self._on_failed)

    def _run(
        self, steps: Sequence[Step], succeeded: Callable[[bytes], None], failed: Callable[[Step, str], None]
    ) -> None:
        previous, self._running = self._running, Commands(steps, str(home()), self, self._environment)
        if previous is not None:
            previous.deleteLater()
        self._steps = steps
        self._running.started.connect(self._on_started)
        self._running.line.connect(self._on_line)
        self._running.succeeded.connect(succeeded)
        self._running.failed.connect(failed)
        self._running.cancelled.connect(self._on_cancelled)
        self._running.start()

    @pyqtSlot(int, str)
    def _on_started(self, number: int, note: str) -> None:
        self._number = number
        self._downloads = Downloads(self._steps[number].download_gb * GB)
        self.line.emit(f"— {note}")
        self._report()

    @pyqtSlot(str)
    def _on_line(self, line: str) -> None:
        if line.startswith("{"):  # the demo's answer, of which the sentence is shown
            return
        before = self._downloads.fraction
        if self._downloads.feed(line):
            self.line.emit(line)
        if self._downloads.fraction != before:
            self._report()

    def _report(self) -> None:
        shares = [STEP_SHARE_GB + step.download_gb for step in self._steps]
        done = sum(shares[: self._number]) + shares[self._number] * self._downloads.fraction
        self.progress.emit(round(1000 * done / sum(shares)), 1000, self._steps[self._number].note)

    @pyqtSlot(bytes)
    def _on_tried(self, output: bytes) -> None:
        try:
            sentence = str(json.loads(output)["text"])
            (self.plan.folder / MARK).write_text(self.plan.stamp(), encoding="utf-8")
        except (ValueError, KeyError, OSError):
            self._on_failed(trying(self.plan.folder), "")
            return
        self.line.emit(sentence)
        self._end()
        self.succeeded.emit(sentence)

    @pyqtSlot(object, str)
    def _on_failed(self, step: Step, said: str) -> None:
        try:  # also an environment that was thought to be complete is looked at again by the next run
            (self.plan.folder / MARK).write_text(BEGUN, encoding="utf-8")
        except OSError as error:
            self.line.emit(str(error))
        self._fail(RsvlmError("unavailable", tr("The setup stopped at “{step}”.").format(step=step.note), advice(said)))

    @pyqtSlot()
    def _on_cancelled(self) -> None:
        self._fail(
            RsvlmError(
                "cancelled",
                tr("The setup was stopped."),
                tr("The next one takes up what is done."),
            )
        )

    def _fail(self, error: RsvlmError) -> None:
        self._end()
        self.error = error
        self.failed.emit(error)

    def _end(self) -> None:
        if self._running is not None:
            self._running.deleteLater()
            self._running = None
        if self._work is not None:
            shutil.rmtree(self._work, ignore_errors=True)
            self._work = None


def check_folder(plan: Plan) -> None:
    """Raises RsvlmError if the folder holds something else or its disk has too little room, OSError if it is closed."""
    folder = plan.folder
    own = folder == home() / "env" or (folder / MARK).is_file()
    if folder.is_dir() and not own and any(folder.iterdir()):
        raise RsvlmError(
            "unavailable",
            tr("The folder {folder} holds something else.").format(folder=folder),
            tr("Choose an empty folder, or one that does not exist yet."),
        )
    there = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    free = shutil.disk_usage(there).free / GB
    if free < plan.build.disk_gb and not python_in(folder).is_file():
        raise RsvlmError(
            "unavailable",
            tr("The setup needs {needed} GB in {folder}, and {free} GB are free.").format(
                needed=figures.number(plan.build.disk_gb, 2), folder=there, free=figures.number(free, 2)
            ),
            tr("Free some space, or choose a folder on another disk."),
        )


def renew(folder: Path) -> None:
    """Empty an environment's folder but for its mark: moved away at once, deleted in the background. Raises OSError."""
    if len(list(folder.iterdir())) > 1:
        away = Path(tempfile.mkdtemp(prefix=f"{folder.name}-old-", dir=folder.parent))
        # By which the next set-up knows it, where QGIS is closed before all of it is gone.
        (away / MARK).write_text(BEGUN, encoding="utf-8")
        folder.rename(away / folder.name)
        threading.Thread(target=shutil.rmtree, args=(away, True), daemon=True).start()
        folder.mkdir(mode=0o700)
        (folder / MARK).write_text(BEGUN, encoding="utf-8")

"""The running answer in QGIS's task manager: it shows the progress there, and its cancel button works."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import Iterator

from qgis.core import QgsTask
from qgis.PyQt.QtCore import QThreadPool, pyqtSignal


class ProgressTask(QgsTask):
    """Stands for work that is done elsewhere, until `finalize`. `stop_asked` is emitted when the user cancels it.

    QGIS deletes it after that; one that is cancelled before it was its turn, at once: see `taskTerminated`.
    """

    stop_asked = pyqtSignal()

    def __init__(self, description: str) -> None:
        super().__init__(description, QgsTask.Flag.CanCancel)
        self._over = threading.Event()
        self._succeeded = False

    def run(self) -> bool:
        """Wait."""
        with thread_lent():
            self._over.wait()
        return self._succeeded

    def cancel(self) -> None:
        super().cancel()
        self.stop_asked.emit()

    def show(self, done: int, total: int) -> None:
        """`done` of `total` steps are finished."""
        if total > 0:
            self.setProgress(100.0 * done / total)

    def finalize(self, succeeded: bool) -> None:
        """The work is over."""
        self._succeeded = succeeded
        self._over.set()


@contextmanager
def thread_lent() -> Iterator[None]:
    """In a task's thread: it is lent to the pool meanwhile, so that the map goes on drawing with all of its own."""
    pool = QThreadPool.globalInstance()
    pool.releaseThread()
    try:
        yield
    finally:
        pool.reserveThread()

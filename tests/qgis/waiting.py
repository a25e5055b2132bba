"""Waiting for what QGIS does in its own time."""

from __future__ import annotations

from typing import Callable

from qgis.PyQt.QtCore import QElapsedTimer, QEventLoop, QTimer


def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Runs the event loop until `condition()` is true; nothing happens between that and the return.

    Raises AssertionError where it takes longer.
    """
    loop, look, clock = QEventLoop(), QTimer(), QElapsedTimer()
    look.timeout.connect(loop.quit)
    look.start(10)
    clock.start()
    while not condition():
        assert clock.elapsed() < 1000 * seconds, f"still waiting after {seconds} s"
        loop.exec()

"""The plugin in a real QGIS, imported as `rsvlm` whatever the clone is called, with a profile and a home of its own.

Run with QT_QPA_PLATFORM=offscreen or under Xvfb: pytest-qgis makes the application before this file is read.
"""

from __future__ import annotations

import gc
import importlib.util
import os
import sys
import time
from pathlib import Path
from typing import Callable, Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]

os.environ.setdefault("RSVLM_PYTHON", str(ROOT / ".venv" / "bin" / "python"))
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["GDAL_PAM_ENABLED"] = "NO"  # QGIS would write statistics beside the rasters that tests open

_spec = importlib.util.spec_from_file_location("rsvlm", ROOT / "__init__.py", submodule_search_locations=[str(ROOT)])
_package = importlib.util.module_from_spec(_spec)
sys.modules["rsvlm"] = _package
_spec.loader.exec_module(_package)


@pytest.fixture(autouse=True, scope="session")
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Tokens, logs and settings of the tests stay out of the user's."""
    before = os.environ.get("RSVLM_HOME")
    os.environ["RSVLM_HOME"] = str(tmp_path_factory.mktemp("rsvlm-home"))
    yield
    if before is None:
        del os.environ["RSVLM_HOME"]
    else:
        os.environ["RSVLM_HOME"] = before


@pytest.fixture(autouse=True, scope="session")
def _backend_leaves(qgis_app) -> Iterator[None]:
    """The backend that the tests started is gone when they are over."""
    yield
    from qgis.PyQt.QtCore import QCoreApplication

    from rsvlm.rsvlm_plugin.environment import process

    process.shared_process().stop()
    until = time.monotonic() + 5
    while process._ending and time.monotonic() < until:
        QCoreApplication.processEvents()
    gc.collect()  # layers and render jobs that an exception's frames still hold must go before QGIS does


@pytest.fixture
def wait(qgis_app) -> Callable[..., None]:
    """`wait(condition, seconds=10)` runs the event loop until `condition()` is true; fails the test otherwise."""
    from qgis.PyQt.QtCore import QEventLoop, QTimer

    def run(condition: Callable[[], object], seconds: float = 10) -> None:
        loop, limit, look = QEventLoop(), QTimer(), QTimer()
        limit.setSingleShot(True)
        limit.timeout.connect(loop.quit)
        look.timeout.connect(lambda: loop.quit() if condition() else None)
        limit.start(int(seconds * 1000))
        look.start(10)
        if not condition():
            loop.exec()
        look.stop()
        assert condition(), f"still waiting after {seconds} s"

    return run


class Heard:
    """Everything a Reply said."""

    def __init__(self, reply) -> None:
        self.reply = reply
        self.progress, self.text, self.evidence, self.answers, self.errors = [], [], [], [], []
        reply.progress.connect(lambda *step: self.progress.append(step))
        reply.text.connect(self.text.append)
        reply.evidence.connect(self.evidence.append)
        reply.finished.connect(self.answers.append)
        reply.failed.connect(self.errors.append)

    @property
    def over(self) -> bool:
        return bool(self.answers or self.errors)


@pytest.fixture
def hear() -> Callable[..., Heard]:
    """`hear(reply)` records a Reply from the moment it is asked for."""
    return Heard

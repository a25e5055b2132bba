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

for _name, _path, _folders in (
    ("rsvlm", ROOT / "__init__.py", [str(ROOT)]),
    # What tests of several files use.
    ("waiting", Path(__file__).with_name("waiting.py"), None),
    ("found_record", Path(__file__).with_name("found_record.py"), None),
):
    _spec = importlib.util.spec_from_file_location(_name, _path, submodule_search_locations=_folders)
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_name] = _module
    _spec.loader.exec_module(_module)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The window's tests, one item of minutes, come first: another process runs the others meanwhile."""
    items.sort(key=lambda item: item.path.name != "test_window.py")


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
    from waiting import wait_until

    return wait_until


@pytest.fixture
def written(qgis_new_project, tmp_path):
    """A record whose evidence lies in a file below tmp_path, and its layer in the project."""
    from found_record import record

    from rsvlm.rsvlm_plugin.layers.found import summary
    from rsvlm.rsvlm_plugin.layers.found_file import write_beside
    from rsvlm.rsvlm_plugin.layers.found_group import add_found

    made = record()
    made.file = write_beside(made, tmp_path, "CC-BY-4.0")
    made.answer.evidence = summary(made)
    return made, add_found(made)


@pytest.fixture
def measuring(qgis_new_project):
    """As the plugin has it from its start on."""
    from rsvlm.rsvlm_plugin.layers.measuring import ProjectMeasuring

    project = ProjectMeasuring()
    yield project
    project.dispose()


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

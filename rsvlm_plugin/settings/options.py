"""Where QGIS's options get the page `rsvlm` from; the page itself is imported when it is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Optional

from qgis.core import Qgis, QgsApplication
from qgis.gui import QgisInterface, QgsOptionsPageWidget, QgsOptionsWidgetFactory
from qgis.PyQt.QtCore import QObject
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QWidget

from ...protocol import RsvlmError
from ..translation import tr

if TYPE_CHECKING:
    from ..environment.install import Installation
    from ..environment.recipe import Plan

ICON = Path(__file__).resolve().parents[2] / "resources" / "icons" / "rsvlm.svg"
PAGE = "rsvlm_options"  # the page's name, by which QGIS opens its options at it
NEWS_SECONDS = 8


class RsvlmOptionsFactory(QgsOptionsWidgetFactory):
    """Makes the page each time the options are opened; a setup goes on when they are closed.

    iface: None where there is no window; with one, a setup stands in its task manager and ends in its message bar.
    """

    def __init__(self, iface: Optional[QgisInterface] = None) -> None:
        super().__init__("rsvlm", QIcon(str(ICON)))
        self._iface = iface
        self._owner = QObject()
        self._installation: Optional["Installation"] = None

    def createWidget(self, parent: Optional[QWidget] = None) -> QgsOptionsPageWidget:  # noqa: N802 (QGIS's name)
        from .page import RsvlmOptionsPage

        return RsvlmOptionsPage(self, parent)

    @property
    def last(self) -> Optional["Installation"]:
        """The latest setup, over or not."""
        return self._installation

    @property
    def installation(self) -> Optional["Installation"]:
        """The setup that runs now, if one does."""
        return self._installation if self._installation is not None and self._installation.is_running else None

    def install(self, plan: "Plan") -> "Installation":
        """A new setup, not started yet; it lives as long as the plugin."""
        from ..dock.progress_task import ProgressTask
        from ..environment.install import Installation
        from ..environment.process import shared_process

        self._installation = Installation(plan, self._owner)
        shared_process().stop()  # it may run from the environment that is to be changed
        task = ProgressTask(tr("Set up the rsvlm backend"))
        self._installation.progress.connect(lambda done, total, _note: task.show(done, total))
        self._installation.succeeded.connect(lambda _sentence: task.finalize(True))
        self._installation.succeeded.connect(lambda _sentence: shared_process().ensure())
        self._installation.failed.connect(lambda error: task.cancel() if error.code == "cancelled" else None)
        self._installation.failed.connect(lambda _error: task.finalize(False))
        self._installation.succeeded.connect(self._tell_success)
        self._installation.failed.connect(self._tell_failure)
        task.stop_asked.connect(self._installation.cancel)
        QgsApplication.taskManager().addTask(task)
        return self._installation

    def dispose(self) -> None:
        """End a setup and a download that still run; the next ones take them up."""
        from .model_store import shared_store

        if self.installation is not None:
            self.installation.cancel()
        shared_store().stop()

    def _tell_success(self, sentence: str) -> None:
        if self._iface is not None:
            text = tr("The backend is ready. Of the demo it says: {sentence}").format(sentence=sentence)
            self._iface.messageBar().pushMessage("rsvlm", text, Qgis.MessageLevel.Success, NEWS_SECONDS)

    def _tell_failure(self, error: RsvlmError) -> None:
        if self._iface is not None and error.code != "cancelled":
            text = f"{error.message} {error.hint}"
            self._iface.messageBar().pushMessage("rsvlm", text, Qgis.MessageLevel.Warning, 0)

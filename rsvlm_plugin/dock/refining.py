"""Makes masks better that are there already: another threshold, and clicks that add or reject; all undoable."""

from __future__ import annotations

from typing import List, Optional, Set, Tuple

from qgis.core import QgsPointXY, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import RsvlmError
from ..canvas.clicking import Clicking
from ..client import Backend
from ..layers import found_group
from ..layers.answering import Answering
from ..layers.editing import reject_at
from ..layers.record import Record
from ..translation import tr
from .adding import Adding, chosen_label, phrase_meant
from .card import Card
from .recutting import Recutting
from .report import Report


class Refining(QObject):
    """`recut` comes with each record that has another answer, or keeps the one that it has: no cut is under way."""

    recut = pyqtSignal(object)

    def __init__(
        self, iface: QgisInterface, backend: Backend, report: Report, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self._iface = iface
        self._backend = backend
        self._report = report
        self._down: Optional[Tuple[Card, str, QgsVectorLayer]] = None  # whose button, for what
        self._label = ""  # of the symbol that was chosen last in the legend since then
        self._cuts: List[Recutting] = []
        self._answering = Answering()
        self._answering.changed.connect(self._tell)
        self._adding: Set[Adding] = set()
        self._clicking = Clicking(iface.mapCanvas(), self)
        self._clicking.clicked.connect(self._clicked)
        self._clicking.failed.connect(report.error)
        self._clicking.ended.connect(self._release)
        QgsProject.instance().cleared.connect(self._leave_project)

    def cut_again(self, card: Card, likely: float) -> None:
        """Cut the masks of the card's record at this probability; a newer wish takes the place of an older one."""
        self._report.clear()
        older = [run for run in self._cuts if run.record is card.record]
        run = Recutting(self._backend, card.record, likely, self._answering, self)
        run.ended.connect(lambda error: self._ended(run, error))
        self._cuts.append(run)
        for other in older:
            other.stop()

    def click(self, card: Card, what: str, wanted: bool) -> None:
        """From now on clicks on the map "add" or "reject" features of the card's layer, or no more."""
        if not wanted:
            if self._down is not None and self._down[:2] == (card, what):
                self._clicking.stop()
            return
        try:
            layer = found_group.found_layer(card.record) or found_group.add_found(card.record)
        except RsvlmError as error:
            card.refine.clicks[what].setChecked(False)
            self._report.error(error)
            return
        self._clicking.stop()
        if self._iface.activeLayer() != layer:  # else what is chosen below it stays so
            self._iface.setActiveLayer(layer)  # whose steps Edit ▸ Undo takes back
        self._clicking.start(layer)
        self._down, self._label = (card, what, layer), ""
        card.destroyed.connect(self._forget)

    def dispose(self) -> None:
        """Give the map its tool back and want no more answers."""
        QgsProject.instance().cleared.disconnect(self._leave_project)
        self._clicking.stop()
        for cut in list(self._cuts):
            cut.stop()
        for cut in list(self._cuts):
            cut.finish()
        for run in self._adding:
            run.forget()

    def _clicked(self, point: QgsPointXY, reach: float) -> None:
        card, what, layer = self._down
        self._report.clear()
        cuts = [cut for cut in self._cuts if cut.record is card.record]
        try:
            if not all(cut.answered for cut in cuts):
                raise RsvlmError(
                    "busy",
                    tr("The masks are still being cut at the new threshold."),
                    tr("Click again in a moment."),
                )
            for cut in cuts:
                cut.finish()  # else the feature that is clicked on might be replaced before it is changed
            if what == "reject":
                reject_at(layer, point, reach)
            else:
                self._add(card.record, layer, point)
        except RsvlmError as error:
            self._report.error(error)

    def _add(self, record: Record, layer: QgsVectorLayer, point: QgsPointXY) -> None:
        # An edit has features counted anew, and so takes the choice in the legend away.
        self._label = chosen_label(layer, self._iface.layerTreeView()) or self._label
        phrase = phrase_meant(record, layer, point, self._label)
        run = Adding(self._backend, record, phrase, point, self)
        run.ended.connect(lambda error: self._added(run, error))
        self._adding.add(run)
        self._clicking.show_busy(True)

    def _added(self, run: Adding, error: Optional[RsvlmError]) -> None:
        self._adding.discard(run)
        run.deleteLater()
        self._clicking.show_busy(bool(self._adding))
        if error is not None and error.code != "cancelled":
            self._report.error(error)

    def _leave_project(self) -> None:
        """What is still being cut would come into another one."""
        for run in list(self._cuts):
            run.stop()
        self._answering.forget()

    def _ended(self, run: Recutting, error: Optional[RsvlmError]) -> None:
        self._cuts.remove(run)
        run.deleteLater()
        if error is None or error.code != "cancelled":
            self._tell(run.record)
        if error is not None and error.code != "cancelled":
            self._report.error(error)

    def _tell(self, record: Record) -> None:
        """Unless a newer cut is under way, whose threshold the card shows already."""
        if not any(run.record is record for run in self._cuts):
            self.recut.emit(record)

    def _forget(self) -> None:
        """The card is gone, with its project perhaps."""
        self._down = None
        self._clicking.stop()

    def _release(self) -> None:
        down, self._down = self._down, None
        if down is not None:
            card, what, _layer = down
            card.destroyed.disconnect(self._forget)
            card.refine.clicks[what].setChecked(False)

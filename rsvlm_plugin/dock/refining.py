"""Makes masks better that are there already: another threshold, and clicks that reject; one at a time, all undoable."""

from __future__ import annotations

from typing import Optional

from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import RsvlmError
from ..canvas.rejecting import Rejecting
from ..client import Backend
from ..layers import found_group
from .card import Card
from .recutting import Recutting
from .report import Report


class Refining(QObject):
    """`recut` comes with the card whose record has new numbers."""

    recut = pyqtSignal(object)

    def __init__(
        self, iface: QgisInterface, backend: Backend, report: Report, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self._iface = iface
        self._backend = backend
        self._report = report
        self._card: Optional[Card] = None  # whose button is down
        self._running: Optional[Recutting] = None
        self._rejecting = Rejecting(iface.mapCanvas(), self)
        self._rejecting.failed.connect(report.error)
        self._rejecting.ended.connect(self._release)

    def cut_again(self, card: Card, likely: float) -> None:
        """Cut the masks of the card's record at this probability; a newer wish takes the place of an older one."""
        if self._running is not None:
            self._running.forget()
        self._report.clear()
        run = Recutting(self._backend, card.record, likely, self)
        run.ended.connect(lambda error: self._ended(run, card, error))
        self._running = run

    def reject(self, card: Card, wanted: bool) -> None:
        """From now on clicks on the map reject features of the card's layer, or no more."""
        if not wanted:
            if card is self._card:
                self._rejecting.stop()
            return
        try:
            layer = found_group.found_layer(card.record) or found_group.add_found(card.record)
        except RsvlmError as error:
            card.refine.reject.setChecked(False)
            self._report.error(error)
            return
        self._rejecting.stop()
        self._iface.setActiveLayer(layer)  # whose steps Edit ▸ Undo takes back
        self._rejecting.start(layer)
        self._card = card
        card.destroyed.connect(self._forget)

    def dispose(self) -> None:
        """Give the map its tool back and want no more answers."""
        self._rejecting.stop()
        if self._running is not None:
            self._running.forget()

    def _ended(self, run: Recutting, card: Card, error: Optional[RsvlmError]) -> None:
        self._running = None
        run.deleteLater()
        if error is None:
            self.recut.emit(card)
        elif error.code != "cancelled":
            self._report.error(error)

    def _forget(self) -> None:
        """The card is gone, with its project perhaps."""
        self._card = None
        self._rejecting.stop()

    def _release(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.destroyed.disconnect(self._forget)
            card.refine.reject.setChecked(False)

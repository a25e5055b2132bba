"""Another answer takes the place of all features of a layer: one step of the undo stack, written while QGIS goes on.

Knows neither widgets nor who answered.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Callable, Iterator, List, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, QTimer, pyqtSignal

from ...protocol import Answer, Cancelled, RsvlmError
from ..translation import tr
from . import found, found_style
from .answering import Answering
from .editing import open_edits
from .measuring import trusted
from .record import Record

PIECE_S = 0.03  # for which QGIS waits at a time
AT_ONCE = 200  # features, a millisecond


class Replacing(QObject):
    """Exactly one `ended` comes, with the RsvlmError or None: the layer has the answer's features then, the record the answer
    with a summary of them as its evidence, and both follow when the step is undone.

    Features are made first, which holds nobody up; then they are written. Whoever begins a step of their own meanwhile or saves
    the layer has the rest written at once, and theirs comes after this one. Who discards all edits has discarded this one too.
    Errors: forbidden for a locked or filtered layer, cancelled after `stop` and where the layer was removed.
    """

    ended = pyqtSignal(object)

    def __init__(
        self,
        layer: QgsVectorLayer,
        record: Record,
        answer: Answer,
        title: str,
        answering: Answering,
        parent: Optional[QObject] = None,
    ) -> None:
        super().__init__(parent)
        self._layer, self._record, self._title = layer, record, title
        self._made = replace(record, answer=answer)
        self._answering = answering
        self._writing = self._over = False
        self._links = (
            (layer.editCommandStarted, self._make_way),
            (layer.beforeCommitChanges, self.finish),
            (layer.beforeRollBack, self._give_up),
        )
        layer.willBeDeleted.connect(self._leave)
        self._work = self._all()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._go_on)
        self._timer.start(0)

    def stop(self) -> None:
        """Want it no more. What is being written already is written to its end, for it is one step."""
        if not self._writing:
            self._leave()

    def finish(self) -> None:
        """Do the rest at once."""
        for _piece in self._work:
            continue

    def _go_on(self) -> None:
        """Once QGIS has nothing else to do."""
        until = time.monotonic() + PIECE_S
        for _piece in self._work:
            if time.monotonic() > until:
                return
        self._timer.stop()

    def _all(self) -> Iterator[object]:
        """Does it; QGIS may go on whenever this yields."""
        answer, summing = self._made.answer, found.Summing()
        for item in answer.evidence:
            summing.take(item)
            yield item
        features = []
        for feature in found.features(self._made, self._layer.fields()):
            features.append(feature)
            yield feature
        try:
            self._begin()
        except RsvlmError as error:
            self._end(error)
            return
        yield from self._change(self._layer.deleteFeatures, self._layer.allFeatureIds())
        yield from self._change(self._layer.addFeatures, features)
        said = replace(answer, evidence=summing.told(self._made))
        self._answering.push(self._layer, self._record, said)
        self._close()
        try:
            found_style.renew(self._layer, self._made)
            self._layer.triggerRepaint()
        finally:
            self._end()

    def _change(self, change: Callable[[List], object], what: List) -> Iterator[object]:
        for start in range(0, len(what), AT_ONCE):
            with trusted(self._layer):
                change(what[start : start + AT_ONCE])
            yield start

    def _begin(self) -> None:
        if self._layer.subsetString():  # what it hides would stay beside what is new
            raise RsvlmError(
                "forbidden",
                tr("“{layer}” is filtered.").format(layer=self._layer.name()),
                tr("Remove its filter first (Layer ▸ Filter…)."),
            )
        open_edits(self._layer)
        self._layer.beginEditCommand(self._title)
        self._writing = True
        for signal, slot in self._links:
            signal.connect(slot)

    def _close(self) -> None:
        for signal, slot in self._links:
            signal.disconnect(slot)
        self._layer.endEditCommand()

    def _make_way(self, title: str) -> None:
        """Somebody has begun a step within this one: this one ends, and theirs begins anew behind it."""
        self._layer.undoStack().endMacro()
        self.finish()
        self._layer.beginEditCommand(title)

    def _give_up(self) -> None:
        """What is written so far is about to be taken back with all other edits: for that, it has to be a step."""
        self._close()
        self._end()

    def _leave(self) -> None:
        self._end(Cancelled())

    def _end(self, error: Optional[RsvlmError] = None) -> None:
        if not self._over:
            self._over = True
            self._work = iter(())
            self.ended.emit(error)

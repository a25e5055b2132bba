"""A record tells of its layer as it is: its answer is undone and redone with the features that it tells of."""

from __future__ import annotations

from typing import List

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer
from .record import Record

try:
    from qgis.PyQt.QtGui import QUndoCommand  # Qt 6
except ImportError:
    from qgis.PyQt.QtWidgets import QUndoCommand


class Answering(QObject):
    """`changed` comes with each record that has another answer. Without a parent: steps may outlive the dock."""

    changed = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self._kept: List[_Step] = []  # what Python has of them: Qt's stack holds the rest only

    def push(self, layer: QgsVectorLayer, record: Record, answer: Answer) -> None:
        """From now on the record has this answer; the one before, while what is on the layer's undo stack is undone."""
        self._kept.append(_Step(self, record, answer))
        layer.undoStack().push(self._kept[-1])

    def forget(self) -> None:
        """The layers are gone, and their undo stacks."""
        self._kept.clear()

    def say(self, record: Record, answer: Answer) -> None:
        record.answer = answer
        self.changed.emit(record)


class _Step(QUndoCommand):
    def __init__(self, answering: Answering, record: Record, answer: Answer) -> None:
        super().__init__()
        self._answering, self._record = answering, record
        self._before, self._after = record.answer, answer

    def redo(self) -> None:
        self._answering.say(self._record, self._after)

    def undo(self) -> None:
        self._answering.say(self._record, self._before)

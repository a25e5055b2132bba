"""A layer of masks or boxes on its way into the training records."""

from __future__ import annotations

from html import escape

from qgis.core import QgsFeedback, QgsVectorLayer
from qgis.gui import QgsMessageBar

from ...protocol import RsvlmError
from ..layers.mask_records import Keeping
from ..layers.record import Record
from ..translation import tr
from .writing_task import WritingTask


def keep_in_background(record: Record, layer: QgsVectorLayer, bar: QgsMessageBar) -> None:
    """Begin; `bar` tells how it ended. Raises RsvlmError (busy) while this is being done for the same answer."""
    if any(isinstance(task, KeepTask) and task.key == record.key for task in WritingTask.running):
        raise RsvlmError(
            "busy",
            tr("“{layer}” is being kept for training already.").format(layer=layer.name()),
            tr("Wait until that is done."),
        )
    KeepTask(Keeping(record, layer), bar).start()


class KeepTask(WritingTask):
    """The layer as it was when `keeping` was made. key: of its answer."""

    def __init__(self, keeping: Keeping, bar: QgsMessageBar) -> None:
        super().__init__(tr("Keep “{layer}” for training").format(layer=keeping.layer.name), bar)
        self.key = keeping.key
        self._keeping = keeping
        self._count = 0

    def write(self, feedback: QgsFeedback) -> None:
        self._count = self._keeping.write(feedback)

    def told(self) -> str:
        text = tr("Kept in {path}, with %n training records now.", self._count)
        return escape(text.format(path=self._keeping.path))

    def told_stopped(self) -> str:
        text = tr("Keeping “{layer}” for training was stopped: no record was written or changed.")
        return text.format(layer=self._keeping.layer.name)

    def told_broken(self) -> str:
        text = tr("“{layer}” could not be kept for training. View ▸ Panels ▸ Log Messages tells why.")
        return text.format(layer=self._keeping.layer.name)

"""Another threshold for masks that were found: cut from the stored probabilities, without running the model again."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, Raster, RsvlmError, SegmentRequest
from ..client import Backend
from ..layers.answering import Answering
from ..layers.found_group import add_found, found_layer
from ..layers.record import Record
from ..layers.replacing import Replacing
from ..translation import tr
from . import figures


def kept(record: Record) -> List[Dict[str, Any]]:
    """The files of probabilities: "path", and "phrases" that share its pixels among them."""
    return (record.answer.structured or {}).get("probabilities") or []


def can_be_recut(record: Record) -> bool:
    """Whether probabilities were kept, and it is still known of which pixels."""
    return bool(record.file and kept(record) and (record.picture or record.source.get("href")))


def threshold(record: Record) -> float:
    """The probability from which on a pixel belongs to a mask."""
    return float(_cut(record).get("likely", 0.5))


def right_angles(record: Record) -> bool:
    """Whether they were asked for. What else is told of the cut is that of the first search: each has its own."""
    return bool(_cut(record).get("right_angles", False))


def _cut(record: Record) -> Dict[str, Any]:
    return record.answer.provenance.get("cut") or {}


class Recutting(QObject):
    """Exactly one `ended` comes, with the RsvlmError or None: the record has the new answer then, unless the user has discarded
    all edits of the layer meanwhile.
    """

    ended = pyqtSignal(object)

    def __init__(
        self, backend: Backend, record: Record, likely: float, answering: Answering, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self.record = record
        self._answering = answering
        self._replacing: Optional[Replacing] = None
        raster = Raster(**record.source, data=record.picture or None)
        model = record.answer.provenance.get("model")
        self._title = tr("Threshold {value}").format(value=figures.number(likely, 2))
        cut = {"likely": likely, "right_angles": right_angles(record)}
        self._reply = backend.find(SegmentRequest(raster, record.phrases, model, keep=True, again=True, **cut))
        self._reply.finished.connect(self._replace)
        self._reply.failed.connect(self.ended)

    @property
    def answered(self) -> bool:
        """Whether what is left is to write it into the layer."""
        return self._replacing is not None

    def stop(self) -> None:
        """Want it no more: it ends as cancelled. What is being written into the layer already is written to its end."""
        if self._replacing is None:
            self._reply.cancel()
        else:
            self._replacing.stop()

    def finish(self) -> None:
        """Write at once what is left of it."""
        if self._replacing is not None:
            self._replacing.finish()

    def _replace(self, answer: Answer) -> None:
        try:
            layer = found_layer(self.record) or add_found(self.record)
        except RsvlmError as error:
            self.ended.emit(error)
            return
        self._replacing = Replacing(layer, self.record, answer, self._title, self._answering, self)
        self._replacing.ended.connect(self.ended)

"""Another threshold for masks that were found: cut from the stored probabilities, without running the model again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Dict, List, Optional

from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, Raster, RsvlmError, SegmentRequest
from ..client import Backend
from ..layers.editing import replace_features
from ..layers.found import summary
from ..layers.found_group import add_found, found_layer
from ..layers.record import Record
from ..translation import tr
from . import figures

CUT = ("smallest_m2", "tolerance_m", "right_angles")  # what stays as it was


def kept(record: Record) -> List[Dict[str, Any]]:
    """The files of probabilities: "path", and "phrases" that share its pixels among them."""
    return (record.answer.structured or {}).get("probabilities") or []


def can_be_recut(record: Record) -> bool:
    """Whether probabilities were kept, and it is still known of which pixels."""
    return bool(record.file and kept(record) and (record.picture or record.source.get("href")))


def threshold(record: Record) -> float:
    """The probability from which on a pixel belongs to a mask."""
    return float((record.answer.provenance.get("cut") or {}).get("likely", 0.5))


class Recutting(QObject):
    """Exactly one `ended` comes, with the RsvlmError or None; the record has the new answer then. None after `forget`."""

    ended = pyqtSignal(object)

    def __init__(self, backend: Backend, record: Record, likely: float, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self._record = record
        before = record.answer.provenance.get("cut") or {}
        cut = {**{name: before[name] for name in CUT if name in before}, "likely": likely}
        raster = Raster(**record.source, data=record.picture or None)
        model = record.answer.provenance.get("model")
        self._title = tr("Threshold {value}").format(value=figures.number(likely, 2))
        self._reply = backend.find(SegmentRequest(raster, record.phrases, model, keep=True, again=True, **cut))
        self._reply.finished.connect(self._replace)
        self._reply.failed.connect(self.ended)

    def forget(self) -> None:
        """Want it no more."""
        self._reply.finished.disconnect(self._replace)
        self._reply.failed.disconnect(self.ended)
        self._reply.cancel()
        self.deleteLater()

    def _replace(self, answer: Answer) -> None:
        made = replace(self._record, answer=answer)
        try:
            replace_features(found_layer(made) or add_found(made), made, self._title)
        except RsvlmError as error:
            self.ended.emit(error)
            return
        answer.evidence = summary(made)
        self._record.answer = answer
        self.ended.emit(None)

"""Masks or boxes of what phrases name: what is asked, and what is kept where it breaks off."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QObject

from ...protocol import Answer, Cancelled, Evidence, GroundRequest, RsvlmError, SegmentRequest
from ..client import Backend, Reply
from ..layers.fetching import Seen
from ..layers.found_file import FoundFile, folder_for_results
from ..layers.place import Place
from ..layers.record import Record
from ..translation import tr
from .asking import Asking
from .model_choice import Chosen

TASKS = {"masks": "segment", "boxes": "ground"}


class Finding(Asking):
    """Asks the backend. kind: one of found.KINDS. squared: right angles for masks, turned boxes."""

    def __init__(
        self,
        backend: Backend,
        chosen: Chosen,
        place: Place,
        kind: str,
        phrases: List[str],
        squared: bool = False,
        parent: Optional[QObject] = None,
    ) -> None:
        title = tr("Find {phrases} in {place}").format(phrases=", ".join(phrases), place=place.name)
        super().__init__(backend, chosen, place, title, parent)
        self._kind = kind
        self._phrases = phrases
        self._squared = squared
        self._folder = folder_for_results(QgsProject.instance())  # another project may be open in the end
        self._file: Optional[FoundFile] = None

    def cut(self) -> None:
        """At once; the file of the layer, of what has come or of all, is left where it will be."""
        super().cut()
        if self._file is not None:
            self._file.finished.disconnect()
            self._file.failed.disconnect()
            super()._end(None, Cancelled())

    def _asked(self, seen: Seen) -> Reply:
        if self._kind == "masks":
            angles = self._squared
            # What is kept of the probabilities lets the threshold be moved later.
            request = SegmentRequest(seen.raster, self._phrases, self._chosen.model, right_angles=angles, keep=True)
            reply = self._backend.find(request)
            reply.sketch.connect(lambda geometry: self.sketch.emit(geometry, seen.crs))
            return reply
        return self._backend.find(GroundRequest(seen.raster, self._phrases, self._chosen.model, self._squared))

    def _so_far(self) -> Optional[Answer]:
        """Features that had come; of phrases without any, nobody knows yet whether they are there."""
        if not self._evidence or not self._seen.crs:
            return None
        answer = self._gathered("")
        counts = dict.fromkeys(self._phrases, 0)
        for item in answer.evidence:
            counts[item.phrase or item.label] = counts.get(item.phrase or item.label, 0) + 1
        told = (
            tr("{phrase}: %n found so far.", count).format(phrase=phrase) for phrase, count in counts.items() if count
        )
        answer.text = " ".join(told)
        return answer

    def _end(self, record: Optional[Record], error: Optional[RsvlmError]) -> None:
        """What was found goes into its file first; the record keeps a summary of it."""
        if record is None or not record.answer.evidence:
            super()._end(record, error)
            return
        self.progress.emit(0, 0, tr("Writing the layer"))
        file = FoundFile(record, self._folder, self._chosen.licence)
        self._file = file
        file.finished.connect(lambda path: self._written(record, path, file.told, error))
        file.failed.connect(lambda problem: super(Finding, self)._end(record, problem))

    def _written(self, record: Record, path: str, told: List[Evidence], error: Optional[RsvlmError]) -> None:
        record.file = path
        record.answer.evidence = told
        super()._end(record, error)

    def _details(self) -> Dict[str, Any]:
        return {"style": self._kind, "phrases": list(self._phrases)}

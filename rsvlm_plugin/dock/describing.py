"""One description from click to answer: fetch the place, ask the backend, keep what came. Knows no widgets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import List, Optional

from qgis.core import QgsApplication, QgsMapSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, DescribeRequest, Evidence, RsvlmError
from ..client import Backend, Reply
from ..client.messages import BUNDLED_MODEL
from ..layers.fetching import Fetching, Seen
from ..layers.geometry import crs_text, to_geojson
from ..layers.place import Place
from ..layers.record import Record
from ..translation import tr
from .progress_task import ProgressTask


class Describing(QObject):
    """Exactly one `ended` comes: the Record (None without words) and the RsvlmError (None if all went well)."""

    progress = pyqtSignal(int, int, str)
    words = pyqtSignal(str)
    ended = pyqtSignal(object, object)

    def __init__(self, backend: Backend, place: Place, style: str, parent: Optional[QObject] = None) -> None:
        super().__init__(parent)
        self.place = place
        self.style = style
        self._backend = backend
        self._fetching: Optional[Fetching] = None
        self._reply: Optional[Reply] = None
        self._seen: Optional[Seen] = None
        self._text = ""
        self._evidence: List[Evidence] = []
        self._task: Optional[ProgressTask] = ProgressTask(tr("Describe {place}").format(place=place.name))
        self._task.stop_asked.connect(self.stop)
        QgsApplication.taskManager().addTask(self._task)

    def start(self, seen: Optional[Seen], canvas_settings: QgsMapSettings) -> None:
        """Ask about what is already seen, or fetch the place first."""
        if seen is not None:
            self._ask(seen)
            return
        self.progress.emit(0, 0, tr("Looking at the map"))
        self._fetching = Fetching(self.place, canvas_settings, self)
        self._fetching.fetched.connect(self._ask)
        self._fetching.failed.connect(self._fail)

    def stop(self) -> None:
        """Stop; what is finished by then is kept as a partial answer. The second time, at once."""
        if self._reply is not None:
            self.progress.emit(0, 0, tr("Stopping"))
            self._reply.stop()
        else:
            self.cut()

    def cut(self) -> None:
        """Stop at once; words that have come are kept as a partial answer."""
        if self._reply is not None:
            self._reply.cancel()
        elif self._fetching is not None:
            self._fetching.cancel()
            self._fail(RsvlmError("cancelled", tr("Stopped.")))

    def _ask(self, seen: Seen) -> None:
        self._seen = seen
        self._reply = self._backend.describe(DescribeRequest(seen.raster, self.style))
        self._reply.progress.connect(self._report)
        self._reply.text.connect(self._say)
        self._reply.evidence.connect(self._evidence.append)
        self._reply.finished.connect(self._succeed)
        self._reply.failed.connect(self._fail)

    def _report(self, done: int, total: int, note: str) -> None:
        if self._task is not None:
            self._task.show(done, total)
        self.progress.emit(done, total, note)

    def _say(self, delta: str) -> None:
        self._text += delta
        self.words.emit(delta)

    def _succeed(self, answer: Answer) -> None:
        self._end(self._record(answer), None)

    def _fail(self, error: RsvlmError) -> None:
        record = None
        if self._text.strip():
            created = datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds")
            provenance = {"model": BUNDLED_MODEL, "created": created, "crs": self._seen.raster.crs}
            provenance["sources"] = [self._seen.raster.name]
            # Polygons come in the CRS of what was read, which only a complete answer tells of a file; without one, in
            # pixels of an extent that it tells as well.
            evidence = list(self._evidence) if self._seen.drawn and self._seen.raster.crs else []
            answer = Answer(self._text.strip(), evidence, provenance, warnings=[error.message], partial=True)
            record = self._record(answer)
        self._end(record, error)

    def _record(self, answer: Answer) -> Record:
        place = self.place
        return Record(
            name=self._seen.raster.name or place.name,
            style=self.style,
            outline=to_geojson(place.outline()),
            crs=crs_text(place.crs),
            drawn=self._seen.drawn,
            answer=answer,
        )

    def _end(self, record: Optional[Record], error: Optional[RsvlmError]) -> None:
        if self._task is None:
            return
        task, self._task = self._task, None
        task.stop_asked.disconnect(self.stop)
        if error is not None and error.code == "cancelled":
            task.cancel()
        else:
            task.finalize(error is None)
        self._reply = None
        self.ended.emit(record, error)

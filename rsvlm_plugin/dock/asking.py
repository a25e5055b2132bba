"""One question from click to answer: fetch the place, ask, keep what came. Knows no widgets.

describing.py and finding.py say what is asked.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any, Dict, List, Optional, Union

from qgis.core import QgsApplication, QgsMapSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, Evidence, RsvlmError
from ..client import Backend, Reply, ServerReply
from ..layers.fetching import Fetching, Seen
from ..layers.geometry import crs_text, to_geojson
from ..layers.place import Place
from ..layers.record import Record
from ..translation import tr
from .model_choice import Chosen
from .progress_task import ProgressTask


class Asking(QObject):
    """Exactly one `ended` comes: the Record (None without an answer) and the RsvlmError (None if all went well).

    evidence: a piece of it and the CRS that it is in, as text; ahead of the answer. sketch: the same of GeoJSON that shows
    roughly what was found so far.
    """

    progress = pyqtSignal(int, int, str)
    words = pyqtSignal(str)
    evidence = pyqtSignal(object, object)
    sketch = pyqtSignal(object, object)
    ended = pyqtSignal(object, object)

    def __init__(
        self, backend: Backend, chosen: Chosen, place: Place, title: str, parent: Optional[QObject] = None
    ) -> None:
        """title: what the task manager shows."""
        super().__init__(parent)
        self.place = place
        self._backend = backend
        self._chosen = chosen
        self._fetching: Optional[Fetching] = None
        self._reply: Optional[Union[Reply, ServerReply]] = None
        self._seen: Optional[Seen] = None
        self._text = ""
        self._evidence: List[Evidence] = []
        self._over = False
        self._task: Optional[ProgressTask] = ProgressTask(title)
        self._task.stop_asked.connect(self.stop)
        self._task.taskTerminated.connect(self._forget_task)
        QgsApplication.taskManager().addTask(self._task)

    def start(self, seen: Optional[Seen], canvas_settings: QgsMapSettings) -> None:
        """Ask about what is already seen, or fetch the place first."""
        if seen is not None:
            self._ask(seen)
            return
        self.progress.emit(0, 0, tr("Looking at the map"))
        self._fetching = Fetching(self.place, canvas_settings, self, draw=self._chosen.server is not None)
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
        """Stop at once; what has come is kept as a partial answer."""
        if self._reply is not None:
            self._reply.cancel()
        elif self._fetching is not None:
            self._fetching.cancel()
            self._fail(RsvlmError("cancelled", tr("Stopped.")))

    def _asked(self, seen: Seen) -> Union[Reply, ServerReply]:
        """Ask. Raises RsvlmError where that cannot be."""
        raise NotImplementedError

    def _so_far(self) -> Optional[Answer]:
        """The answer that what has come makes; None where it makes none."""
        raise NotImplementedError

    def _details(self) -> Dict[str, Any]:
        """What else the record says of the question: its style at least."""
        raise NotImplementedError

    def _ask(self, seen: Seen) -> None:
        self._seen = seen
        try:
            self._reply = self._asked(seen)
        except RsvlmError as error:
            self._fail(error)
            return
        self._reply.progress.connect(self._report)
        self._reply.text.connect(self._say)
        self._reply.evidence.connect(self._take)
        self._reply.finished.connect(self._succeed)
        self._reply.failed.connect(self._fail)

    def _report(self, done: int, total: int, note: str) -> None:
        if self._task is not None:
            self._task.show(done, total)
        self.progress.emit(done, total, note)

    def _say(self, delta: str) -> None:
        self._text += delta
        self.words.emit(delta)

    def _take(self, item: Evidence) -> None:
        self._evidence.append(item)
        if self._seen.crs:
            self.evidence.emit(item, self._seen.crs)

    def _succeed(self, answer: Answer) -> None:
        self._end(self._record(answer), None)

    def _fail(self, error: RsvlmError) -> None:
        record = None
        answer = self._so_far()
        if answer is not None:
            answer.warnings.append(error.message)
            answer.partial = True
            record = self._record(answer)
        self._end(record, error)

    def _gathered(self, text: str) -> Answer:
        """An answer of the backend's that did not come to its end. text: what it says."""
        created = datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds")
        # Polygons come in the CRS of what is read; without one, in pixels of an extent that only a complete answer tells.
        evidence = list(self._evidence) if self._seen.crs else []
        provenance = {
            "model": self._chosen.model,
            "created": created,
            "crs": self._seen.crs,
            "sources": [self._seen.raster.name],
        }
        return Answer(text, evidence, provenance)

    def _record(self, answer: Answer) -> Record:
        place = self.place
        source = self._seen.raster.to_json()
        picture = source.pop("data", "")
        return Record(
            name=self._seen.raster.name or place.name,
            outline=to_geojson(place.outline()),
            crs=crs_text(place.crs),
            drawn=self._seen.drawn,
            answer=answer,
            source=source,
            picture=picture,
            **self._details(),
        )

    def _end(self, record: Optional[Record], error: Optional[RsvlmError]) -> None:
        if self._over:
            return
        self._over = True
        task = self._task
        self._forget_task()
        if task is not None:
            if error is not None and error.code == "cancelled":
                task.cancel()
            task.finalize(error is None)
        self._reply = None
        self.ended.emit(record, error)

    def _forget_task(self) -> None:
        """It is over, or was cancelled before it was its turn: QGIS deletes it."""
        task, self._task = self._task, None
        if task is not None:
            task.stop_asked.disconnect(self.stop)
            task.taskTerminated.disconnect(self._forget_task)

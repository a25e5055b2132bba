"""One description from click to answer: fetch the place, ask the backend, keep what came. Knows no widgets."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import List, Optional, Union

from qgis.core import QgsApplication, QgsMapSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ...protocol import Answer, DescribeRequest, Evidence, RsvlmError
from ..client import Backend, Reply, ServerReply, server_describe
from ..layers.fetching import Fetching, Seen
from ..layers.geometry import crs_text, to_geojson
from ..layers.picture import Picture, picture_of
from ..layers.place import Place
from ..layers.record import Record
from ..translation import tr
from .model_choice import Chosen
from .progress_task import ProgressTask


class Describing(QObject):
    """Exactly one `ended` comes: the Record (None without words) and the RsvlmError (None if all went well)."""

    progress = pyqtSignal(int, int, str)
    words = pyqtSignal(str)
    ended = pyqtSignal(object, object)

    def __init__(
        self, backend: Backend, chosen: Chosen, place: Place, style: str, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(parent)
        self.place = place
        self._chosen = chosen
        self.style = style
        self._backend = backend
        self._fetching: Optional[Fetching] = None
        self._reply: Optional[Union[Reply, ServerReply]] = None
        self._picture: Optional[Picture] = None
        self._seen: Optional[Seen] = None
        self._text = ""
        self._evidence: List[Evidence] = []
        self._over = False
        self._task: Optional[ProgressTask] = ProgressTask(tr("Describe {place}").format(place=place.name))
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
        """Stop at once; words that have come are kept as a partial answer."""
        if self._reply is not None:
            self._reply.cancel()
        elif self._fetching is not None:
            self._fetching.cancel()
            self._fail(RsvlmError("cancelled", tr("Stopped.")))

    def _ask(self, seen: Seen) -> None:
        self._seen = seen
        try:
            self._reply = self._asked(seen)
        except RsvlmError as error:
            self._fail(error)
            return
        self._reply.progress.connect(self._report)
        self._reply.text.connect(self._say)
        self._reply.evidence.connect(self._evidence.append)
        self._reply.finished.connect(self._succeed)
        self._reply.failed.connect(self._fail)

    def _asked(self, seen: Seen) -> Union[Reply, ServerReply]:
        if self._chosen.server is None:
            return self._backend.describe(DescribeRequest(seen.raster, self.style, self._chosen.model))
        self._picture = picture_of(seen.raster)
        return server_describe.describe(self._chosen.server, self._picture, self.style, seen.raster.name)

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
            answer = self._so_far()
            answer.warnings.append(error.message)
            answer.partial = True
            record = self._record(answer)
        self._end(record, error)

    def _so_far(self) -> Answer:
        """The answer that the words up to now make."""
        source = self._seen.raster.name
        if self._chosen.server is not None:
            return server_describe.answer(self._chosen.server, self._picture, self.style, source, self._reply.said)
        created = datetime.now(timezone.utc).astimezone().isoformat(timespec="seconds")
        provenance = {"model": self._chosen.model, "created": created, "crs": self._seen.raster.crs}
        provenance["sources"] = [source]
        # Polygons come in the CRS of what was read, which only a complete answer tells of a file; without one, in
        # pixels of an extent that it tells as well.
        evidence = list(self._evidence) if self._seen.drawn and self._seen.raster.crs else []
        return Answer(self._text.strip(), evidence, provenance)

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

"""The worker's end of its pipe to the supervisor: one line of JSON for each thing that is said."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from dataclasses import asdict
from typing import Any

from rsvlm.protocol import Evidence, Watch


class Pipe:
    """Lines of JSON to the supervisor, from any thread."""

    def __init__(self) -> None:
        # What libraries print must not end up between the lines: descriptor 1 becomes standard error.
        self._file = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, **message: Any) -> None:
        line = json.dumps(message, allow_nan=False).encode("ascii") + b"\n"
        # Without a supervisor nobody is left to hear it; the end of standard input will end this process.
        with self._lock, contextlib.suppress(BrokenPipeError):
            self._file.write(line)
            self._file.flush()


class PipeWatch(Watch):
    """Sends what a task tells to the supervisor; set `stop` to have the task end."""

    def __init__(self, pipe: Pipe, job: int) -> None:
        self._pipe = pipe
        self._job = job
        self.stop = threading.Event()

    def progress(self, done: int, total: int, note: str) -> None:
        self._pipe.send(event="progress", job=self._job, progress={"done": done, "total": total, "note": note})

    def text(self, delta: str) -> None:
        self._pipe.send(event="text", job=self._job, delta=delta)

    def sketch(self, geometry: dict[str, Any]) -> None:
        self._pipe.send(event="sketch", job=self._job, sketch=geometry)

    def evidence(self, item: Evidence) -> None:
        self._pipe.send(event="evidence", job=self._job, evidence=asdict(item))

    def cancelled(self) -> bool:
        return self.stop.is_set()

"""Server-sent events out of bytes as they arrive. Knows nothing of what the events say."""

from __future__ import annotations

from typing import List

END = b"\n\n"  # completes what a server left without its blank line


class EventStream:
    """Cuts a byte stream into the data of its events, whatever pieces the bytes come in (WHATWG HTML, section 9.2).

    Comments, field names other than `data` and events without data are dropped, as the standard says. One exception:
    older servers of llama.cpp send an error as a field of its own, which becomes the event {"error": ...}.
    """

    def __init__(self) -> None:
        self._rest: List[bytes] = []  # of the line that is not complete yet
        self._data: List[str] = []

    def feed(self, received: bytes) -> List[str]:
        """The data of the events that `received` completes, in order."""
        self._rest.append(received)
        if b"\n" not in received:
            return []  # an answer with thousands of masks is one line of megabytes: it is put together once
        lines = b"".join(self._rest).replace(b"\r\n", b"\n").split(b"\n")
        self._rest = [lines.pop()]
        events: List[str] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append("\n".join(self._data))
                self._data = []
            elif line.startswith(b"data:"):
                value = line[5:].decode("utf-8", errors="replace")
                self._data.append(value[1:] if value.startswith(" ") else value)
            elif line.startswith(b"error:") and not self._data:
                self._data.append(f'{{"error": {line[6:].decode("utf-8", errors="replace")}}}')
        return events

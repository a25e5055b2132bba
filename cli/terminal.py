"""The terminal as a task's listener, and how its answer is printed: words for people, one JSON document for programs."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer

from rsvlm.protocol import Answer, Cancelled, Watch

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def write_utf8() -> None:
    """Whoever reads a pipe or a file gets UTF-8 on every system, unless PYTHONIOENCODING names another encoding.

    What an encoding does not have is written as its code, and no answer is lost by it.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # none where there is no console
            kept = stream.isatty() or os.environ.get("PYTHONIOENCODING")
            stream.reconfigure(encoding=None if kept else "utf-8", errors="backslashreplace")


class Terminal(Watch):
    """Words go to standard output as they come, progress to standard error where somebody looks at it.

    for_programs: progress is a line of JSON, {"done", "total", "note"}, whoever looks.
    """

    for_programs = False

    def __init__(self, words: bool) -> None:
        self._words = words
        self._stopped = False

    @contextmanager
    def listening(self) -> Iterator[Watch]:
        """Meanwhile the first Ctrl-C or SIGTERM asks the task to finish with what it has; the second ends the program."""
        second: dict[int, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}

        def stop(number: int, _frame: FrameType | None) -> None:
            self._stopped = True
            signal.signal(number, second[number])

        before = {number: signal.signal(number, stop) for number in second}
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def cancelled(self) -> bool:
        return self._stopped

    def progress(self, done: int, total: int, note: str) -> None:
        if self.for_programs:
            print(json.dumps({"done": done, "total": total, "note": note}), file=sys.stderr, flush=True)
        elif sys.stderr.isatty() and total > 1:
            print(f"\r{note}: {done} of {total}\x1b[K", end="\n" if done == total else "", file=sys.stderr, flush=True)

    def text(self, delta: str) -> None:
        if self._words:
            print(plain(delta), end="", flush=True)


def plain(text: str) -> str:
    """Without the control characters, by which a text from a model or a document could command a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def document(value: Any) -> str:
    """One line of JSON, readable as far as standard output can write it."""
    return json.dumps(value, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")


def show(answer: Answer, as_json: bool) -> None:
    """What is left to say after the words have streamed: what they cite, and warnings.

    Raises Exit for an answer that the user stopped.
    """
    if as_json:
        print(document(answer.to_json()))
    else:
        print()
        for item in answer.evidence:
            if item.kind == "document":
                print(plain(" ".join(filter(None, (item.label, item.text, item.source and f"({item.source})")))))
        for warning in answer.warnings:
            print(f"Note: {plain(warning)}", file=sys.stderr)
    if answer.partial:
        raise typer.Exit(Cancelled().exit_code)

"""Where the service keeps what it writes: its folder and the log."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from contextvars import ContextVar
from logging.handlers import RotatingFileHandler
from pathlib import Path

from rsvlm.models.folders import home
from rsvlm.protocol import RsvlmError

LOG_BYTES = 1_000_000
LOG_FILES = 3

# The request that the current asyncio task is answering: every log line carries it.
request_id: ContextVar[str] = ContextVar("request_id", default="-")


def prepare_home() -> Path:
    """The folder, made if need be. Raises RsvlmError (unavailable) where it cannot be written."""
    folder = home()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "logs").mkdir(exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError:
        writable = False
    if not writable:
        raise RsvlmError(
            "unavailable",
            f"The folder {folder} for tokens and logs cannot be written.",
            "Make it writable, or name another one in the environment variable RSVLM_HOME.",
        )
    return folder


def start_log(folder: Path) -> Path:
    """Send everything that is logged in this process to a rotating file, with the id of the request it belongs to."""
    path = folder / "logs" / "backend.log"
    handler = _Log(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(levelname)s [%(request_id)s] %(name)s: %(message)s")
    )
    handler.addFilter(_add_request_id)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return path


class _Log(RotatingFileHandler):
    """A log that the service can do without: a full disk is told once on standard error, and costs lines only."""

    _told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 # the name is logging's
        if not self._told:
            self._told = True
            with contextlib.suppress(OSError):  # its reader may have gone
                print(f"rsvlm: the log {self.baseFilename} cannot be written.", file=sys.stderr)


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True

"""Where the service keeps what it writes: its folder, the token file and the log."""

from __future__ import annotations

import logging
import os
import secrets
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


def write_token(folder: Path) -> tuple[str, Path]:
    """The token of this run (RSVLM_TOKEN or a random one) and the file, readable by its owner only, that holds it."""
    token = os.environ.get("RSVLM_TOKEN") or secrets.token_urlsafe(32)
    _remove_stale_tokens(folder)
    path = folder / f"backend-{os.getpid()}.token"
    path.unlink(missing_ok=True)
    # O_EXCL: a file or link that somebody else put there is never written through.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    return token, path


def _remove_stale_tokens(folder: Path) -> None:
    """Delete token files of killed services. Not on Windows, where asking for a process by os.kill ends it."""
    if sys.platform == "win32":
        return
    for path in folder.glob("backend-*.token"):
        pid = path.stem.partition("-")[2]
        try:
            os.kill(int(pid), 0)
        except ProcessLookupError:
            path.unlink(missing_ok=True)
        except (PermissionError, ValueError):
            continue  # somebody else's process, or somebody else's file


def start_log(folder: Path) -> Path:
    """Send everything that is logged in this process to a rotating file, with the id of the request it belongs to."""
    path = folder / "logs" / "backend.log"
    handler = RotatingFileHandler(path, maxBytes=LOG_BYTES, backupCount=LOG_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(process)d %(levelname)s [%(request_id)s] %(name)s: %(message)s")
    )
    handler.addFilter(_add_request_id)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    return path


def _add_request_id(record: logging.LogRecord) -> bool:
    record.request_id = request_id.get()
    return True

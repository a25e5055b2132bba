"""One backend for each user and environment: which of several that start may listen, and where the others find it.

Beside each other in the home folder, for a key that stands for environment, version and device: `backend-KEY.lock`,
locked for as long as its owner lives (the system frees it, however the owner ends); `backend-KEY.json`, where it
listens; `backend-KEY.token`, what to send it. Files whose lock is free were left by a backend that was killed.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import secrets
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

from rsvlm.protocol import VERSION, RsvlmError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FIND_S = 15.0  # for another backend to say where it listens, or to be gone
LOOK_AGAIN_S = 0.05
ANSWER_S = 1.0

log = logging.getLogger(__name__)


class Claim:
    """The right to be the backend of a key; whoever holds it writes the files of this key, and nobody else does."""

    def __init__(self, folder: Path, key: str, lock: int | None) -> None:
        self._lock = lock
        self._lock_file = folder / f"backend-{key}.lock"
        self._place_file = folder / f"backend-{key}.json"
        self._token_file = folder / f"backend-{key}.token"
        self.withdraw()

    def write_token(self) -> tuple[str, Path]:
        """The token of this run (RSVLM_TOKEN or a random one) and the file, readable by its owner only, that holds it.

        Raises RsvlmError (unavailable) if it cannot be written.
        """
        token = os.environ.get("RSVLM_TOKEN") or secrets.token_urlsafe(32)
        _write_private(self._token_file, token)
        return token, self._token_file

    def announce(self, place: dict[str, Any]) -> None:
        """Say where this backend listens. Raises RsvlmError (unavailable) if it cannot be written."""
        beside = self._place_file.with_suffix(".new")
        _write_private(beside, json.dumps(place))
        beside.replace(self._place_file)

    def withdraw(self) -> None:
        """Remove what points to a backend of this key."""
        for path in (self._place_file, self._place_file.with_suffix(".new"), self._token_file):
            # Windows keeps a file that somebody is reading: it is stale then, and known as such without the lock.
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def release(self) -> None:
        """Let another backend have this key."""
        self.withdraw()
        if self._lock is None:
            return
        if sys.platform != "win32":
            self._lock_file.unlink(missing_ok=True)  # still locked: nobody can take it for theirs
        os.close(self._lock)
        if sys.platform == "win32":  # where an open file cannot be deleted, so that nobody has it who could be hurt
            with contextlib.suppress(OSError):
                self._lock_file.unlink(missing_ok=True)


def claim_or_find(folder: Path) -> Claim | dict[str, Any]:
    """The claim to this environment's key, or the place that its backend has announced and where it listens now.

    Raises RsvlmError (unavailable) if another process holds the key and does not answer, or if nothing can be written.
    """
    key = environment_key()
    deadline = time.monotonic() + FIND_S
    while time.monotonic() < deadline:
        try:
            lock = _acquire(folder / f"backend-{key}.lock")
        except OSError as error:  # a network drive without locks, a full disk: as well as it goes without sharing
            log.warning("backends in %s cannot be shared: %s", folder, error)
            return Claim(folder, f"{key}-{os.getpid()}", None)
        if lock is not None:
            _remove_stale(folder)
            return Claim(folder, key, lock)
        place = _announced(folder / f"backend-{key}.json")
        if place and _answers(place):
            return place
        time.sleep(LOOK_AGAIN_S)
    raise RsvlmError(
        "unavailable",
        f"Another backend uses the folder {folder} and does not answer.",
        "End that process, or name another folder in the environment variable RSVLM_HOME.",
    )


def environment_key() -> str:
    """What backends must have in common to be shared: the environment, its version and the device that is wished for."""
    parts = (sys.prefix, VERSION, os.environ.get("RSVLM_DEVICE") or "auto")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _acquire(path: Path) -> int | None:
    """The descriptor of the locked file, None if another process holds it. Raises OSError where there are no locks."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            if sys.platform == "win32":
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:
            pass  # its last owner has deleted it meanwhile: that lock is worth nothing
        except (BlockingIOError, PermissionError):
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _remove_stale(folder: Path) -> None:
    """Remove the files of all killed backends, of other versions as well."""
    for path in folder.glob("backend-*.lock"):
        with contextlib.suppress(OSError):
            lock = _acquire(path)
            if lock is not None:
                Claim(folder, path.stem.partition("-")[2], lock).release()


def _announced(path: Path) -> dict[str, Any] | None:
    """Where a backend says that it listens; nothing of what another user may have put there."""
    try:
        if hasattr(os, "getuid") and os.lstat(path).st_uid != os.getuid():
            return None
        place: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # not there, or being replaced: it is starting or ending
        return None
    return place


def _answers(place: dict[str, Any]) -> bool:
    """Whether the backend there is at work: the system would take connections for one that was stopped as well."""
    try:
        with contextlib.closing(HTTPConnection(place["host"], place["port"], timeout=ANSWER_S)) as connection:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
    except (OSError, HTTPException, LookupError, TypeError):  # nobody, not in time, or no place at all
        return False


def _write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner may read. Raises RsvlmError (unavailable) in words."""
    try:
        # O_EXCL: a file or link that somebody else put there is never written through.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise RsvlmError(
            "unavailable",
            f"The folder {path.parent} cannot be written{', because its disk is full' if full else ''}.",
            "Make room or make it writable, or name another folder in the environment variable RSVLM_HOME.",
        ) from error

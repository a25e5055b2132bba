"""Going away with the owner: on the end of standard input, on a changed parent, and by the kernel where it helps.

The owner is the process that started this one: a QGIS window for the supervisor, the supervisor for the worker.
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable

from rsvlm.backend.standard_input import take_standard_input

PARENT_POLL_S = 0.5
GRACE_S = 2.0

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> int:
    """Ask Linux to terminate this process when the thread that started it ends; elsewhere nothing. To be called first.

    Returns the parent's process id, for `watch_owner`.
    """
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before Linux knew
            os.kill(os.getpid(), signal.SIGTERM)
    return parent


def watch_owner(parent: int, stop: Callable[[], None]) -> None:
    """Call `stop` once the owner is gone, and end the process if it is still there GRACE_S later.

    Standard input is watched, and taken for it, only if it is a pipe or a socket: a terminal or a file says nothing about the
    owner.
    The parent is watched only where a process whose parent has ended gets another one; Windows keeps the old number.
    """
    if sys.platform != "win32":
        threading.Thread(target=_watch_parent, args=(parent, stop), name="parent", daemon=True).start()
    if _is_pipe(0):
        threading.Thread(target=_watch_stdin, args=(take_standard_input(), stop), name="stdin", daemon=True).start()


def _is_pipe(descriptor: int) -> bool:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return False  # closed by whoever started us
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _watch_parent(parent: int, stop: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_S)
    _leave(stop)


def _watch_stdin(stdin: int, stop: Callable[[], None]) -> None:
    try:
        while os.read(stdin, 4096):
            pass
    except OSError:
        _leave(stop)  # a pipe that cannot be read any more has no owner either
    else:
        _leave(stop)


def _leave(stop: Callable[[], None]) -> None:
    stop()
    time.sleep(GRACE_S)
    os._exit(1)

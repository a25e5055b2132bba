"""What glibc keeps of memory that was freed, and how to have it back. Elsewhere nothing happens."""

from __future__ import annotations

import ctypes
import sys
from typing import Any

LARGE_BYTES = 4 * 2**20
_M_MMAP_THRESHOLD = -3  # of <malloc.h>


def return_freed() -> None:
    """Give what is not in use any more to other programs: glibc keeps it, often more than a small model takes."""
    if trim := _of_glibc("malloc_trim"):
        trim(0)


def map_large() -> None:
    """From now on arrays of LARGE_BYTES and more have memory of their own, which goes back with them.

    By itself glibc puts ever larger ones between smaller ones, and the gaps that they leave stay (mallopt(3)).
    """
    if set_option := _of_glibc("mallopt"):
        set_option(_M_MMAP_THRESHOLD, LARGE_BYTES)


def _of_glibc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None

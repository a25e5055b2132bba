"""Folders that are filled out of sight before they get their place, and what is left of them when a program is killed."""

from __future__ import annotations

import os
import platform
import re
import shutil
from pathlib import Path

import psutil

from rsvlm.protocol import new_folder

_HERE = re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "here"
_STAGE = re.compile(rf"\.[a-z]+-{_HERE}-(\d+)-.*")


def new_stage(within: Path, purpose: str) -> Path:
    """An empty folder of this process, whose name begins with a dot and `purpose`; those of dead processes are removed.

    Raises OSError.
    """
    for left in within.glob(f".{purpose}-*"):
        found = _STAGE.fullmatch(left.name)
        if found and not psutil.pid_exists(int(found[1])):
            shutil.rmtree(left, ignore_errors=True)
    return new_folder(within, f".{purpose}-{_HERE}-{os.getpid()}-")

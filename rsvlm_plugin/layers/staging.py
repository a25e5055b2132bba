"""Hidden folders that files are written in before they get their place: a crash leaves no half of one where the user looks."""

from __future__ import annotations

import shutil
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

from ...protocol import passing_folder

_PREFIX = ".rsvlm-writing-"
_STALE_S = 24 * 3600  # nobody writes for so long


@contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """One in `folder`, until the block ends; those of writers that were killed long ago go with it. Raises OSError."""
    for left in folder.glob(f"{_PREFIX}*"):
        try:
            stale = left.stat().st_mtime < time.time() - _STALE_S
        except FileNotFoundError:  # another writer has just ended
            continue
        if stale:
            shutil.rmtree(left, ignore_errors=True)
    with passing_folder(folder, _PREFIX) as made:
        yield made

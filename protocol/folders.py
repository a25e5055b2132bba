"""New folders inside others, with the rights that these give: whoever reads their files reads what is moved out of one too.

tempfile makes folders for one user alone, and takes a folder that Windows keeps it from for one where every name is taken.
"""

from __future__ import annotations

import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator


def new_folder(within: Path, prefix: str) -> Path:
    """An empty one whose name begins with `prefix`. Raises OSError."""
    made = Path(within, prefix + secrets.token_hex(8))
    made.mkdir()
    return made


@contextmanager
def passing_folder(within: Path, prefix: str) -> Iterator[Path]:
    """The same until the block ends. Raises OSError."""
    made = new_folder(within, prefix)
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def can_write(folder: Path) -> bool:
    """Whether it is there and takes new folders, which only a trial tells: rights of Windows are not those that it shows."""
    try:
        new_folder(folder, ".rsvlm-trial-").rmdir()
    except OSError:
        return False
    return True

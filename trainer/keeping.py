"""Folders that are put in place whole: at no moment is half of one there."""

from __future__ import annotations

import shutil
from pathlib import Path

from rsvlm.protocol import moved


def put(part: Path, target: Path) -> None:
    """Move a whole folder to where another one may lie, which goes away."""
    put_back(target)
    old = _removed(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        moved(target, old)
    moved(part, target)
    shutil.rmtree(old, ignore_errors=True)


def put_copy(folder: Path, target: Path) -> None:
    """The same with a copy of a folder."""
    part = target.with_name(f"{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(folder, part)
    put(part, target)


def put_back(target: Path) -> None:
    """Where a process was killed between taking the old folder away and moving the new one in, the old one is there again."""
    old = _removed(target)
    if old.exists() and not target.exists():
        moved(old, target)


def _removed(target: Path) -> Path:
    return target.with_name(f".removed-{target.name}")

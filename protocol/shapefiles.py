"""Shapefiles replaced as one, though they are several files: both processes write them, and either mends what the other left.

What was there is kept whole in a hidden folder beside it until every part of the new one has its place, and meanwhile there is
no .shp. So whenever the program is killed, what is found is all of the old, all of the new, or no shapefile and the old one
whole in that folder; `restore_shapefiles` puts it back.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from .folders import passing_folder

SHAPEFILE_PARTS = (".shx", ".dbf", ".prj", ".cpg", ".qix", ".sbn", ".sbx", ".qpj", ".shp")  # the .shp last
_KEPT = ".rsvlm-previous-"


def shapefile_parts(path: Path) -> list[Path]:
    """All files that a shapefile may have, there or not; `path`, its .shp, last."""
    return [*(path.with_suffix(suffix) for suffix in SHAPEFILE_PARTS[:-1]), path]


def replace_shapefile(written: Path, target: Path) -> None:
    """Move all parts of `written`, in a hidden folder beside `target`, to those of `target`, whose other parts go.

    Call `restore_shapefiles` before. Raises OSError.
    """
    there = [part for part in shapefile_parts(target) if part.exists()]
    kept = target.with_name(_KEPT + target.name)
    if there:
        whole = written.with_name("previous")
        whole.mkdir()
        for part in there:
            _copy(part, whole / part.name)
        whole.rename(kept)
        try:
            target.unlink(missing_ok=True)
        except OSError:  # a program has it open, on Windows: it is whole, and nothing is to be put back
            kept.rename(whole)
            raise
    for source, part in zip(shapefile_parts(written), shapefile_parts(target)):
        if source.exists():
            os.replace(source, part)
        else:
            part.unlink(missing_ok=True)
    if there:
        kept.rename(whole)  # in one step it is no longer what is to be put back


def restore_shapefiles(folder: Path) -> None:
    """Put back what was being replaced in `folder` when a program was killed. Raises OSError."""
    for kept in folder.glob(f"{_KEPT}*"):
        target = folder / kept.name[len(_KEPT) :]
        target.unlink(missing_ok=True)
        for part in shapefile_parts(target):
            part.unlink(missing_ok=True)
            if (kept / part.name).exists():
                _copy(kept / part.name, part)
        with passing_folder(folder, ".rsvlm-") as gone:
            kept.rename(gone / kept.name)


def _copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links: FAT, some network drives
        shutil.copy2(source, target)

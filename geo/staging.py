"""Files written beside their place and renamed: whatever happens meanwhile, what was there is whole."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from rsvlm.protocol import RsvlmError, is_open, passing_folder, replace_shapefile, restore_shapefiles

_HERE = re.sub(r"[^A-Za-z0-9]", "", platform.node()) or "here"
_UNWRITTEN = (OSError, RasterioError, CPLE_BaseError, SystemError)  # rasterio.shutil.copy lets the last two through
_STAGE = re.compile(rf"\.rsvlm-{_HERE}-(\d+)-.*")


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """The path to write to, in a hidden folder next to `path`. All files there replace those of their names once the block ends
    well; a shapefile is replaced as one.

    Raises RsvlmError (bad_request) if they cannot be written.
    """
    try:
        _clear(path.parent)
        prefix = f".rsvlm-{_HERE}-{os.getpid()}-"
        with passing_folder(path.parent, prefix) as folder:
            yield folder / path.name
            if path.suffix.lower() == ".shp":
                replace_shapefile(folder / path.name, path)
            else:
                for file in folder.iterdir():
                    os.replace(file, path.parent / file.name)
    except _UNWRITTEN as error:
        if isinstance(error, OSError) and is_open(path, error):
            raise RsvlmError(
                "bad_request",
                f"The file {path} is open, perhaps as a layer of a QGIS project.",
                "Remove it from the project, or choose another name.",
            ) from error
        raise RsvlmError("bad_request", f"The file {path} cannot be written.", "Choose a place that can.") from error


def _clear(folder: Path) -> None:
    """Put back or remove what processes of this machine left that were killed while they wrote."""
    restore_shapefiles(folder)
    for left in folder.glob(".rsvlm-*"):
        stage = _STAGE.fullmatch(left.name)
        if stage and not psutil.pid_exists(int(stage[1])):
            shutil.rmtree(left, ignore_errors=True)

"""Files of pixels that belong to masks: a number for each class, and the probabilities they were cut from."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path
from typing import Any, Iterable, List, Mapping

from qgis.core import QgsFeedback

from ...protocol import RsvlmError
from ..layers import found
from ..layers.pixel_files import Burning, write_classes
from ..layers.record import Record
from ..layers.staging import staging
from ..layers.table import not_replaced
from ..translation import tr

SUFFIXES = (".tif", ".tiff")


def check_target(path: str, source: str) -> None:
    """Raises RsvlmError (bad_request) for a file that is no GeoTIFF, or is the raster itself."""
    if not path.lower().endswith(SUFFIXES):
        raise RsvlmError(
            "bad_request",
            tr("{path} would be a GeoTIFF.").format(path=path),
            tr("Choose a name that ends in {suffixes}.").format(suffixes=", ".join(SUFFIXES)),
        )
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(path, source):
        raise RsvlmError(
            "bad_request",
            tr("{path} is the raster that is looked at.").format(path=path),
            tr("Choose another name."),
        )


def write_mask(record: Record, path: str, feedback: QgsFeedback) -> None:
    """Whole, or what was there stays. Raises RsvlmError: unavailable, as `grid_of` and `write_classes` do, cancelled."""
    burning = Burning(record, found.features(record, found.fields()))
    try:
        with staging(Path(path).parent) as beside:
            written = beside / Path(path).name
            write_classes(written, burning, feedback)
            os.replace(written, path)
    except OSError as error:
        raise not_replaced(path, error) from error


def copy_probabilities(kept: Iterable[Mapping[str, Any]], path: str) -> List[str]:
    """One file for all classes; of each referring expression one of its own, with a number that is free; their paths.

    kept: "probabilities" of an answer. Raises RsvlmError (unavailable).
    """
    wanted, copies = Path(path), []
    numbers = count(2)
    for file in kept:
        target = wanted
        while copies and (target == wanted or target.exists()):
            target = wanted.with_name(f"{wanted.stem}-{next(numbers)}{wanted.suffix}")
        try:
            with staging(target.parent) as beside:
                shutil.copyfile(file["path"], beside / target.name)
                os.replace(beside / target.name, target)
        except OSError as error:
            raise not_replaced(str(target), error) from error
        copies.append(str(target))
    return copies

"""Files that an algorithm is to write, looked at before anything is asked: what nobody could keep is not begun."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import Dict, Optional

from qgis.core import QgsDataSourceUri, QgsProcessingAlgorithm, QgsProcessingContext

from ...protocol import RsvlmError
from ..layers.table import not_written
from ..translation import tr

OGR, PROVIDER = "ogr:", re.compile(r"\w{2,}:")  # C: is a drive


def check_destinations(
    algorithm: QgsProcessingAlgorithm, parameters: Dict[str, object], context: QgsProcessingContext
) -> None:
    """Raises RsvlmError: bad_request for two outputs in one file, unavailable for a folder that takes no file."""
    named: Dict[str, str] = {}
    for parameter in algorithm.destinationParameterDefinitions():
        path = file_of(algorithm.parameterAsFileOutput(parameters, parameter.name(), context))
        if path is None:
            continue
        other = named.setdefault(os.path.normcase(os.path.realpath(path)), parameter.description())
        if other != parameter.description():
            raise RsvlmError(
                "bad_request",
                tr("“{first}” and “{second}” would both be {path}.").format(
                    first=other, second=parameter.description(), path=path
                ),
                tr("Choose another name for one of them."),
            )
        _check_folder(path)


def file_of(destination: str) -> Optional[str]:
    """The path of a destination, None for layers in memory, tables of a server, and nothing."""
    if destination.startswith(OGR):
        return QgsDataSourceUri(destination[len(OGR) :]).database() or None
    return None if not destination or PROVIDER.match(destination) else destination


def _check_folder(path: str) -> None:
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise RsvlmError(
            "unavailable",
            tr("There is no folder {folder} for {name}.").format(folder=folder, name=Path(path).name),
            tr("Make that folder, or choose another one."),
        )
    try:
        with tempfile.TemporaryFile(dir=folder):  # permissions do not tell it on every system
            pass
    except OSError as error:
        raise not_written(path, error.strerror or "") from error

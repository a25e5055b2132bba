"""Pixels and the map: scenes, views, tiles and what they measure on the ground.

Knows rasters and coordinate systems; nothing of models, tasks, HTTP or Qt.
"""

import logging
import os
from configparser import RawConfigParser
from pathlib import Path

# Before anything here can start GDAL, which reads its limits once.
_LIMITS = Path(__file__).with_name("gdal.ini")
os.environ["GDAL_CONFIG_FILE"] = str(_LIMITS)
if not str(_LIMITS).isascii():
    # On Windows GDAL may not find that file: it takes the path's letters for UTF-8, which they are not in its environment.
    # Where it does, nothing in the environment counts.
    _ini = RawConfigParser(delimiters="=")
    _ini.optionxform = str  # type: ignore[assignment,method-assign] # names keep their capitals
    _ini.read(_LIMITS, "utf-8")
    os.environ.update(_ini["configoptions"])
# The list of drivers to leave out names more than any one build of GDAL has, and rasterio warns of each that is not there.
logging.getLogger("rasterio._env").addFilter(lambda record: "GDAL_SKIP" not in record.getMessage())

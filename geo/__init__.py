"""Pixels and the map: scenes, views, tiles and what they measure on the ground.

Knows rasters and coordinate systems; nothing of models, tasks, HTTP or Qt.
"""

import logging
import os
from pathlib import Path

# Before anything here can start GDAL, which reads its limits once.
os.environ["GDAL_CONFIG_FILE"] = str(Path(__file__).with_name("gdal.ini"))
# The list of drivers to leave out names more than any one build of GDAL has, and rasterio warns of each that is not there.
logging.getLogger("rasterio._env").addFilter(lambda record: "GDAL_SKIP" not in record.getMessage())

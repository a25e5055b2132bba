"""Write the demo project with QGIS itself: `QT_QPA_PLATFORM=offscreen python3 rsvlm_plugin/demo/project.py`.

Two dates of the generated village with their dates as temporal properties, the exact classes switched off below them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from osgeo import gdal
from qgis.core import (
    Qgis,
    QgsApplication,
    QgsDateTimeRange,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsReferencedRectangle,
)
from qgis.PyQt.QtCore import QDateTime, Qt

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "demo"
# file, name in the layer tree, visible
LAYERS = (
    ("after.tif", "Village after", True),
    ("before.tif", "Village before", False),
    ("after_classes.tif", "Classes after", False),
    ("before_classes.tif", "Classes before", False),
)


def build(path: Path) -> None:
    """Write the project to `path`; its layers are named by paths relative to it. Raises OSError where that fails."""
    project = QgsProject.instance()
    project.clear()
    project.setTitle("rsvlm demo")
    project.setFilePathStorage(Qgis.FilePathType.Relative)
    whole = QgsRectangle()
    for file, name, visible in LAYERS:
        layer = QgsRasterLayer(str(path.parent / file), name)
        if not layer.isValid():
            raise OSError(f"{path.parent / file} is missing or no raster")
        _set_date(layer)
        project.addMapLayer(layer, False)
        node = project.layerTreeRoot().addLayer(layer)
        node.setItemVisibilityChecked(visible)
        node.setExpanded(False)
        project.setCrs(layer.crs())
        whole.combineExtentWith(layer.extent())
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(whole, project.crs()))
    if not project.write(str(path)):
        raise OSError(project.error())


def _set_date(layer: QgsRasterLayer) -> None:
    written = str(layer.dataProvider().htmlMetadata())
    tag = written.partition("TIFFTAG_DATETIME=")[2][:19]
    moment = QDateTime.fromString(tag, "yyyy:MM:dd HH:mm:ss")
    if moment.isValid():
        day = QDateTime(moment.date().startOfDay(Qt.TimeSpec.UTC))
        layer.temporalProperties().setIsActive(True)
        layer.temporalProperties().setFixedTemporalRange(QgsDateTimeRange(day, day.addDays(1), True, False))


if __name__ == "__main__":
    gdal.SetConfigOption("GDAL_PAM_ENABLED", "NO")  # leave no statistics files beside the rasters
    application = QgsApplication([], False)
    application.initQgis()
    build(FOLDER / "demo.qgz")
    QgsProject.instance().clear()
    application.exitQgis()
    sys.exit(0)

"""A large layer is saved while QGIS goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from osgeo import ogr
from qgis.core import QgsFeature, QgsGeometry, QgsPointXY, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QDialogButtonBox

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))
MANY = 45_000


@pytest.fixture
def dialog(dock, demo, iface, wait, tmp_path):
    """To save round roofs of 33 vertices, the last of them an edit that is not saved."""
    from rsvlm.rsvlm_plugin.dock.export_dialog import ExportDialog

    layer = QgsVectorLayer("Polygon?crs=EPSG:32632&field=label:string", "roofs", "memory")
    roofs = [roof(layer, number) for number in range(MANY)]
    layer.dataProvider().addFeatures(roofs[:-1])
    layer.startEditing()
    layer.addFeature(roofs[-1])
    demo.addMapLayer(layer)
    wait(lambda: not iface.mapCanvas().isDrawing(), 60)
    made = ExportDialog(layer, iface)
    made.file.setFilePath(str(tmp_path / "roofs.gpkg"))
    made.show()
    yield made
    layer.rollBack()


def roof(layer: QgsVectorLayer, number: int) -> QgsFeature:
    made = QgsFeature(layer.fields())
    made.setAttributes([f"roof {number}"])
    centre = QgsPointXY(654_200 + 20 * (number % 300), 5_318_000 + 20 * (number // 300))
    made.setGeometry(QgsGeometry.fromPointXY(centre).buffer(7, 8))
    return made


def test_qgis_goes_on_while_a_large_layer_is_saved(dialog, heartbeat, wait, iface, tmp_path):
    from rsvlm.rsvlm_plugin.dock.export_task import ExportTask

    path = tmp_path / "roofs.gpkg"
    QTest.mouseClick(dialog.buttons.button(QDialogButtonBox.StandardButton.Save), Qt.MouseButton.LeftButton)
    (task,) = ExportTask.running
    wait(lambda: task.progress() > 40, 60)
    wait(lambda: not ExportTask.running, 120)
    assert heartbeat() < 250
    source = ogr.Open(str(path))
    assert source.GetLayer(0).GetFeatureCount() == MANY
    wait(lambda: any(str(path) in item.text() for item in iface.messageBar().items()))
    iface.mainWindow().grab().save(str(SHOTS / "export-done.png"))

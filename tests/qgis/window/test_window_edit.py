"""QGIS's own tools, used with the mouse on a layer of masks: its numbers are those of what is there, and undo takes both back."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsEditFormConfig,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProject,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QAction

SHOTS = Path(os.environ.get("RSVLM_WINDOW_SHOTS", "."))
LEFT, BOTTOM = 500_000.0, 4_999_000.0
SCALE = 0.9996  # of UTM in the middle of a zone
FIELDS = "field=label:string&field=area_m2:double&field=perimeter_m:double&field=count:integer"


@pytest.fixture
def masks(iface, plugin, demo, wait):
    """One square of 60 m, measured, in a map of 200 m; being edited."""
    from rsvlm.rsvlm_plugin.layers.results import RESULT_PROPERTY

    layer = QgsVectorLayer(f"MultiPolygon?crs=EPSG:32632&{FIELDS}", "lakes (masks)", "memory")
    row = QgsFeature(layer.fields())
    row.setAttributes(["lake", 3600 / SCALE**2, 240 / SCALE, 1])
    row.setGeometry(QgsGeometry.fromRect(QgsRectangle(LEFT, BOTTOM, LEFT + 60, BOTTOM + 60)).convertToType(2, True))
    layer.dataProvider().addFeatures([row])
    layer.updateExtents()
    layer.setCustomProperty(RESULT_PROPERTY, "key")
    form = layer.editFormConfig()
    form.setSuppress(QgsEditFormConfig.SuppressOn)
    layer.setEditFormConfig(form)
    canvas = iface.mapCanvas()
    QgsProject.instance().addMapLayer(layer)
    iface.setActiveLayer(layer)
    canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    canvas.setExtent(QgsRectangle(LEFT - 40, BOTTOM - 40, LEFT + 160, BOTTOM + 100))
    canvas.refresh()
    wait(lambda: not canvas.isDrawing())
    layer.startEditing()
    yield layer
    iface.actionPan().trigger()
    layer.rollBack()


def draw(iface, tool: str, *corners) -> None:
    """Left clicks at the corners, in metres from the lake's, then a right one."""
    iface.mainWindow().findChild(QAction, tool).trigger()
    canvas = iface.mapCanvas()
    to_pixel = canvas.getCoordinateTransform()
    places = [to_pixel.transform(QgsPointXY(LEFT + x, BOTTOM + y)).toQPointF().toPoint() for x, y in corners]
    for place in places:
        QTest.mouseMove(canvas.viewport(), place)
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.RightButton, pos=places[-1])


def numbers(layer: QgsVectorLayer) -> dict:
    return {item.id(): (item["area_m2"], item["perimeter_m"], item["count"]) for item in layer.getFeatures()}


def right(layer: QgsVectorLayer) -> bool:
    """Whether all numbers are those of the geometries."""
    for item in layer.getFeatures():
        shape = item.geometry()
        wanted = (shape.area() / SCALE**2, shape.length() / SCALE, 1)
        if (item["area_m2"], item["perimeter_m"], item["count"]) != pytest.approx(wanted, rel=1e-4):
            return False
    return True


def test_what_the_mouse_draws_splits_and_reshapes_is_measured_and_undone_with_its_step(masks, iface):
    before, (lake,) = numbers(masks), numbers(masks)
    states = [before]
    draw(iface, "mActionReshapeFeatures", (40, -10), (40, 70))
    assert masks.getFeature(lake).geometry().area() == pytest.approx(2400, rel=0.02) and right(masks)
    states.append(numbers(masks))
    draw(iface, "mActionSplitFeatures", (20, -10), (20, 70))
    assert masks.featureCount() == 2 and right(masks)
    states.append(numbers(masks))
    draw(iface, "mActionAddFeature", (80, 0), (130, 0), (130, 40), (80, 40))
    assert masks.featureCount() == 3 and right(masks)
    states.append(numbers(masks))
    masks.selectByIds([lake])
    iface.copySelectionToClipboard(masks)
    iface.pasteFromClipboard(masks)
    assert masks.featureCount() == 4 and right(masks)
    iface.mainWindow().grab().save(str(SHOTS / "edited_by_hand.png"))
    assert masks.undoStack().count() == 4
    for state in reversed(states):
        masks.undoStack().undo()
        assert numbers(masks) == state
    for _state in states:
        masks.undoStack().redo()
        assert right(masks)
    assert masks.featureCount() == 4

"""The place that the row means, whatever layer is current."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsFeature, QgsGeometry, QgsProject, QgsRectangle, QgsVectorLayer


def polygons(name: str, result: str = "") -> QgsVectorLayer:
    """A layer of one square; result: key of the answer it shows."""
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", name, "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(500_000, 5_000_000, 500_100, 5_000_100)))
    layer.dataProvider().addFeatures([feature])
    if result:
        layer.setCustomProperty("rsvlm/result", result)
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def row(qgis_new_project, qgis_iface, qgis_canvas):
    from rsvlm.rsvlm_plugin.dock.place_row import PlaceRow

    qgis_canvas.setDestinationCrs(QgsCoordinateReferenceSystem("EPSG:32632"))
    made = PlaceRow(qgis_iface)
    made.kind = "selection"
    yield made
    made.dispose()
    made.deleteLater()


def test_a_result_that_became_current_leaves_the_selection_to_the_layer_before(row, qgis_iface, qgis_canvas):
    from rsvlm.protocol import RsvlmError

    fields, other, found = polygons("fields"), polygons("other"), polygons("roofs", "key")
    qgis_canvas.setLayers([fields, other, found])
    fields.selectAll()
    qgis_iface.setActiveLayer(fields)
    assert row.place().name == "Selection in fields"
    qgis_iface.setActiveLayer(found)
    assert row.place().name == "Selection in fields"
    found.selectAll()
    assert row.place().name == "Selection in roofs"
    qgis_iface.setActiveLayer(other)
    with pytest.raises(RsvlmError, match="No polygon is selected"):
        row.place()


def test_another_project_forgets_whose_selection_was_meant(row, qgis_iface):
    from rsvlm.protocol import RsvlmError

    fields, found = polygons("fields"), polygons("roofs", "key")
    fields.selectAll()
    qgis_iface.setActiveLayer(fields)
    row.place()
    row.forget()
    row.kind = "selection"
    qgis_iface.setActiveLayer(found)
    with pytest.raises(RsvlmError, match="No polygon is selected"):
        row.place()

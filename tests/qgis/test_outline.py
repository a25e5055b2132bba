"""The outline of the drawn rectangle lies where it was drawn, whatever the map's CRS becomes."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsRectangle
from qgis.gui import QgsMapCanvas, QgsRubberBand

WGS84, MERCATOR = (QgsCoordinateReferenceSystem(f"EPSG:{code}") for code in (4326, 3857))


@pytest.fixture
def canvas(qgis_new_project):
    made = QgsMapCanvas()
    made.setDestinationCrs(WGS84)
    return made


def bands(canvas) -> list:
    """The boxes of what is shown, in the map's CRS."""
    shown = [item for item in canvas.scene().items() if isinstance(item, QgsRubberBand)]
    return [item.asGeometry().boundingBox() for item in shown]


def test_another_crs_of_the_map_moves_the_rectangle_until_it_is_cleared(canvas):
    from rsvlm.rsvlm_plugin.canvas.outline import Outline

    outline = Outline(canvas)
    outline.show(QgsGeometry.fromRect(QgsRectangle(9, 45, 10, 46)), WGS84)
    assert bands(canvas) == [QgsRectangle(9, 45, 10, 46)]
    canvas.setDestinationCrs(MERCATOR)
    (box,) = bands(canvas)
    assert (box.xMinimum(), box.yMinimum()) == pytest.approx((1_001_875.4, 5_621_521.5), abs=0.1)
    outline.clear()
    canvas.setDestinationCrs(WGS84)
    assert bands(canvas) == []


def test_nothing_is_left_on_the_map_when_the_dock_goes(canvas):
    from rsvlm.rsvlm_plugin.canvas.outline import Outline

    outline = Outline(canvas)
    outline.show(QgsGeometry.fromRect(QgsRectangle(9, 45, 10, 46)), WGS84)
    heard = canvas.receivers(canvas.destinationCrsChanged)
    outline.dispose()
    assert bands(canvas) == [] and canvas.receivers(canvas.destinationCrsChanged) == heard - 1

"""What was found so far is drawn on the map, where it lies, until it is cleared."""

from __future__ import annotations

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry, QgsProject, QgsRectangle
from qgis.gui import QgsMapCanvas

UTM, WGS84 = (QgsCoordinateReferenceSystem(f"EPSG:{code}") for code in (32632, 4326))
PARTS = "MULTIPOLYGON(((500000 5500000, 500040 5500000, 500040 5500040, 500000 5500000)), \
((500100 5500000, 500140 5500000, 500140 5500040, 500100 5500000)))"


@pytest.fixture
def preview(qgis_new_project):
    from rsvlm.rsvlm_plugin.canvas.preview import Preview

    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(UTM)
    made = Preview(canvas)
    yield made
    made.clear()


def drawn(preview) -> QgsGeometry:
    return preview._band.asGeometry() if preview._band is not None else QgsGeometry()


def parts(preview) -> int:
    shown = drawn(preview)
    return 0 if shown.isNull() else shown.constGet().partCount()


def test_sketches_are_drawn_together_and_cleared(preview, wait):
    square = QgsGeometry.fromRect(QgsRectangle(500_200, 5_500_000, 500_300, 5_500_100))
    preview.sketch(QgsGeometry.fromWkt(PARTS), UTM)
    assert preview.sketched
    wait(lambda: parts(preview) == 2)
    preview.sketch(square, UTM)
    wait(lambda: parts(preview) == 3)
    assert drawn(preview).area() == pytest.approx(2 * 800 + 10_000)
    band = preview._band
    preview.clear()
    assert band not in preview._canvas.scene().items() and not preview.sketched


def test_another_crs_of_the_map_moves_them(preview, wait):
    preview.sketch(QgsGeometry.fromWkt(PARTS), UTM)
    wait(lambda: parts(preview))
    preview._canvas.setDestinationCrs(WGS84)
    wait(lambda: parts(preview))
    box = drawn(preview).boundingBox()
    assert (box.xMinimum(), box.yMinimum()) == pytest.approx((9.0, 49.652543), abs=1e-6)
    assert preview.sketched and parts(preview) == 2


def test_they_leave_with_the_project(preview, wait):
    preview.sketch(QgsGeometry.fromWkt(PARTS), UTM)
    wait(lambda: parts(preview))
    QgsProject.instance().clear()
    assert preview._band is None


def test_no_more_are_drawn_than_a_map_can_be_moved_with(preview, wait):
    from rsvlm.rsvlm_plugin.canvas.preview import MOST

    many = QgsGeometry.collectGeometry(
        [QgsGeometry.fromRect(QgsRectangle(500_000 + 2 * n, 0, 500_001 + 2 * n, 1)) for n in range(MOST)]
    )
    preview.sketch(many, UTM)
    preview.sketch(QgsGeometry.fromWkt(PARTS), UTM)
    wait(lambda: parts(preview))
    assert parts(preview) == MOST

"""The dock beside a map: what it hears of it."""

from __future__ import annotations

import pytest
from qgis.core import QgsVectorLayer


@pytest.fixture
def dock(qgis_new_project, qgis_iface):
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.dock.dock import RsvlmDock

    backend = Backend()
    made = RsvlmDock(qgis_iface, backend)
    yield made
    made.dispose()
    made.deleteLater()
    backend.stop()


def test_a_layer_switched_off_makes_the_thumbnail_stale_before_the_map_is_drawn_anew(dock, qgis_canvas):
    layer = QgsVectorLayer("Polygon?crs=EPSG:32632", "fields", "memory")
    qgis_canvas.setLayers([layer])
    looking = dock.looking
    looking._active, looking._shown, looking._stale = True, object(), False
    assert looking.seen is not None
    qgis_canvas.setLayers([])
    assert looking.seen is None

"""Tools that take the map over for a while give it back to the one that the user had chosen."""

from __future__ import annotations

import pytest
from qgis.gui import QgsMapToolPan
from qgis.PyQt.QtCore import QCoreApplication, QEvent


@pytest.fixture
def tools(written, qgis_canvas):
    """What starts and stops each of them, by name."""
    from rsvlm.rsvlm_plugin.canvas.clicking import Clicking
    from rsvlm.rsvlm_plugin.canvas.rectangle import RectangleDrawing

    _made, layer = written
    clicking, drawing = Clicking(qgis_canvas), RectangleDrawing(qgis_canvas)
    yield {
        "click": (lambda: clicking.start(layer), clicking.stop),
        "draw": (drawing.start, drawing.stop),
    }
    clicking.stop()
    drawing.stop()


@pytest.mark.parametrize("order", [("click", "draw"), ("draw", "click"), ("click", "draw", "click"), ("draw",)])
@pytest.mark.parametrize("chosen", ["pan", "none", "gone"])
def test_the_tool_before_both_comes_back(tools, qgis_canvas, order, chosen):
    pan = QgsMapToolPan(qgis_canvas) if chosen != "none" else None
    if pan is None:
        qgis_canvas.unsetMapTool(qgis_canvas.mapTool())
    else:
        qgis_canvas.setMapTool(pan)
    for name in order:
        start, stop = tools[name]
        start()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if chosen == "gone":
        pan.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    stop()
    assert qgis_canvas.mapTool() is (pan if chosen == "pan" else None)

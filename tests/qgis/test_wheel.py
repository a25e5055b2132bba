"""Scrolling the dock changes nothing that it passes: no model, no layer, no threshold, which would cut masks again."""

from __future__ import annotations

import pytest
from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt.QtCore import QPoint, QPointF, Qt
from qgis.PyQt.QtGui import QWheelEvent
from qgis.PyQt.QtWidgets import QAbstractSlider, QAbstractSpinBox, QApplication, QComboBox, QWidget

TAKES_THE_WHEEL = (QAbstractSlider, QAbstractSpinBox, QComboBox)


@pytest.fixture
def dock(qgis_iface, qgis_new_project):
    """With a layer in its list, and the slider of masks among its rows."""
    from rsvlm.rsvlm_plugin.client import Backend
    from rsvlm.rsvlm_plugin.dock.dock import RsvlmDock
    from rsvlm.rsvlm_plugin.dock.refine_row import RefineRow

    for name in ("fields", "roads"):
        QgsProject.instance().addMapLayer(QgsVectorLayer("Polygon?crs=EPSG:32632", name, "memory"))
    made = RsvlmDock(qgis_iface, Backend())
    made.refine = RefineRow()
    made.refine.slider.setValue(10)
    made.refine._timer.stop()
    made._scroll.widget().layout().addWidget(made.refine)
    made.show()
    yield made
    made.dispose()
    made.deleteLater()


def turned_over(widget: QWidget) -> bool:
    """Whether the widget keeps a turn of the wheel to itself."""
    place = QPointF(5, 5)
    event = QWheelEvent(place, QPointF(widget.mapToGlobal(place.toPoint())), QPoint(), QPoint(0, -120),
                        Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase,
                        False)  # fmt: skip
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def test_the_wheel_scrolls_the_dock_and_changes_nothing_in_it(dock):
    every = [item for kind in TAKES_THE_WHEEL for item in dock._scroll.widget().findChildren(kind)]
    every = [item for item in every if item.metaObject().className() != "QScrollBar"]
    assert {dock.style_choice, dock.find_row.kind_choice, dock.model_choice, dock.refine.slider} < set(every)
    before = [item.value() if isinstance(item, QAbstractSlider) else item.currentIndex() for item in every]
    taken = [item.objectName() or type(item).__name__ for item in every if turned_over(item)]
    after = [item.value() if isinstance(item, QAbstractSlider) else item.currentIndex() for item in every]
    assert (taken, after) == ([], before) and not dock.refine._timer.isActive()
    assert not any(item.focusPolicy() == Qt.FocusPolicy.WheelFocus for item in every)


def test_the_wheel_moves_the_slider_that_the_user_has_gone_into(dock, wait):
    slider = dock.refine.slider
    dock.activateWindow()
    slider.setFocus()
    wait(slider.hasFocus)
    assert turned_over(slider) and slider.value() != 10

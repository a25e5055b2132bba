"""The mouse wheel scrolls the dock: what it passes on the way changes only where the user has gone into it before."""

from __future__ import annotations

from qgis.PyQt.QtCore import QEvent, QObject, Qt
from qgis.PyQt.QtWidgets import QWidget


def leave_to_scrolling(widget: QWidget) -> None:
    """Have a list, a slider or a box of numbers take the wheel only with the focus, and the wheel not give it."""
    widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    widget.installEventFilter(_Wheel(widget))


class _Wheel(QObject):
    """Child of the widget that it watches."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if event.type() != QEvent.Type.Wheel or self.parent().hasFocus():
            return False
        event.ignore()  # it goes on to what the widget lies in
        return True

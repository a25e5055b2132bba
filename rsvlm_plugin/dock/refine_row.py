"""The row of a card that makes masks better: a threshold that cuts them again, and a click that rejects one."""

from __future__ import annotations

from typing import Optional

from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QWidget

from ..layers.record import Record
from ..translation import tr
from . import figures, icons
from .recutting import can_be_recut, threshold

STEPS = 20  # of probability from 0 to 1
WAIT_MS = 400  # after the last step of the slider


class RefineRow(QWidget):
    """Emits `threshold_asked` once the slider rests, `reject_asked` when clicks are to reject, or no more."""

    threshold_asked = pyqtSignal(float)
    reject_asked = pyqtSignal(bool)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setObjectName("rsvlm_threshold")
        self.slider.setRange(1, STEPS - 1)
        self.slider.setPageStep(2)
        self.slider.setAccessibleName(tr("Threshold"))
        self.slider.setToolTip(
            tr("The probability from which on a pixel belongs to a mask; no second run of the model")
        )
        self.slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.slider.valueChanged.connect(self._moved)
        self._words = QLabel()
        self.reject = QToolButton()
        self.reject.setObjectName("rsvlm_reject")
        self.reject.setText(tr("Reject"))
        self.reject.setToolTip(tr("Click on the map to take a feature away; Edit ▸ Undo brings it back"))
        self.reject.setIcon(icons.theme("mActionDeletePart"))
        self.reject.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.reject.setAutoRaise(True)
        self.reject.setCheckable(True)
        self.reject.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.reject.toggled.connect(self.reject_asked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(lambda: self.threshold_asked.emit(self.slider.value() / STEPS))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._words)
        row.addWidget(self.slider, 1)
        row.addWidget(self.reject)

    def show_record(self, record: Record) -> None:
        """Offer what can be done to the layer of this record."""
        self.slider.blockSignals(True)
        self.slider.setValue(round(threshold(record) * STEPS))
        self.slider.blockSignals(False)
        self._tell()
        self.setVisible(bool(record.file))
        for part in (self.slider, self._words):
            part.setVisible(can_be_recut(record))

    def _moved(self, _value: int) -> None:
        self._tell()
        self._timer.start()

    def _tell(self) -> None:
        self._words.setText(tr("Threshold {value}").format(value=figures.number(self.slider.value() / STEPS, 2)))

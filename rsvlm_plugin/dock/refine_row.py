"""The part of a card that makes masks better: a threshold cuts them again, clicks add and reject, all become training records."""

from __future__ import annotations

from functools import partial
from typing import Optional

from qgis.PyQt.QtCore import Qt, QTimer, pyqtSignal
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout, QWidget

from ..layers.record import Record
from ..translation import tr
from . import figures, icons
from .adding import can_be_added_to
from .recutting import can_be_recut, threshold
from .wheel import leave_to_scrolling

STEPS = 20  # of probability from 0 to 1
WAIT_MS = 400  # after the last step of the slider


class RefineRow(QWidget):
    """Emits `threshold_asked` once the slider rests, `clicks_asked` when clicks are to "add" or "reject", or no more, and
    `learn_asked`. clicks: the buttons for that, by what clicks do.
    """

    threshold_asked = pyqtSignal(float)
    clicks_asked = pyqtSignal(str, bool)
    learn_asked = pyqtSignal()

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
        leave_to_scrolling(self.slider)
        self._words = QLabel()
        tip = tr("Click on the map where something is missing to have it outlined; Edit ▸ Undo takes it back")
        self.add = _button("add", tr("Add"), tip, "mActionAddPart")
        tip = tr("Click on the map to take a feature away; Edit ▸ Undo brings it back")
        self.reject = _button("reject", tr("Reject"), tip, "mActionDeletePart")
        self.clicks = {"add": self.add, "reject": self.reject}
        for what, button in self.clicks.items():
            button.setCheckable(True)
            button.toggled.connect(partial(self.clicks_asked.emit, what))
        tip = tr("Keep the layer as it is now, with your corrections, as training records")
        self.learn = _button("learn", tr("Keep for Training"), tip, "mActionFileSave")
        self.learn.clicked.connect(self.learn_asked)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(WAIT_MS)
        self._timer.timeout.connect(lambda: self.threshold_asked.emit(self.slider.value() / STEPS))
        cutting, correcting = QHBoxLayout(), QHBoxLayout()
        cutting.addWidget(self._words)
        cutting.addWidget(self.slider, 1)
        correcting.addWidget(self.add)
        correcting.addWidget(self.reject)
        correcting.addStretch(1)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(2)
        rows.addLayout(cutting)
        rows.addLayout(correcting)
        rows.addWidget(self.learn)

    def show_record(self, record: Record) -> None:
        """Offer what can be done to the layer of this record."""
        if not self._timer.isActive():  # else the user has just moved it, and is about to ask
            self.slider.blockSignals(True)
            self.slider.setValue(round(threshold(record) * STEPS))
            self.slider.blockSignals(False)
            self._tell()
        self.setVisible(bool(record.file))
        for part in (self.slider, self._words):
            part.setVisible(can_be_recut(record))
        self.add.setVisible(can_be_added_to(record))

    def _moved(self, _value: int) -> None:
        self._tell()
        self._timer.start()

    def _tell(self) -> None:
        self._words.setText(tr("Threshold {value}").format(value=figures.number(self.slider.value() / STEPS, 2)))


def _button(name: str, words: str, tip: str, icon: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(f"rsvlm_{name}")
    button.setText(words)
    button.setToolTip(tip)
    button.setIcon(icons.theme(icon))
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    button.setAutoRaise(True)
    button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return button

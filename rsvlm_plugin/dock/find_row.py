"""The row that asks for masks or boxes of what phrases name."""

from __future__ import annotations

from typing import List, Optional

from qgis.PyQt.QtCore import QEvent, QObject, Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QToolButton, QWidget

from ...protocol import RsvlmError
from ..layers.found import KINDS
from ..phrases import split_phrases
from ..translation import tr
from . import icons
from .wheel import leave_to_scrolling


class FindRow(QWidget):
    """Emits `asked` with the phrases. Enter asks; the up and down keys go through what was asked before."""

    asked = pyqtSignal(list)

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._earlier: List[str] = []
        self._shown = 0
        self._build()

    def _build(self) -> None:
        self.edit = QLineEdit()
        self.edit.setObjectName("rsvlm_phrases")
        self.edit.setPlaceholderText(tr("Buildings, lakes"))
        self.edit.setAccessibleName(tr("What to look for"))
        self.edit.setClearButtonEnabled(True)
        self.edit.setMinimumWidth(80)
        self.edit.returnPressed.connect(self.ask)
        self.edit.installEventFilter(self)
        self.kind_choice = QComboBox()
        self.kind_choice.setObjectName("rsvlm_kind")
        self.kind_choice.setAccessibleName(tr("Masks or boxes"))
        words = {"masks": tr("Masks"), "boxes": tr("Boxes")}
        tips = {"masks": tr("Outlines along the edges of things"), "boxes": tr("A rectangle around each thing")}
        for kind in KINDS:
            self.kind_choice.addItem(words[kind], kind)
            self.kind_choice.setItemData(self.kind_choice.count() - 1, tips[kind], Qt.ItemDataRole.ToolTipRole)
        self.kind_choice.currentIndexChanged.connect(self._show_options)
        leave_to_scrolling(self.kind_choice)
        self.button = QToolButton()
        self.button.setObjectName("rsvlm_find")
        self.button.setText(tr("Find"))
        self.button.setIcon(icons.own("find"))
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.clicked.connect(self.ask)
        menu = QMenu(self.button)
        self.squared = menu.addAction("")
        self.squared.setCheckable(True)
        self.button.setMenu(menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.edit, 1)
        row.addWidget(self.kind_choice)
        row.addWidget(self.button)
        self._show_options()
        self.show_able(None)

    @property
    def kind(self) -> str:
        """What is to be drawn: one of found.KINDS."""
        return str(self.kind_choice.currentData())

    def ask(self) -> None:
        """Look for what the row says; nothing where it says nothing."""
        text = self.edit.text().strip()
        phrases = split_phrases(text)
        if not phrases or not self.button.isEnabled():
            self.edit.setFocus()
            return
        if text in self._earlier:
            self._earlier.remove(text)
        self._earlier.append(text)
        self._shown = len(self._earlier)
        self.edit.setCursorPosition(0)
        self.asked.emit(phrases)

    def show_able(self, error: Optional[RsvlmError]) -> None:
        """Whether the model can do this: None, or why it cannot."""
        self.button.setEnabled(error is None)
        tip = tr("Find them and draw them as a layer") if error is None else f"{error.message} {error.hint}"
        self.button.setToolTip(tip)
        several = tr("Several with commas; with semicolons where a phrase has a comma in it.")
        self.edit.setToolTip(several if error is None else tip)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 (Qt's name)
        if watched is self.edit and event.type() == QEvent.Type.KeyPress and self._recall(event):
            return True
        return super().eventFilter(watched, event)

    def _recall(self, event: QKeyEvent) -> bool:
        """Whether the key went to an earlier or a later question."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(event.key(), 0)
        if not step or not self._earlier:
            return False
        self._shown = min(max(0, self._shown + step), len(self._earlier))
        self.edit.setText(self._earlier[self._shown] if self._shown < len(self._earlier) else "")
        return True

    def _show_options(self, _index: int = 0) -> None:
        masks = self.kind == "masks"
        self.squared.setText(tr("Right angles, as buildings have") if masks else tr("Boxes turned with the things"))

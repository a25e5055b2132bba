"""The editor in an answer's card, for words that are to be put right and kept as a training record."""

from __future__ import annotations

from typing import List, Optional

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QKeyEvent, QTextCursor
from qgis.PyQt.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from ..translation import tr

LINES = (3, 12)  # that are seen, at least and at most


class Words(QPlainTextEdit):
    """Enter with Ctrl keeps them, Esc leaves them."""

    kept = pyqtSignal()
    left = pyqtSignal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.kept.emit()
        else:
            super().keyPressEvent(event)


class Editor(QWidget):
    """`kept` with other words than before, or `left`."""

    kept = pyqtSignal(str)
    left = pyqtSignal()

    def __init__(self, words: str, file: str, parent: Optional[QWidget] = None) -> None:
        """file: where they will be kept."""
        super().__init__(parent)
        self._before = words.strip()
        self.words = Words(words)
        self.words.setObjectName("rsvlm_correction")
        self.words.setAccessibleName(tr("Corrected words"))
        self.words.setTabChangesFocus(True)
        self.words.moveCursor(QTextCursor.MoveOperation.End)
        lines = max(LINES[0], min(LINES[1], 1 + len(words) // 40 + words.count("\n")))
        self.words.setFixedHeight(lines * self.words.fontMetrics().lineSpacing() + 12)
        self.keep_button = QPushButton(tr("Keep as Training Record"))
        self.keep_button.setObjectName("rsvlm_keep_correction")
        self.keep_button.setToolTip(tr("Keep the corrected words (Ctrl+Enter) in {path}").format(path=file))
        self.leave_button = QPushButton(tr("Cancel"))
        self.leave_button.setToolTip(tr("Leave the words as they were (Esc)"))
        self.note = QLabel(tr("Models can be trained on what you correct. The image is referred to, not copied."))
        self.note.setWordWrap(True)
        small = self.note.font()
        small.setPointSizeF(0.9 * small.pointSizeF())
        self.note.setFont(small)
        row = QHBoxLayout()
        row.addWidget(self.keep_button)
        row.addWidget(self.leave_button)
        row.addStretch(1)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.words)
        box.addWidget(self.note)
        box.addLayout(row)
        self.words.textChanged.connect(self._changed)
        self.words.kept.connect(self._keep)
        self.words.left.connect(self.left)
        self.keep_button.clicked.connect(self._keep)
        self.leave_button.clicked.connect(self.left)
        self._changed()

    def tab_stops(self) -> List[QWidget]:
        """In the order in which they are read."""
        return [self.words, self.keep_button, self.leave_button]

    def _text(self) -> str:
        return self.words.toPlainText().strip()

    def _changed(self) -> None:
        self.keep_button.setEnabled(bool(self._text()) and self._text() != self._before)

    def _keep(self) -> None:
        if self.keep_button.isEnabled():
            self.kept.emit(self._text())

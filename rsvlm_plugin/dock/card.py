"""One answer in the dock: words as they come, then what one can do with them."""

from __future__ import annotations

from html import escape
from typing import Dict, List, Optional

from qgis.core import QgsVectorLayer
from qgis.PyQt.QtCore import QEvent, QSize, Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ..layers.correcting import can_be_corrected
from ..layers.record import Record
from ..layers.tally import Held, Tally
from ..translation import tr
from . import evidence_lines, icons, provenance
from .correction import Editor
from .dragging import DragOut
from .refine_row import RefineRow


class Card(QFrame):
    """Running at first: `say`, `report`. Then `finish` with a Record. The signals ask for what only the dock can do."""

    stop_asked = pyqtSignal()
    zoom_asked = pyqtSignal()
    layer_asked = pyqtSignal()
    drag_refused = pyqtSignal(object)  # RsvlmError
    copy_asked = pyqtSignal()
    save_asked = pyqtSignal()
    correct_asked = pyqtSignal()
    remove_asked = pyqtSignal()
    evidence_asked = pyqtSignal(int)

    def __init__(self, name: str, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.record: Optional[Record] = None
        self.editor: Optional[Editor] = None
        self._tally: Optional[Tally] = None
        self.setObjectName("rsvlm_card")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._words = ""
        self._title = _label(name)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self.text = _label("")
        self.text.setObjectName("rsvlm_answer")
        self.text.setAccessibleName(tr("Answer"))
        self._warnings = _label("")
        self._warnings.setObjectName("rsvlm_warnings")
        self._evidence = _label("")
        self._evidence.setObjectName("rsvlm_evidence")
        self._evidence.setTextFormat(Qt.TextFormat.RichText)
        self._evidence.setTextInteractionFlags(
            Qt.TextInteractionFlag.LinksAccessibleByMouse | Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        )
        self._evidence.linkActivated.connect(lambda link: self.evidence_asked.emit(int(link)))
        self.refine = RefineRow()
        self._origin = _label("")
        small = self._origin.font()
        small.setPointSizeF(0.9 * small.pointSizeF())
        self._origin.setFont(small)
        self._details = _label("")
        self._details.setMinimumWidth(1)  # a long file name must not make the dock wider
        self._details.setTextFormat(Qt.TextFormat.RichText)
        self._build()
        for part in (self._warnings, self._evidence, self.refine, self._origin, self._details, self._actions):
            part.hide()

    def _build(self) -> None:
        self._bar = QProgressBar()
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self._bar.setAccessibleName(tr("Progress"))
        self._note = _label("")
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.stop = self._button(tr("Stop"), tr("Stop (Esc); what has been said is kept"), icons.own("stop"), "stop")
        self.stop.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.stop.clicked.connect(self.stop_asked)
        self._running = QWidget()
        running = QHBoxLayout(self._running)
        running.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout()
        column.addWidget(self._bar)
        column.addWidget(self._note)
        running.addLayout(column, 1)
        running.addWidget(self.stop)
        self._actions = QWidget()
        actions = QHBoxLayout(self._actions)
        actions.setContentsMargins(0, 0, 0, 0)
        actions.setSpacing(2)
        for key, label, tip, icon, signal in (
            ("zoom", tr("Zoom"), tr("Zoom to the place"), icons.theme("mActionZoomToLayer"), self.zoom_asked),
            ("layer", tr("Layer"), tr("Open as a layer"), icons.own("layer"), self.layer_asked),
            ("copy", tr("Copy"), tr("Copy the words"), icons.theme("mActionEditCopy"), self.copy_asked),
            ("save", tr("Save as…"), tr("Save as a file…"), icons.theme("mActionFileSaveAs"), self.save_asked),
            (
                "correct",
                tr("Correct…"),
                tr("Put the words right and keep them as a training record…"),
                icons.theme("mActionToggleEditing"),
                self.correct_asked,
            ),
        ):
            button = self._button(label, tip, icon, key)
            button.clicked.connect(signal)
            actions.addWidget(button)
        self.details_button = self._button(
            tr("Details"), tr("How this answer came to be"), icons.own("details"), "details"
        )
        self.details_button.setCheckable(True)
        self.details_button.toggled.connect(self._details.setVisible)
        actions.addWidget(self.details_button)
        drag = DragOut(self._actions.findChild(QToolButton, "rsvlm_card_layer"), self._dragged)
        drag.refused.connect(self.drag_refused)
        actions.addStretch(1)
        remove = self._button(tr("Remove"), tr("Remove this answer"), icons.theme("mActionDeleteSelected"), "remove")
        remove.clicked.connect(self.remove_asked)
        actions.addWidget(remove)
        box = QVBoxLayout(self)
        for widget in (
            self._title,
            self.text,
            self._warnings,
            self._evidence,
            self.refine,
            self._running,
            self._origin,
            self._actions,
            self._details,
        ):
            box.addWidget(widget)

    def _dragged(self) -> Optional[Record]:
        return self.record if self.record is not None and self.record.file else None

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 (Qt's name)
        super().changeEvent(event)
        themed = event.type() in (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)
        if themed and self.record is not None:
            self._show_evidence(self.record)

    def tab_stops(self) -> List[QWidget]:
        """What the tab key stops at, in the order in which it is read."""
        editing = self.editor.tab_stops() if self.editor is not None else []
        refining = [self.refine.slider, self.refine.add, self.refine.reject, self.refine.learn]
        return [*editing, self._evidence, *refining, self.stop, *self._actions.findChildren(QToolButton)]

    def say(self, delta: str) -> None:
        """More words."""
        self._words += delta
        self.text.setText(self._words)

    def report(self, done: int, total: int, note: str) -> None:
        """How far it is and what is being done."""
        self._bar.setRange(0, max(total, 0))
        self._bar.setValue(done)
        self._note.setText(note)

    def edit(self, editor: Editor) -> None:
        """Show the editor in place of the words, until it is left."""
        self.editor = editor
        self.text.hide()
        self.layout().insertWidget(self.layout().indexOf(self.text), editor)
        editor.left.connect(self.leave_editor)
        editor.words.setFocus()

    def leave_editor(self) -> None:
        """Show the words again."""
        editor, self.editor = self.editor, None
        if editor is not None:
            self.layout().removeWidget(editor)
            editor.hide()
            editor.deleteLater()
        self.text.show()

    def finish(self, record: Record) -> None:
        """The answer is complete, or all there will be of it."""
        self.record = record
        self._running.hide()
        self._actions.show()
        answer = record.answer
        self._title.setText(record.title)
        self.text.setText(answer.text)
        self.text.setHidden(bool(record.phrases))  # the lines below say it, with a way to the place
        self._fill(self._warnings, "\n".join(f"⚠ {warning}" for warning in answer.warnings))
        self._show_evidence(record)
        self.refine.show_record(record)
        self._actions.findChild(QToolButton, "rsvlm_card_correct").setVisible(can_be_corrected(record))
        partial = tr("partial") if answer.partial else ""
        corrected = tr("corrected") if answer.provenance.get("corrected") else ""
        model = str(answer.provenance.get("model") or "")
        origin = (
            partial,
            corrected,
            model,
            provenance.device(answer.provenance.get("device")),
            provenance.seconds(record),
            provenance.when(record),
        )
        self._fill(self._origin, " · ".join(part for part in origin if part))
        table = "".join(
            f"<tr><td valign='top'><i>{escape(what)}</i>&nbsp;</td><td>{escape(value)}</td></tr>"
            for what, value in provenance.rows(record)
        )
        self._details.setText(f"<table>{table}</table>")

    @property
    def counted(self) -> bool:
        """Whether a layer of the project is being counted for this card."""
        return self._tally is not None and not self._tally.gone

    @property
    def held(self) -> Optional[Dict[str, Held]]:
        """What the layer holds by now, by label; None where nobody knows."""
        return self._tally.held if self._tally is not None else None

    def count(self, layer: QgsVectorLayer) -> None:
        """From now on tell what this layer holds, the one of the card's masks or boxes."""
        self._tally = Tally(layer, self)
        self._tally.changed.connect(self._recounted)

    def _recounted(self) -> None:
        if self.record is not None:
            self._show_evidence(self.record)

    def _show_evidence(self, record: Record) -> None:
        # QGIS's dark themes leave links in a blue that cannot be read: they take the colour of the text.
        colour = self._evidence.palette().color(self._evidence.foregroundRole()).name()
        text = evidence_lines.lines(record, colour, self.held)
        if text != self._evidence.text():
            self._fill(self._evidence, text)

    def _button(self, label: str, tip: str, icon: QIcon, key: str) -> QToolButton:
        button = QToolButton()
        button.setText(label)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setIcon(icon)
        button.setIconSize(QSize(16, 16))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        button.setObjectName(f"rsvlm_card_{key}")
        return button

    def _fill(self, label: QLabel, text: str) -> None:
        label.setText(text)
        label.setVisible(bool(text))


def _label(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setTextInteractionFlags(
        Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
    )
    label.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    return label

"""The answers under the button, newest first: the one that was just asked for stays beside what it was asked with."""

from __future__ import annotations

from typing import List, Optional

from qgis.core import QgsGeometry, QgsProject, QgsVectorLayer
from qgis.gui import QgisInterface
from qgis.PyQt.QtCore import pyqtSignal
from qgis.PyQt.QtWidgets import QApplication, QVBoxLayout, QWidget

from ...protocol import RsvlmError
from ..canvas.outline import flash, zoom
from ..layers import correcting, export, found_group, results
from ..layers.corrections import FILE
from ..layers.found_file import is_beside
from ..layers.record import Record
from ..translation import tr
from .card import Card
from .correction import Editor
from .evidence_lines import edited, shown
from .export_dialog import ExportDialog
from .keep_task import keep_in_background
from .report import Report
from .saved import SavedAnswers

MOST_FLASHED = 1000


class Answers(QWidget):
    """The cards and what they do; each change is stored in the project.

    threshold_asked, clicks_asked: a card and what is wanted of its masks.
    """

    threshold_asked = pyqtSignal(object, float)
    clicks_asked = pyqtSignal(object, str, bool)

    def __init__(
        self, iface: QgisInterface, report: Report, tab_after: QWidget, parent: Optional[QWidget] = None
    ) -> None:
        """tab_after: from where the tab key comes into the newest card."""
        super().__init__(parent)
        self._tab_after = tab_after
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._report = report
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.cards: List[Card] = []
        self._saved = SavedAnswers(self)
        self._saved.opened.connect(self.restore)
        self._saved.closed.connect(self._clear)
        self._saved.saving.connect(self._store_anew)
        QgsProject.instance().layersAdded.connect(self._count)

    def begin(self, name: str) -> Card:
        """A new card for an answer on its way, above the others."""
        card = Card(name)
        self._box.insertWidget(0, card)
        self.cards.insert(0, card)
        self._arrange_tabs()
        return card

    def keep(self, card: Card, record: Record) -> None:
        """The answer is there: show it and store it."""
        self._finish(card, record)
        self._store()

    def refresh(self, record: Record) -> None:
        """The record may have another answer now."""
        for card in self.cards:
            if card.record is record:
                card.finish(record)
                self._store()

    def drop(self, card: Card) -> None:
        """Take a card away; its answer, if it had one, leaves the project."""
        self.cards.remove(card)
        self._box.removeWidget(card)
        card.deleteLater()
        if card.record is not None:
            self._store()

    def restore(self) -> None:
        """Show the answers of the project that is open now."""
        self._clear()
        for record in reversed(self._saved.load()):
            self._finish(self.begin(record.name), record)

    def open_layer(self, record: Record) -> Optional[QgsVectorLayer]:
        """The answer as a layer of the map; that of masks or boxes is there already unless it was removed."""
        try:
            if not record.file:
                return results.add_to_project(record)
            layer = found_group.found_layer(record) or found_group.add_found(record)
            self._iface.setActiveLayer(layer)
            return layer
        except RsvlmError as error:
            self._report.error(error)
            return None

    def show_found(self, record: Record) -> None:
        """Add the layers of masks or boxes to the project, and say where their file is."""
        try:
            self._iface.setActiveLayer(found_group.add_found(record))
        except RsvlmError as error:
            self._report.error(error)
            return
        if is_beside(record.file, QgsProject.instance()):
            told = tr("The layer is in {path}.")
        else:
            told = tr(
                "No file can be beside the project, so the layer is in a temporary one: {path}. Save as… keeps it."
            )
        self._report.news(told.format(path=record.file))

    def save(self, record: Record, path: str, replace: bool = False) -> bool:
        """Write the answer to a file and tell the user; False (and why) where that fails."""
        try:
            notes = export.save(record, path, replace)
        except RsvlmError as error:
            self._report.error(error)
            return False
        self._report.news(" ".join([tr("Saved as {path}.").format(path=path), *notes]))
        return True

    def correct(self, card: Card, record: Record, words: str) -> None:
        """Keep the answer with these words as a training record, show them and store them."""
        try:
            path, count = correcting.keep(record, words)
        except RsvlmError as error:
            self._report.error(error)
            return
        card.leave_editor()
        card.finish(record)
        self._store()
        self._report.news(tr("Kept in {path}, with %n training records now.", count).format(path=path))

    def dispose(self) -> None:
        """Let go of the project."""
        QgsProject.instance().layersAdded.disconnect(self._count)
        self._saved.dispose()

    def _count(self, _layers: object = None) -> None:
        """Have each card tell what its layer holds, where the project has it."""
        for card in self.cards:
            layer = None
            if card.record is not None and card.record.file and not card.counted:
                layer = found_group.found_layer(card.record)
            if layer is not None:
                card.count(layer)

    def _finish(self, card: Card, record: Record) -> None:
        card.finish(record)
        self._count()
        card.zoom_asked.connect(lambda: self._to_map(lambda: zoom(self._canvas, record.footprint(), record.answer_crs)))
        card.layer_asked.connect(lambda: self.open_layer(record))
        card.drag_refused.connect(lambda error: self._report.error(error))
        card.copy_asked.connect(lambda: QApplication.clipboard().setText(record.answer.text))
        card.save_asked.connect(lambda: self._save_as(record))
        card.correct_asked.connect(lambda: self._edit(card, record))
        card.remove_asked.connect(lambda: self.drop(card))
        card.refine.threshold_asked.connect(lambda likely: self.threshold_asked.emit(card, likely))
        card.refine.learn_asked.connect(lambda: self._keep_masks(record))
        card.refine.clicks_asked.connect(lambda what, wanted: self.clicks_asked.emit(card, what, wanted))
        card.evidence_asked.connect(lambda index: self._to_map(lambda: self._flash_evidence(card, record, index)))

    def _edit(self, card: Card, record: Record) -> None:
        if card.editor is not None:
            card.editor.words.setFocus()
            return
        editor = Editor(record.answer.text, str(correcting.corrections_folder() / FILE))
        editor.kept.connect(lambda words: self.correct(card, record, words))
        card.edit(editor)
        self._arrange_tabs()

    def _keep_masks(self, record: Record) -> None:
        """The layer as the user left it, as training records."""
        try:
            keep_in_background(record, found_group.opened(record), self._iface.messageBar())
        except RsvlmError as error:
            self._report.error(error)

    def _flash_evidence(self, card: Card, record: Record, index: int) -> None:
        """Light up one tile, or go to all masks or boxes of one label."""
        item = shown(record, card.held)[index]
        if not record.phrases:
            flash(self._canvas, record.placed(item.geometry), record.answer_crs)
            return
        layer = found_group.found_layer(record)
        if layer is not None and edited(record, item):
            zoom(self._canvas, QgsGeometry.fromRect(found_group.box_of(layer, item.label)), layer.crs())
        else:
            zoom(self._canvas, record.placed(item.geometry), record.answer_crs)
        if layer is not None:
            self._canvas.flashFeatureIds(layer, found_group.labelled(layer, item.label, MOST_FLASHED))

    def _to_map(self, show) -> None:
        try:
            show()
        except RsvlmError as error:
            self._report.error(error)

    def _save_as(self, record: Record) -> None:
        try:
            layer = found_group.opened(record) if record.file else results.answer_layer(record)
        except RsvlmError as error:
            self._report.error(error)
            return
        ExportDialog(layer, self._iface).show()

    def _store(self) -> None:
        self._saved.store([card.record for card in self.cards if card.record is not None])

    def _store_anew(self) -> None:
        if any(card.record is not None for card in self.cards):
            self._store()

    def _arrange_tabs(self) -> None:
        """The tab key goes through the cards from top to bottom, not in the order in which they were made."""
        before = self._tab_after
        for card in self.cards:
            for stop in card.tab_stops():
                QWidget.setTabOrder(before, stop)
                before = stop

    def _clear(self) -> None:
        for card in self.cards:
            self._box.removeWidget(card)
            card.deleteLater()
        self.cards = []

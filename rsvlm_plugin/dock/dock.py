"""The dock: puts the rows together and carries a click from the place to the answer card."""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Optional

from qgis.core import QgsMapLayer, QgsProject
from qgis.gui import QgisInterface, QgsDockWidget
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QKeyEvent
from qgis.PyQt.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ...protocol import STYLES, Evidence, RsvlmError
from ..canvas.outline import flash
from ..canvas.preview import Preview
from ..client import Backend, BackendState
from ..layers.geometry import crs_from_text, from_geojson
from ..layers.place import Place
from ..layers.record import Record
from ..settings.options import PAGE
from ..settings.store import Settings
from ..translation import tr
from . import icons, provenance
from .answers import Answers
from .asking import Asking
from .card import Card
from .describing import Describing
from .find_row import FindRow
from .finding import TASKS, Finding
from .looking import Looking
from .model_choice import Chosen, ModelChoice
from .place_row import PlaceRow
from .refining import Refining
from .report import Report
from .status_line import NARROWEST, StatusLine
from .thumbnail import Thumbnail
from .wheel import leave_to_scrolling


class RsvlmDock(QgsDockWidget):
    """Where, what the model will see, Describe Extent, Find, the answers, the status line."""

    def __init__(self, iface: QgisInterface, backend: Backend, parent: Optional[QWidget] = None) -> None:
        super().__init__("rsvlm", parent)
        self.setObjectName("RsvlmDock")
        self._iface = iface
        self._canvas = iface.mapCanvas()
        self._backend = backend
        self._running: Optional[Asking] = None
        self._preview = Preview(self._canvas, self)
        self.report = Report(iface, backend, self)
        self.place_row = PlaceRow(iface)
        self.thumbnail = Thumbnail()
        self.style_choice = QComboBox()
        self.find_row = FindRow()
        self.model_choice = ModelChoice(backend)
        self.answers = Answers(iface, self.report, self.find_row.button)
        self.refining = Refining(iface, backend, self.report, self)
        self.status_line = StatusLine()
        self.looking = Looking(backend, self._canvas, self.place_row.place, self.model_choice.current, self)
        self._build()
        self._connect()
        self.answers.restore()

    def _build(self) -> None:
        self.describe_button = QPushButton()
        self.describe_button.setObjectName("rsvlm_describe")
        self.describe_button.setIconSize(QSize(20, 20))
        self.describe_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.style_choice.setMinimumWidth(72)  # gives way to the button's words where letters are large
        self.style_choice.setObjectName("rsvlm_style")
        self.style_choice.setAccessibleName(tr("Style of the answer"))
        tips = {
            "brief": tr("One sentence"),
            "detailed": tr("What is where, tile by tile"),
            "structured": tr("Facts for a table, as JSON"),
        }
        for style in STYLES:
            self.style_choice.addItem(provenance.style(style), style)
            self.style_choice.setItemData(self.style_choice.count() - 1, tips[style], Qt.ItemDataRole.ToolTipRole)
        self.style_choice.setCurrentIndex(STYLES.index(Settings().style))
        leave_to_scrolling(self.style_choice)
        row = QHBoxLayout()
        row.addWidget(self.describe_button, 3)
        row.addWidget(self.style_choice, 2)
        line = QFrame()
        line.setFrameShape(QFrame.Shape.HLine)
        line.setFrameShadow(QFrame.Shadow.Sunken)
        content = QWidget()
        box = QVBoxLayout(content)
        box.addWidget(self.place_row)
        box.addWidget(self.thumbnail)
        box.addLayout(row)
        box.addWidget(self.find_row)
        box.addWidget(self.model_choice)
        box.addWidget(line)
        box.addWidget(self.answers)
        box.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(content)
        self._scroll = scroll
        frame = QWidget()
        outer = QVBoxLayout(frame)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(scroll, 1)
        outer.addWidget(self.status_line, 0, Qt.AlignmentFlag.AlignLeading)
        frame.setMinimumWidth(NARROWEST)
        self.setWidget(frame)
        self._show_idle()

    def _connect(self) -> None:
        self._map_signals = (
            self._canvas.extentsChanged,
            self._canvas.layersChanged,
            self._canvas.mapCanvasRefreshed,
            self._canvas.selectionChanged,
            self._canvas.currentLayerChanged,
        )
        for signal in self._map_signals:
            signal.connect(self._map_changed)
        QgsProject.instance().cleared.connect(self.place_row.forget)
        self.place_row.changed.connect(self.looking.ask_soon)
        self.looking.started.connect(self.thumbnail.wait)
        self.looking.looked.connect(self.thumbnail.show_preview)
        self.looking.failed.connect(self.thumbnail.show_error)
        self.thumbnail.clicked.connect(self._flash_place)
        self.thumbnail.set_up_asked.connect(self._set_up)
        self.describe_button.clicked.connect(self._describe_or_stop)
        self.style_choice.activated.connect(self._remember_style)
        self.find_row.asked.connect(self.find)
        self.find_row.kind_choice.currentIndexChanged.connect(self._show_able)
        self.answers.threshold_asked.connect(self.refining.cut_again)
        self.answers.clicks_asked.connect(self.refining.click)
        self.refining.recut.connect(self.answers.refresh)
        self.model_choice.chosen.connect(self._choose_model)
        self.status_line.clicked.connect(self._show_status)
        self._backend.state_changed.connect(self._show_state)
        self._backend.state_changed.connect(self._look_again)
        self._show_state(self._backend.state)
        self.visibilityChanged.connect(self._visible)

    def describe(self) -> None:
        """Describe the place that the row points at; one at a time."""
        style = self.style_choice.currentData()
        self._ask("describe", lambda chosen, place: Describing(self._backend, chosen, place, style, self))

    def find(self, phrases: List[str]) -> None:
        """Draw masks or boxes of what the phrases name in that place; their layer joins the project."""
        kind, squared = self.find_row.kind, self.find_row.squared.isChecked()
        self._ask(
            TASKS[kind],
            lambda chosen, place: Finding(self._backend, chosen, place, kind, phrases, squared, self),
            ", ".join(phrases),
        )

    def _ask(self, task: str, make: Callable[[Chosen, Place], Asking], title: str = "") -> None:
        chosen = self.model_choice.current()
        try:
            self._refuse_another()
            chosen.check(task)
            place = self.place_row.place()
        except RsvlmError as error:
            self.report.error(error)
            return
        self.report.clear()
        run = make(chosen, place)
        card = self.answers.begin(" · ".join(filter(None, (title, place.name))))
        card.stop_asked.connect(self.stop)
        run.words.connect(card.say)
        run.progress.connect(card.report)
        run.evidence.connect(lambda item, crs: self._preview_evidence(card, item, crs))
        run.sketch.connect(lambda geometry, crs: self._on_map(card, self._preview.sketch, geometry, crs))
        run.ended.connect(lambda record, error: self._ended(run, card, record, error))
        self._running = run
        self._show_running()
        run.start(self.looking.seen, self._canvas.mapSettings())

    def describe_layer(self, layer: QgsMapLayer) -> None:
        """Look at this layer and describe it."""
        try:
            self._refuse_another()
            self.place_row.choose_layer(layer)
        except RsvlmError as error:
            self.report.error(error)
            return
        self.describe()

    def stop(self) -> None:
        """Stop the running answer, if there is one; what it has said is kept."""
        if self._running is not None:
            self._running.stop()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 (Qt's name)
        if event.key() == Qt.Key.Key_Escape and self._running is not None:
            self.stop()
        else:
            super().keyPressEvent(event)

    def dispose(self) -> None:
        """Let go of everything outside the dock: map, project, message bar, running work."""
        self.visibilityChanged.disconnect(self._visible)
        self._backend.watch(False)
        self.looking.pause()
        if self._running is not None:
            self._running.cut()
        for signal in self._map_signals:
            signal.disconnect(self._map_changed)
        self._backend.state_changed.disconnect(self._show_state)
        self._backend.state_changed.disconnect(self._look_again)
        self._preview.clear()
        self.refining.dispose()
        self.model_choice.dispose()
        QgsProject.instance().cleared.disconnect(self.place_row.forget)
        self.place_row.dispose()
        self.answers.dispose()
        self.report.dispose()

    def _ended(self, run: Asking, card: Card, record: Optional[Record], error: Optional[RsvlmError]) -> None:
        self._running = None
        self._show_idle()
        run.deleteLater()
        if card in self.answers.cards:  # another project may have been opened meanwhile
            if record is not None:
                self.answers.keep(card, record)
            else:
                self.answers.drop(card)
            if record is not None and record.file:
                self.answers.show_found(record)
        elif record is not None and record.file:
            told = tr("The project was closed meanwhile. What was found in it is in {path}.")
            self.report.news(told.format(path=record.file))
        self._preview.clear()
        if error is not None and error.code != "cancelled":
            self.report.error(error)

    def _preview_evidence(self, card: Card, item: Evidence, crs: str) -> None:
        if not self._preview.sketched:
            self._on_map(card, self._preview.add, item.geometry, crs)

    def _on_map(self, card: Card, show: Callable[..., None], geometry: Dict[str, Any], crs: str) -> None:
        if card not in self.answers.cards:  # another project may have been opened meanwhile
            return
        try:
            show(from_geojson(geometry), crs_from_text(crs))
        except RsvlmError:
            self._preview.clear()  # beyond what the map's CRS can show; the layer will hold it

    def _refuse_another(self) -> None:
        """Raises RsvlmError (busy) while there is a running answer."""
        if self._running is not None:
            raise RsvlmError("busy", tr("Another answer is on its way."), tr("Wait until it is there, or stop it."))

    def _describe_or_stop(self) -> None:
        if self._running is None:
            self.describe()
        else:
            self.stop()

    def _show_idle(self) -> None:
        self.describe_button.setText(tr("Describe Extent"))
        self.describe_button.setIcon(icons.own("describe"))
        refused = self._refused("describe")
        self.describe_button.setEnabled(refused is None)
        tip = tr("Say in words what is there") if refused is None else f"{refused.message} {refused.hint}"
        self.describe_button.setToolTip(tip)
        self._show_able()

    def _show_able(self, _index: int = 0) -> None:
        self.find_row.show_able(self._refused(TASKS[self.find_row.kind]))

    def _refused(self, task: str) -> Optional[RsvlmError]:
        """Why the chosen model cannot do this, None where it can."""
        try:
            self.model_choice.current().check(task)
        except RsvlmError as error:
            return error
        return None

    def _show_running(self) -> None:
        self.describe_button.setEnabled(True)
        self.describe_button.setText(tr("Stop"))
        self.describe_button.setToolTip(tr("Stop (Esc); what has been said is kept"))
        self.describe_button.setIcon(icons.own("stop"))

    def _flash_place(self) -> None:
        try:
            place = self.place_row.place()
        except RsvlmError as error:
            self.report.error(error)
            return
        flash(self._canvas, place.outline(), place.crs)

    def _remember_style(self, _index: int) -> None:
        Settings().style = self.style_choice.currentData()

    def _choose_model(self) -> None:
        if self._running is None:
            self._show_idle()
        self._show_state(self._backend.state)
        self.looking.look_anew()

    def _show_state(self, state: BackendState) -> None:
        server = self.model_choice.current().server
        if server is None:
            self.status_line.show_state(state)
        else:
            self.status_line.show_server(server.name, server.model)

    def _show_status(self) -> None:
        self.report.show_details(tr("Backend"), self.report.diagnostics())

    def _set_up(self) -> None:
        self._iface.showOptionsDialog(self._iface.mainWindow(), PAGE)
        self.looking.ask_soon()

    def _look_again(self, state: BackendState) -> None:
        """A backend that was missing has been set up."""
        if state.kind == "ready" and not self.thumbnail.set_up_button.isHidden():
            self.looking.ask_soon()

    def _map_changed(self, *_what: object) -> None:
        self.looking.ask_soon()

    def _visible(self, visible: bool) -> None:
        self._backend.watch(visible)
        if visible:
            self.looking.resume()
        else:
            self.looking.pause()

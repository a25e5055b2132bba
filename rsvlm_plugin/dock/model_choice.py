"""Choose who answers: a model of the backend, or a server. Takes no room while there is nothing to choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Dict, List, Optional, Tuple

from qgis.PyQt.QtCore import Qt, pyqtSignal
from qgis.PyQt.QtGui import QIcon
from qgis.PyQt.QtWidgets import QComboBox, QWidget

from ...protocol import RsvlmError
from ..client import Backend, BackendState
from ..client.messages import BUNDLED_MODEL
from ..client.server import Server, shared_servers
from ..settings.model_store import shared_store
from ..settings.store import SERVER, Settings
from ..translation import tr
from . import icons
from .wheel import leave_to_scrolling

RUNNING = ("ready", "busy")
# What the backend does, roughly, with any model that tells classes apart by their names.
FOUND_BY_CLASSES = ("segment", "ground")
NOT_CHOSEN = {"refine"}  # a model of nothing else is found by who needs it: a click that adds a feature


@dataclass(frozen=True)
class Chosen:
    """Who answers. model: id of a card of the backend; server: asked instead of the backend. tasks: what it can do.

    licence: of the model, empty = not told.
    """

    model: str = BUNDLED_MODEL
    title: str = BUNDLED_MODEL
    tasks: Tuple[str, ...] = ("describe", "classify")
    server: Optional[Server] = None
    licence: str = ""

    @property
    def key(self) -> str:
        """What the profile remembers."""
        return self.model if self.server is None else SERVER + self.server.name

    def check(self, task: str) -> None:
        """Raise RsvlmError where it cannot or may not do `task`: the reason, and what to do about it."""
        by_classes = task in FOUND_BY_CLASSES and "classify" in self.tasks and self.server is None
        if task not in self.tasks and not by_classes:
            raise RsvlmError(
                "bad_request",
                tr("“{model}” cannot do this: it was made for other tasks.").format(model=self.title),
                tr("Choose another model."),
            )
        if self.server is not None:
            self.server.check()


class ModelChoice(QComboBox):
    """Models of the backend first, those that are not installed greyed; servers below. Remembered in the profile."""

    chosen = pyqtSignal()

    def __init__(self, backend: Backend, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self.setObjectName("rsvlm_model")
        self.setAccessibleName(tr("Model that answers"))
        self.setToolTip(tr("Model that answers"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        leave_to_scrolling(self)
        self._backend = backend
        self._cards: Optional[List[Dict[str, Any]]] = None  # None = the backend has not told yet
        self._told = False
        self._servers = shared_servers()
        self._servers.changed.connect(self.refill)
        self._store = shared_store()
        self._store.changed.connect(self._ask_again)
        backend.state_changed.connect(self._on_state)
        self.activated.connect(self._remember)
        self.refill()
        self._on_state(backend.state)

    def current(self) -> Chosen:
        """Who answers now."""
        return self.currentData() or Chosen()

    def refill(self) -> None:
        """Show what there is now, and keep the choice where it still exists."""
        before = self.currentData()
        self.blockSignals(True)
        self.clear()
        for card in self._shown_cards():
            self._add_card(card)
        servers = self._servers.load()
        if servers:
            self.insertSeparator(self.count())
        for server in servers:
            self._add_server(server)
        self.setCurrentIndex(max(0, self._index_of(Settings().model)))
        self.blockSignals(False)
        useful = bool(servers) or sum(self._is_usable(index) for index in range(self.count())) > 1
        if self.parent() is not None or not useful:  # without a parent, it would become a window
            self.setVisible(useful)
        if self.currentData() != before:
            self.chosen.emit()

    def dispose(self) -> None:
        """Let go of the backend and of the list of servers."""
        self._servers.changed.disconnect(self.refill)
        self._store.changed.disconnect(self._ask_again)
        self._backend.state_changed.disconnect(self._on_state)

    def _shown_cards(self) -> List[Dict[str, Any]]:
        """Until the backend has told its models: the bundled one, and the one that was chosen last."""
        if self._cards is not None:
            return self._cards
        remembered = Settings().model
        ids = [BUNDLED_MODEL]
        if remembered and remembered != BUNDLED_MODEL and not remembered.startswith(SERVER):
            ids.append(remembered)
        return [{"id": name} for name in ids]

    def _add_card(self, card: Dict[str, Any]) -> None:
        title = str(card.get("title") or card["id"])
        tasks = tuple(card.get("tasks") or Chosen.tasks)
        hint = "" if card.get("installed", True) else tr("Not installed: download it in Settings ▸ Options ▸ rsvlm.")
        choice = Chosen(str(card["id"]), title, tasks, licence=str(card.get("licence") or ""))
        self._add(choice, title, QIcon(), hint)

    def _add_server(self, server: Server) -> None:
        title = " · ".join(part for part in (server.name, server.model) if part)
        icon = icons.theme("propertyicons/network_and_proxy")
        try:
            server.check()
            hint = ""
        except RsvlmError as error:
            hint = f"{error.message} {error.hint}"
        self._add(Chosen(server.model, title, server.tasks, server), title, icon, hint)

    def _add(self, choice: Chosen, title: str, icon: QIcon, hint: str) -> None:
        """hint: why it cannot be chosen, empty = it can."""
        self.addItem(icon, title, choice)
        index = self.count() - 1
        self.setItemData(index, hint or title, Qt.ItemDataRole.ToolTipRole)
        self.model().item(index).setEnabled(not hint)

    def _index_of(self, key: str) -> int:
        """Where the choice of that key stands, -1 where it cannot be chosen."""
        return next(
            (n for n in range(self.count()) if self._is_usable(n) and self.itemData(n).key == key),
            -1,
        )

    def _is_usable(self, index: int) -> bool:
        return isinstance(self.itemData(index), Chosen) and self.model().item(index).isEnabled()

    def _remember(self, _index: int) -> None:
        Settings().model = self.current().key
        self.chosen.emit()

    def _on_state(self, state: BackendState) -> None:
        running = state.kind in RUNNING
        if running and not self._told:
            reply = self._backend.models()
            reply.finished.connect(self._show_models)
        self._told = running

    def _ask_again(self) -> None:
        """Another model is installed, or one is no more."""
        self._told = False
        self._on_state(self._backend.state)

    def _show_models(self, told: Dict[str, Any]) -> None:
        cards = [card for card in told.get("data") or () if "id" in card]
        self._cards = [card for card in cards if not card.get("tasks") or set(card["tasks"]) - NOT_CHOSEN]
        self.refill()

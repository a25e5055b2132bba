"""The options' tab for servers: any OpenAI-compatible one, by URL and key."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Dict, List, Optional

from qgis.PyQt.QtCore import QBuffer, QByteArray, QIODevice, Qt
from qgis.PyQt.QtGui import QColor, QImage
from qgis.PyQt.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ...protocol import RsvlmError
from ..client import ServerReply, server_describe
from ..client.server import Server, normalised, shared_servers
from ..client.server_key import forget_key, store_key
from ..client.server_reply import Said
from ..dock import figures
from ..translation import tr
from .store import SERVER, Settings

# Where the usual ones listen unless told otherwise.
KNOWN = (
    ("Ollama", "http://127.0.0.1:11434/v1"),
    ("vLLM", "http://127.0.0.1:8000/v1"),
    ("llama.cpp", "http://127.0.0.1:8080/v1"),
    ("SGLang", "http://127.0.0.1:30000/v1"),
    ("LM Studio", "http://127.0.0.1:1234/v1"),
)


class ServersBox(QWidget):
    """Values are written by `apply`; Test and Get Models act at once, on the values that are shown."""

    def __init__(self, parent: Optional[QWidget] = None) -> None:
        super().__init__(parent)
        self._servers: List[Server] = shared_servers().load()
        self._kept_names = [server.name for server in self._servers]  # by the place in the list; empty = a new one
        self._keys: Dict[int, str] = {}  # typed, not kept yet; by the place in the list
        self._forgotten: List[str] = []  # authcfgs of keys that are to go
        self._reply: Optional[ServerReply] = None
        self._build()
        self._connect()
        for server in self._servers:
            self.list.addItem(QListWidgetItem(server.name))
        self.list.setCurrentRow(0)
        self._show_server()

    def apply(self) -> bool:
        """Keep the servers, and their keys in QGIS's authentication manager, which may ask for its password."""
        self._change_url()
        for row, key in self._keys.items():
            server = self._servers[row]
            try:
                self._servers[row] = replace(server, authcfg=store_key(key, server.name, server.authcfg))
            except RsvlmError as error:
                QMessageBox.warning(self, tr("Servers"), f"{error.message} {error.hint}")
        self._keys.clear()
        for authcfg in self._forgotten:
            forget_key(authcfg)
        self._forgotten.clear()
        self._keep_choice()
        shared_servers().save(self._servers)
        return False

    def _keep_choice(self) -> None:
        """Who answers is remembered by name: a server that is called otherwise now still does."""
        names = [server.name for server in self._servers]
        renamed = {SERVER + before: SERVER + name for before, name in zip(self._kept_names, names) if before}
        chosen = Settings().model
        if chosen in renamed:
            Settings().model = renamed[chosen]
        self._kept_names = names

    def _build(self) -> None:
        intro = _wrapped(
            tr(
                "Places can be described by a model on a server instead of by the backend: it gets a picture, and answers."
            )
        )
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Servers"))
        self.list.setMaximumHeight(110)
        self.add_button = QPushButton(tr("Add"))
        menu = QMenu(self.add_button)
        for name, url in KNOWN:
            menu.addAction(name, partial(self._add, name, url))
        menu.addAction(tr("Other"), partial(self._add, tr("Server"), ""))
        self.add_button.setMenu(menu)
        self.remove_button = QPushButton(tr("Remove"))
        beside = QVBoxLayout()
        beside.addWidget(self.add_button)
        beside.addWidget(self.remove_button)
        beside.addStretch(1)
        top = QHBoxLayout()
        top.addWidget(self.list, 1)
        top.addLayout(beside)
        self.name = QLineEdit()
        self.url = QLineEdit()
        self.url.setPlaceholderText(KNOWN[0][1])
        self.key = QLineEdit()
        self.key.setEchoMode(QLineEdit.EchoMode.Password)
        self.key.setToolTip(tr("Kept in QGIS's authentication manager, never in a project or in the settings"))
        self.forget_button = QPushButton(tr("Forget"))
        self.forget_button.setToolTip(tr("Take the key out of QGIS's authentication manager"))
        self.model = QComboBox()
        self.model.setEditable(True)
        self.model.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.model.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.models_button = QPushButton(tr("Get Models"))
        self.models_button.setToolTip(tr("Ask the server which models it has"))
        self.allow = QCheckBox()
        self.unencrypted = _wrapped(tr("The connection is not encrypted: others on the way can read pictures and key."))
        self.test_button = QPushButton(tr("Test"))
        self.test_button.setToolTip(tr("Send a plain green picture and ask for its colour"))
        self.stop_button = QPushButton(tr("Stop"))
        self.note = _wrapped("")
        self.note.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        form = QFormLayout()
        for label, widget, button in (
            (tr("Name"), self.name, None),
            (tr("URL"), self.url, None),
            (tr("Key"), self.key, self.forget_button),
            (tr("Model"), self.model, self.models_button),
        ):
            row = QHBoxLayout()
            row.addWidget(widget, 1)
            if button is not None:
                row.addWidget(button)
            caption = QLabel(label)
            caption.setBuddy(widget)
            widget.setAccessibleName(label)
            form.addRow(caption, row)
        buttons = QHBoxLayout()
        buttons.addWidget(self.test_button)
        buttons.addWidget(self.stop_button)
        buttons.addStretch(1)
        self.form = QWidget()
        below = QVBoxLayout(self.form)
        below.setContentsMargins(0, 0, 0, 0)
        below.addLayout(form)
        below.addWidget(self.allow)
        below.addWidget(self.unencrypted)
        below.addLayout(buttons)
        below.addWidget(self.note)
        layout = QVBoxLayout(self)
        layout.addWidget(intro)
        layout.addLayout(top)
        layout.addWidget(self.form)
        layout.addStretch(1)

    def _connect(self) -> None:
        self.list.currentRowChanged.connect(self._show_server)
        self.remove_button.clicked.connect(self._remove)
        self.name.textEdited.connect(self._rename)
        self.url.editingFinished.connect(self._change_url)
        self.key.textEdited.connect(self._change_key)
        self.forget_button.clicked.connect(self._forget_key)
        self.model.editTextChanged.connect(self._change_model)
        self.allow.clicked.connect(self._change_allowance)
        self.models_button.clicked.connect(self._get_models)
        self.test_button.clicked.connect(self._test)
        self.stop_button.clicked.connect(self._stop)

    def _server(self) -> Optional[Server]:
        row = self.list.currentRow()
        return self._servers[row] if 0 <= row < len(self._servers) else None

    def _change(self, **fields: str) -> None:
        row = self.list.currentRow()
        self._servers[row] = replace(self._servers[row], **fields)

    def _add(self, name: str, url: str) -> None:
        self._change_url()
        self._servers.append(Server(self._unique(name, -1), url))
        self._kept_names.append("")
        self.list.addItem(QListWidgetItem(self._servers[-1].name))
        self.list.setCurrentRow(len(self._servers) - 1)
        (self.model if url else self.url).setFocus()

    def _remove(self) -> None:
        row = self.list.currentRow()
        gone = self._servers.pop(row)
        del self._kept_names[row]
        if gone.authcfg:
            self._forgotten.append(gone.authcfg)
        self._keys = {(n if n < row else n - 1): key for n, key in self._keys.items() if n != row}
        self.list.takeItem(row)
        self._show_server()

    def _unique(self, name: str, row: int) -> str:
        """A name that no other server has; `row`: the one that may have it."""
        taken = {server.name for number, server in enumerate(self._servers) if number != row}
        wanted, number = name.strip() or tr("Server"), 1
        unique = wanted
        while unique in taken:
            number += 1
            unique = f"{wanted} {number}"
        return unique

    def _show_server(self, _row: int = -1) -> None:
        self._stop()
        server = self._server()
        self.form.setVisible(server is not None)
        self.remove_button.setEnabled(server is not None)
        self.note.clear()
        if server is None:
            return
        self.name.setText(server.name)
        self.url.setText(server.url)
        self.key.setText(self._keys.get(self.list.currentRow(), ""))
        self.model.blockSignals(True)
        self.model.clear()
        self.model.setEditText(server.model)
        self.model.blockSignals(False)
        self._show_key()
        self._show_allowance()

    def _show_key(self) -> None:
        kept = bool(self._server().authcfg)
        self.key.setPlaceholderText(
            tr("Kept; type another one to replace it") if kept else tr("None, or paste it here")
        )
        self.forget_button.setVisible(kept)

    def _show_allowance(self) -> None:
        server = self._server()
        far = bool(server.host) and not server.is_on_this_computer
        self.allow.setVisible(far)
        self.unencrypted.setVisible(far and server.url.startswith("http:"))
        self.allow.setText(tr("Pictures of places may be sent to {host}").format(host=server.host))
        self.allow.setChecked(server.allowed_host == server.host)

    def _rename(self, name: str) -> None:
        row = self.list.currentRow()
        self._change(name=self._unique(name, row))
        self.list.item(row).setText(self._servers[row].name)

    def _change_url(self) -> None:
        """Take what is typed. On macOS, a button that is clicked leaves the focus, and so the editing, where it is."""
        if self._server() is None:
            return
        self._change(url=normalised(self.url.text()))
        self.url.setText(self._server().url)
        self._show_allowance()

    def _change_key(self, key: str) -> None:
        self._keys[self.list.currentRow()] = key.strip()
        if not key.strip():
            del self._keys[self.list.currentRow()]

    def _forget_key(self) -> None:
        self._forgotten.append(self._server().authcfg)
        self._change(authcfg="")
        self._show_key()

    def _change_model(self, model: str) -> None:
        self._change(model=model.strip())

    def _change_allowance(self, allowed: bool) -> None:
        self._change(allowed_host=self._server().host if allowed else "")

    def _get_models(self) -> None:
        self._change_url()
        self._ask(server_describe.models(self._server(), self._keys.get(self.list.currentRow())), self._show_models)

    def _show_models(self, names: List[str]) -> None:
        chosen = self._server().model or (names[0] if names else "")
        self.model.clear()
        self.model.addItems(names)
        self.model.setEditText(chosen)
        self.note.setText(tr("Models of the server: {n}").format(n=len(names)))

    def _test(self) -> None:
        self._change_url()
        server = self._server()
        if not server.model:
            self._get_models()
            self._reply.finished.connect(self._test_again)
            return
        key = self._keys.get(self.list.currentRow())
        self._ask(server_describe.try_out(server, green_picture(), key), self._show_test)

    def _test_again(self, names: List[str]) -> None:
        if names:
            self._test()

    def _show_test(self, said: Said) -> None:
        words = tr("“{model}” answered after {time}: {words}").format(
            model=self._server().model, time=figures.seconds(said.seconds), words=said.text.strip()[:200]
        )
        if "green" not in said.text.lower():
            words += " " + tr("It was shown a green picture: this model does not seem to see.")
        self.note.setText(words)

    def _ask(self, reply: ServerReply, show: object) -> None:
        self._stop()
        self._reply = reply
        self._set_busy(True)
        self.note.setText(tr("Asking {server}").format(server=self._server().name))
        reply.finished.connect(self._on_over)
        reply.finished.connect(show)
        reply.failed.connect(self._show_error)

    def _on_over(self, _outcome: object) -> None:
        self._set_busy(False)

    def _show_error(self, error: RsvlmError) -> None:
        self._set_busy(False)
        self.note.setText(tr("Stopped.") if error.code == "cancelled" else f"{error.message} {error.hint}")

    def _stop(self) -> None:
        if self._reply is not None:
            self._reply.cancel()
        self._set_busy(False)

    def _set_busy(self, busy: bool) -> None:
        self.stop_button.setVisible(busy)
        for button in (self.test_button, self.models_button):
            button.setEnabled(not busy)


def green_picture() -> bytes:
    """A JPEG that any model that sees can name the colour of."""
    image = QImage(224, 224, QImage.Format.Format_RGB32)
    image.fill(QColor(0, 160, 0))
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "JPEG", 90)
    return bytes(content)


def _wrapped(text: str) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label

"""Model servers of other people: where they are, which model they run, and whether pictures may be sent there.

Kept in the user's profile. Their keys are not: see server_key. Knows nothing of HTTP.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import List, Optional, Sequence, Tuple
from urllib.parse import urlsplit

from qgis.core import QgsSettings
from qgis.PyQt.QtCore import QObject, pyqtSignal
from qgis.PyQt.QtNetwork import QHostAddress

from ...protocol import RsvlmError
from ..translation import tr

SETTING = "rsvlm/servers"
TEXT_TASKS = ("describe",)  # what words and one picture are enough for


@dataclass(frozen=True)
class Server:
    """An OpenAI-compatible server.

    name: what the user calls it, unique. url: what /models and /chat/completions are appended to. model: as its
    /models names it. authcfg: where its key is in QGIS's authentication manager, "" = it wants none. allowed_host: the
    host to which the user allowed pictures to be sent; another host needs the user's word again.
    """

    name: str
    url: str
    model: str = ""
    authcfg: str = ""
    allowed_host: str = ""

    @property
    def tasks(self) -> Tuple[str, ...]:
        return TEXT_TASKS

    @property
    def host(self) -> str:
        try:
            return urlsplit(self.url).hostname or ""
        except ValueError:  # half an address in brackets
            return ""

    @property
    def is_on_this_computer(self) -> bool:
        return self.host == "localhost" or QHostAddress(self.host).isLoopback()

    def check(self) -> None:
        """Raise RsvlmError (bad_request, forbidden) where it cannot or may not be asked about a picture yet."""
        if not self.host:
            raise RsvlmError(
                "bad_request",
                tr("“{server}” has no URL.").format(server=self.name),
                tr("Correct the URL in Settings ▸ Options ▸ rsvlm ▸ Servers."),
            )
        if not self.model:
            raise RsvlmError(
                "bad_request",
                tr("No model is chosen for the server “{server}”.").format(server=self.name),
                tr("Choose one in Settings ▸ Options ▸ rsvlm ▸ Servers."),
            )
        if not self.is_on_this_computer and self.allowed_host != self.host:
            raise RsvlmError(
                "forbidden",
                tr("You have not allowed yet that pictures are sent to “{server}” ({host}).").format(
                    server=self.name, host=self.host
                ),
                tr("Allow it in Settings ▸ Options ▸ rsvlm ▸ Servers."),
            )


class Servers(QObject):
    """The list of servers in the profile; there is one for the whole of QGIS (`shared_servers`)."""

    changed = pyqtSignal()

    def load(self) -> List[Server]:
        """In the user's order. What cannot be read is left out."""
        try:
            rows = json.loads(QgsSettings().value(SETTING, "[]") or "[]")
            fields = Server.__dataclass_fields__
            return [Server(**{name: row[name] for name in fields if name in row}) for row in rows]
        except (ValueError, TypeError):
            return []

    def save(self, servers: Sequence[Server]) -> None:
        if list(servers) != self.load():
            QgsSettings().setValue(SETTING, json.dumps([asdict(server) for server in servers]))
            self.changed.emit()

    def find(self, name: str) -> Server:
        """The server of that name. Raises RsvlmError not_found."""
        servers = self.load()
        for server in servers:
            if server.name == name:
                return server
        known = ", ".join(server.name for server in servers)
        raise RsvlmError(
            "not_found",
            tr("There is no server called “{server}”.").format(server=name),
            tr("There are: {names}.").format(names=known)
            if known
            else tr("Add it in Settings ▸ Options ▸ rsvlm ▸ Servers."),
        )


_shared: Optional[Servers] = None


def shared_servers() -> Servers:
    global _shared
    if _shared is None:
        _shared = Servers()
    return _shared


def normalised(url: str) -> str:
    """The base URL that is meant by what people paste: with a scheme, without an end point, ending with /v1 if bare."""
    url = url.strip().rstrip("/")
    if url and "://" not in url:
        url = f"http://{url}"
    for ending in ("/chat/completions", "/models"):
        if url.endswith(ending):
            url = url[: -len(ending)]
    return f"{url}/v1" if url and "/" not in url.partition("://")[2] else url

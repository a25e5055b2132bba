"""Where a running backend listens: the first line of `rsvlm serve`, read and judged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ...protocol import PROTOCOL, RsvlmError
from ..translation import tr


@dataclass(frozen=True)
class Endpoint:
    """A backend that listens on this machine. token: what every request must carry. version: the backend's.

    shared: another program (a window of QGIS, `qgis_process`, a terminal) started it and owns it.
    """

    host: str
    port: int
    pid: int
    token: str
    version: str
    shared: bool = False

    def url(self, path: str) -> str:
        return f"http://{self.host}:{self.port}{path}"


def read_endpoint(line: bytes) -> Endpoint:
    """The endpoint that the first line of `rsvlm serve` names.

    Raises RsvlmError: version_mismatch if it speaks another protocol than this plugin, unavailable if it says nothing
    of the kind.
    """
    try:
        said = json.loads(line.decode("utf-8"))
        protocol = int(said["protocol"])
        host, port, pid, version = str(said["host"]), int(said["port"]), int(said["pid"]), str(said["version"])
        token_file, shared = Path(said["token_file"]), bool(said.get("shared", False))
    except (ValueError, KeyError, TypeError):
        raise RsvlmError(
            "unavailable",
            tr("The rsvlm backend did not say where it listens."),
            tr("Check the backend's Python in Settings ▸ Options ▸ rsvlm."),
        ) from None
    if protocol != PROTOCOL:
        raise version_mismatch(version)
    try:
        token = token_file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        if shared:  # it has just gone, with the window that owned it: whoever asks it will notice
            return Endpoint(host, port, pid, "", version, shared)
        raise RsvlmError(
            "unavailable",
            tr("The key file of the rsvlm backend, {path}, cannot be read.").format(path=token_file),
            tr("Make sure that you own this file and that the disk is not full."),
        ) from None
    return Endpoint(host, port, pid, token, version, shared)


def version_mismatch(version: str) -> RsvlmError:
    """For a backend of `version` that speaks another protocol than this plugin."""
    return RsvlmError(
        "version_mismatch",
        tr("The rsvlm backend is version {version} and does not fit this version of the plugin.").format(
            version=version
        ),
        tr("Press Update Backend in Settings ▸ Options ▸ rsvlm."),
    )

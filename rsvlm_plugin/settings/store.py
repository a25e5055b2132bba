"""The plugin's settings, typed. Kept in the user's profile under `rsvlm/`; knows nothing of widgets."""

from __future__ import annotations

from qgis.core import QgsSettings

from ...protocol import STYLES

GROUP = "rsvlm"
DEVICES = ("auto", "cpu")


class Settings:
    """Every value is read from and written to the profile at once, so that two windows agree."""

    @property
    def python(self) -> str:
        """The Python that has the backend, as the user set it; empty = found by itself."""
        return self._read("backend/python", "")

    @python.setter
    def python(self, path: str) -> None:
        self._write("backend/python", path.strip())

    @property
    def device(self) -> str:
        """Where the models run: one of DEVICES; "auto" is the graphics card if there is one."""
        device = self._read("backend/device", DEVICES[0])
        return device if device in DEVICES else DEVICES[0]

    @device.setter
    def device(self, device: str) -> None:
        self._write("backend/device", device)

    @property
    def style(self) -> str:
        """How places are described unless asked otherwise: one of protocol.STYLES."""
        style = self._read("describe/style", STYLES[0])
        return style if style in STYLES else STYLES[0]

    @style.setter
    def style(self, style: str) -> None:
        self._write("describe/style", style)

    @property
    def wheelhouse(self) -> str:
        """A folder of wheels to install the backend from without a network; empty = from the package index."""
        return self._read("backend/wheelhouse", "")

    @wheelhouse.setter
    def wheelhouse(self, folder: str) -> None:
        self._write("backend/wheelhouse", folder.strip())

    def _read(self, key: str, default: str) -> str:
        return str(QgsSettings().value(f"{GROUP}/{key}", default) or default)

    def _write(self, key: str, value: str) -> None:
        QgsSettings().setValue(f"{GROUP}/{key}", value)

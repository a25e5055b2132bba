"""The plugin's settings, typed. Kept in the user's profile under `rsvlm/`; knows nothing of widgets."""

from __future__ import annotations

import re
from typing import Dict

from qgis.core import QgsSettings

from ...protocol import STYLES

GROUP = "rsvlm"
DEVICES = ("auto", "cpu")
SERVER = "server:"
FOREVER = -1
KEEP_ALIVE_S = 600  # the backend's own defaults
CACHE_BYTES = 256 * 2**20


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
    def model(self) -> str:
        """Who describes: the id of a model of the backend, or SERVER and the name of a server; empty = the bundled one."""
        return self._read("describe/model", "")

    @model.setter
    def model(self, choice: str) -> None:
        self._write("describe/model", choice)

    @property
    def wheelhouse(self) -> str:
        """A folder of wheels to install the backend from without a network; empty = from the package index."""
        return self._read("backend/wheelhouse", "")

    @wheelhouse.setter
    def wheelhouse(self, folder: str) -> None:
        self._write("backend/wheelhouse", folder.strip())

    @property
    def environment(self) -> str:
        """The folder that the backend was set up in from QGIS; empty = `env` in rsvlm's own folder."""
        return self._read("backend/environment", "")

    @environment.setter
    def environment(self, folder: str) -> None:
        self._write("backend/environment", folder)

    @property
    def torch(self) -> str:
        """The build of torch to set up: "auto" (by the graphics card), "cpu" or "cuda"."""
        return self._read("backend/torch", "auto")

    @torch.setter
    def torch(self, wish: str) -> None:
        self._write("backend/torch", wish)

    @property
    def keep_alive_s(self) -> int:
        """Seconds that a model stays loaded after its last use; FOREVER = until the backend ends."""
        return max(FOREVER, self._read_number("backend/keep_alive_s", KEEP_ALIVE_S))

    @keep_alive_s.setter
    def keep_alive_s(self, seconds: int) -> None:
        self._write("backend/keep_alive_s", str(seconds))

    @property
    def memory_bytes(self) -> int:
        """What models may take together; 0 = the backend decides by what is free."""
        return max(0, self._read_number("backend/memory_bytes", 0))

    @memory_bytes.setter
    def memory_bytes(self, count: int) -> None:
        self._write("backend/memory_bytes", str(count))

    @property
    def cache_bytes(self) -> int:
        """What the backend may take to remember pictures it has looked at; 0 = nothing is remembered."""
        return max(0, self._read_number("backend/cache_bytes", CACHE_BYTES))

    @cache_bytes.setter
    def cache_bytes(self, count: int) -> None:
        self._write("backend/cache_bytes", str(count))

    @property
    def allowed_hosts(self) -> str:
        """The hosts that the backend may read remote rasters from: names, with commas between them."""
        return self._read("backend/allowed_hosts", "")

    @allowed_hosts.setter
    def allowed_hosts(self, names: str) -> None:
        self._write("backend/allowed_hosts", _host_names(names))

    @property
    def models_folder(self) -> str:
        """Where downloaded models are kept; empty = in rsvlm's own folder."""
        return self._read("models/folder", "")

    @models_folder.setter
    def models_folder(self, folder: str) -> None:
        self._write("models/folder", folder.strip())

    @property
    def mirror(self) -> str:
        """Base URL of a mirror of the model hub; empty = the hub itself."""
        return self._read("models/mirror", "")

    @mirror.setter
    def mirror(self, url: str) -> None:
        self._write("models/mirror", url.strip().rstrip("/"))

    @property
    def corrections(self) -> str:
        """The folder that corrected answers are kept in as training records; empty = beside the project, or rsvlm's own."""
        return self._read("corrections/folder", "")

    @corrections.setter
    def corrections(self, folder: str) -> None:
        self._write("corrections/folder", folder.strip())

    def variables(self) -> Dict[str, str]:
        """The backend's environment variables for everything that the user set.

        What was left alone is not among them, so that a variable of the environment QGIS was started from still counts.
        """
        wishes = {
            "RSVLM_DEVICE": self.device if self.device != DEVICES[0] else "",
            "RSVLM_KEEP_ALIVE": str(self.keep_alive_s) if self.keep_alive_s != KEEP_ALIVE_S else "",
            "RSVLM_MEMORY": str(self.memory_bytes or ""),
            "RSVLM_CACHE": str(self.cache_bytes) if self.cache_bytes != CACHE_BYTES else "",
            "RSVLM_ALLOWED_HOSTS": self.allowed_hosts,
            "RSVLM_MODELS": self.models_folder,
            "RSVLM_MIRROR": self.mirror,
        }
        return {name: value for name, value in wishes.items() if value}

    def _read_number(self, key: str, default: int) -> int:
        try:
            return int(self._read(key, str(default)))
        except ValueError:  # written by hand
            return default

    def _read(self, key: str, default: str) -> str:
        return str(QgsSettings().value(f"{GROUP}/{key}", default) or default)

    def _write(self, key: str, value: str) -> None:
        QgsSettings().setValue(f"{GROUP}/{key}", value)


def _host_names(text: str) -> str:
    """Whatever the user put between names becomes a comma; of an address its host is kept."""
    words = (re.sub(r"^\w+://", "", word).partition("/")[0].lower() for word in re.split(r"[,;\s]+", text))
    return ",".join(word for word in words if word)

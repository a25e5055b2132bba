"""A description: what is asked, and what its words make where they break off."""

from __future__ import annotations

from typing import Any, Dict, Optional, Union

from qgis.PyQt.QtCore import QObject

from ...protocol import Answer, DescribeRequest
from ..client import Backend, Reply, ServerReply, server_describe
from ..layers.fetching import Seen
from ..layers.picture import Picture, picture_of
from ..layers.place import Place
from ..translation import tr
from .asking import Asking
from .model_choice import Chosen


class Describing(Asking):
    """Asks the backend, or the chosen server, which is sent a picture."""

    def __init__(
        self, backend: Backend, chosen: Chosen, place: Place, style: str, parent: Optional[QObject] = None
    ) -> None:
        super().__init__(backend, chosen, place, tr("Describe {place}").format(place=place.name), parent)
        self._style = style
        self._picture: Optional[Picture] = None

    def _asked(self, seen: Seen) -> Union[Reply, ServerReply]:
        if self._chosen.server is None:
            return self._backend.describe(DescribeRequest(seen.raster, self._style, self._chosen.model))
        self._picture = picture_of(seen.raster)
        return server_describe.describe(self._chosen.server, self._picture, self._style, seen.raster.name)

    def _so_far(self) -> Optional[Answer]:
        if not self._text.strip():
            return None
        if self._chosen.server is not None:
            source = self._seen.raster.name
            return server_describe.answer(self._chosen.server, self._picture, self._style, source, self._reply.said)
        return self._gathered(self._text.strip())

    def _details(self) -> Dict[str, Any]:
        return {"style": self._style}

"""`rsvlm:groundbytext`: boxes around what phrases name, as a polygon layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional

from qgis.core import QgsProcessingContext, QgsProcessingParameterBoolean

from ...protocol import GroundRequest, Raster
from ..translation import tr
from .find_by_text import FindByText

if TYPE_CHECKING:
    from ..client.messages import FindRequest


class GroundByText(FindByText):
    """Asks the backend for boxes."""

    ORIENTED = "ORIENTED"
    KIND = "boxes"

    def name(self) -> str:
        return "groundbytext"

    def displayName(self) -> str:  # noqa: N802 (QGIS's names, here and below)
        return tr("Ground by text")

    def words(self) -> str:
        return tr("box,detect,locate,find,grounding,referring,image,satellite,vision,language,model,ai")

    def shortDescription(self) -> str:  # noqa: N802
        return tr("Boxes around what phrases name.")

    def intro(self) -> str:
        return tr(
            "Draws a box around each thing that phrases name in a raster of any size. The model runs on this computer, and no"
            " image leaves it. What is not there is said, not invented."
        )

    def initAlgorithm(self, _configuration: Optional[Dict[str, Any]] = None) -> None:  # noqa: N802
        self._add_question()
        self.add(
            QgsProcessingParameterBoolean(self.ORIENTED, tr("Turned boxes"), defaultValue=False),
            tr("Turn the boxes with the things, where the model draws outlines of them."),
        )
        self._add_results(tr("Boxes"))

    def _request(
        self, raster: Raster, phrases: List[str], parameters: Dict[str, Any], context: QgsProcessingContext
    ) -> "FindRequest":
        model = self._model(parameters, context) or None
        return GroundRequest(raster, phrases, model, self.parameterAsBool(parameters, self.ORIENTED, context))
